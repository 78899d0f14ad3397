// StudyServer: the studies of a store over HTTP, with the page: what `pegbox serve` and `pegbox tune --serve` run.
#pragma once

#include <memory>
#include <string>

#include "app/console.h"
#include "app/server/server.h"
#include "app/store_place.h"
#include "app/stored_studies.h"

namespace pegbox {

/// Where the page's files are: the folder that PEGBOX_PAGE names, else share/pegbox/page beside the folder of the
/// program, in a build as where it is installed. NotFound, with what to do, if they are not there.
Result<server::PageFiles> find_page();

class StudyServer {
 public:
  /// Answers when it returns, in threads of its own. Without the page's files it has the API alone, and says so. The
  /// store and the console must outlive it. Errors are those of HttpServer::start.
  static Result<std::unique_ptr<StudyServer>> start(server::HttpOptions options, Store& store, const StorePlace& place,
                                                    Console& console);

  std::string url() const { return server_->url(); }
  bool has_page() const { return has_page_; }

 private:
  StudyServer(Store& store, const StorePlace& place, Console& console);

  StoredStudies studies_;
  std::unique_ptr<server::Server> server_;
  bool has_page_ = false;
};

}  // namespace pegbox
