// PageFiles: the files of the page that a server shows, read once: a request finds one of them or nothing.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace pegbox::server {

struct PageFile {
  std::string_view type;  ///< "text/html; charset=utf-8"
  std::string bytes;
  std::string tag;  ///< changes with the bytes: an ETag
};

class PageFiles {
 public:
  /// There is no page.
  PageFiles() = default;

  /// All files below `folder` whose names end as a page's do. NotFound if it has no index.html.
  static Result<PageFiles> load(const Path& folder);

  /// For the path of a request, "/page.css"; "/" is index.html. Nothing if there is none.
  const PageFile* find(std::string_view target) const;

  bool empty() const { return files_.empty(); }

 private:
  std::map<std::string, PageFile, std::less<>> files_;  // by path, "/views/trial.js"
};

/// What a browser may do with the page: load what this server has, and run scripts from files alone.
std::string_view page_security_policy();

}  // namespace pegbox::server
