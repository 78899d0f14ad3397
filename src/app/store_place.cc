// StorePlace: where studies are kept: a database, and the folder beside it for what trials write.
#include "app/store_place.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "search/stores/table.h"

namespace pegbox {

namespace {

bool is_on_server(const std::string& place) {
  return place.starts_with("postgresql://") || place.starts_with("postgres://");
}

/// "studies.postgresql.files" for "postgresql://me@box/studies": not the folder of a file of the same name. A server's
/// own name is not in it, because machines may call it differently.
Path files_of_server(const std::string& url) {
  std::string rest = url.substr(url.find("://") + 3);
  rest = rest.substr(0, rest.find('?'));
  if (const auto at = rest.rfind('@'); at != std::string::npos) rest.erase(0, at + 1);
  const auto slash = rest.find('/');
  std::string name = slash == std::string::npos ? "" : rest.substr(slash + 1);
  std::ranges::replace_if(
      name, [](unsigned char byte) { return !std::isalnum(byte) && byte != '-' && byte != '_'; }, '-');
  return name.empty() ? "postgresql.files" : name + ".postgresql.files";
}

}  // namespace

std::string StorePlace::shown() const { return database.empty() ? shown_store(url) : database.string(); }

Result<StorePlace> StorePlace::choose(const std::string& option) {
  std::string place = option;
  std::string where = "--store";
  if (place.empty()) {
    const char* variable = std::getenv("PEGBOX_STORE");
    if (variable != nullptr) place = variable, where = "PEGBOX_STORE";
  }
  if (place.empty()) place = "pegbox.db";
  if (is_on_server(place)) return StorePlace{.database = {}, .files = files_of_server(place), .url = place};
  if (place.starts_with("sqlite:")) {
    place.erase(0, 7);
    if (place.starts_with("///")) place.erase(0, 2);
  } else if (const auto colon = place.find("://"); colon != std::string::npos) {
    return fail(ErrorKind::Unsupported, {.where = where,
                                         .what = "this version has no such kind of store",
                                         .got = place.substr(0, colon + 3) + "...",
                                         .expected = "sqlite:FILE or postgresql://USER@HOST/DATABASE"});
  }
  if (place.empty()) return fail(ErrorKind::InvalidInput, {.where = where, .what = "no file is named"});
  std::error_code ignored;
  if (std::filesystem::is_directory(place, ignored))
    return fail(ErrorKind::InvalidInput, {.where = where,
                                          .what = "this is a folder",
                                          .got = place,
                                          .expected = "a database file",
                                          .hint = "use " + (Path(place) / "pegbox.db").string()});
  StorePlace found{.database = place, .files = place};
  found.files.replace_extension(".files");
  return found;
}

}  // namespace pegbox
