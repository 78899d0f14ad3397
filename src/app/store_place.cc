// StorePlace: where studies are kept: the database file, and the folder beside it for what trials write.
#include "app/store_place.h"

#include <cstdlib>

namespace pegbox {

Result<StorePlace> StorePlace::choose(const std::string& option) {
  std::string place = option;
  std::string where = "--store";
  if (place.empty()) {
    const char* variable = std::getenv("PEGBOX_STORE");
    if (variable != nullptr) place = variable, where = "PEGBOX_STORE";
  }
  if (place.empty()) place = "pegbox.db";
  if (place.starts_with("sqlite:")) {
    place.erase(0, 7);
    if (place.starts_with("///")) place.erase(0, 2);
  } else if (const auto colon = place.find("://"); colon != std::string::npos) {
    return fail(ErrorKind::Unsupported, {.where = where,
                                         .what = "this version has no such kind of store",
                                         .got = place.substr(0, colon + 3) + "...",
                                         .expected = "sqlite:FILE"});
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
