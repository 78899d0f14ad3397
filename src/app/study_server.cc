// StudyServer: the parts of a server put together.
#include "app/study_server.h"

#include <cstdlib>
#include <filesystem>

namespace pegbox {

Result<server::PageFiles> find_page() {
  const char* named = std::getenv("PEGBOX_PAGE");
  const Path folder = named != nullptr && *named != '\0' ? Path(named) : executable_folder() / "../share/pegbox/page";
  auto page = server::PageFiles::load(folder.lexically_normal());
  if (page || page.error().kind != ErrorKind::NotFound) return page;
  return fail(ErrorKind::NotFound,
              {.where = folder.lexically_normal().string(),
               .what = "the page's files are not there",
               .hint = "`make install` puts them beside the program; PEGBOX_PAGE names another folder"});
}

StudyServer::StudyServer(Store& store, const StorePlace& place, Console& console)
    : studies_(store, place, std::filesystem::current_path(), console) {}

Result<std::unique_ptr<StudyServer>> StudyServer::start(server::HttpOptions options, Store& store,
                                                        const StorePlace& place, Console& console) {
  std::unique_ptr<StudyServer> server(new StudyServer(store, place, console));
  if (auto page = find_page())
    options.page = *std::move(page);
  else
    console.say("Without its page: " + page.error().message);
  server->has_page_ = !options.page.empty();
  PEGBOX_TRY(server->server_, server::Server::start(std::move(options), store, server->studies_));
  return server;
}

}  // namespace pegbox
