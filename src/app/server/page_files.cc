// PageFiles: files below a folder, by the path of a request.
#include "app/server/page_files.h"

#include <array>
#include <filesystem>

#include "base/sha256.h"

namespace pegbox::server {
namespace {

struct TypeOfEnding {
  std::string_view ending, type;
};
constexpr std::array kTypes = {
    TypeOfEnding{".html", "text/html; charset=utf-8"}, TypeOfEnding{".css", "text/css; charset=utf-8"},
    TypeOfEnding{".js", "text/javascript; charset=utf-8"}, TypeOfEnding{".svg", "image/svg+xml"}};

std::string_view type_of(const std::string& name) {
  for (const auto& [ending, type] : kTypes)
    if (name.ends_with(ending)) return type;
  return {};
}

}  // namespace

Result<PageFiles> PageFiles::load(const Path& folder) {
  PageFiles page;
  std::error_code code;
  for (auto entry = std::filesystem::recursive_directory_iterator(folder, code);
       !code && entry != std::filesystem::recursive_directory_iterator(); entry.increment(code)) {
    const std::string name = entry->path().lexically_relative(folder).generic_string();
    const std::string_view type = type_of(name);
    std::error_code ignored;
    if (type.empty() || !entry->is_regular_file(ignored)) continue;
    PEGBOX_TRY(std::string bytes, read_file(entry->path()));
    Sha256 hash;
    hash.add(bytes);
    page.files_["/" + name] = {type, std::move(bytes), '"' + hash.hex().substr(0, 32) + '"'};
  }
  if (page.files_.contains("/index.html")) return page;
  return fail(ErrorKind::NotFound,
              {.where = folder.string(), .what = "the files of the page are not there", .expected = "index.html"});
}

const PageFile* PageFiles::find(std::string_view target) const {
  const std::string_view path = target.substr(0, target.find('?'));
  const auto found = files_.find(path == "/" ? "/index.html" : path);
  return found == files_.end() ? nullptr : &found->second;
}

// Plotly sets styles of elements; it runs no text as a script.
std::string_view page_security_policy() {
  return "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
         "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

}  // namespace pegbox::server
