// Session: what a running command has at hand.
#include "app/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/document.h"

namespace pegbox {

void Session::print_json(const Json& json) {
  const bool indented = console_.out().is_terminal;
  console_.print((indented ? json.dump(2, ' ', false, Json::error_handler_t::replace) : to_line(json)) + "\n");
}

Result<std::unique_ptr<Store>> Session::open_store(OpenMode mode) const {
  PEGBOX_TRY(const StorePlace where, place());
  std::error_code ignored;
  if (!std::filesystem::exists(where.database, ignored))
    return fail(ErrorKind::NotFound,
                {.where = where.database.string(),
                 .what = "there are no studies here",
                 .hint = "go to the folder that holds pegbox.db, name it with --store, or begin with `pegbox init`"});
  return pegbox::open_store("sqlite:" + where.database.string(), mode);
}

Result<std::unique_ptr<Store>> Session::create_store() const {
  PEGBOX_TRY(const StorePlace where, place());
  if (where.database.has_parent_path()) PEGBOX_CHECK(make_folder(where.database.parent_path()));
  return pegbox::open_store("sqlite:" + where.database.string());
}

Result<std::vector<StudyEntry>> list_studies(Store& store) {
  PEGBOX_TRY(auto entries, store.list());
  std::erase_if(entries, [](const StudyEntry& entry) { return entry.event_count == 0; });
  return entries;
}

Result<std::string> choose_study(Store& store, const std::string& given) {
  PEGBOX_TRY(const auto entries, list_studies(store));
  std::vector<std::string_view> names;
  for (const StudyEntry& entry : entries) names.push_back(entry.name);
  if (given.empty() && names.size() == 1) return std::string(names[0]);
  const std::string known = fmt::format(
      "{}", fmt::join(names.begin(), names.begin() + std::min<std::ptrdiff_t>(std::ssize(names), 12), ", "));
  if (given.empty())
    return fail(ErrorKind::InvalidInput,
                {.where = "study",
                 .what = names.empty() ? "there are no studies in this store" : "which study? There are several",
                 .got = known,
                 .hint = names.empty() ? "begin with `pegbox init`" : "name one"});
  if (std::find(names.begin(), names.end(), given) != names.end()) return given;
  const std::string near = nearest_name(given, names);
  return fail(ErrorKind::NotFound, {.where = given,
                                    .what = "no such study in this store",
                                    .expected = known,
                                    .hint = near.empty() ? "`pegbox list` shows them" : "did you mean " + near + "?"});
}

Result<bool> is_running(Store& store, const std::string& study) {
  const auto lease = store.lease(study);
  if (lease) return false;
  if (lease.error().kind == ErrorKind::Conflict) return true;
  if (lease.error().kind == ErrorKind::Io)
    return false;  // a folder that nobody may write to: nobody runs a study there
  return tl::make_unexpected(lease.error());
}

}  // namespace pegbox
