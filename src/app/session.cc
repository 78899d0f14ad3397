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
  if (!where.database.empty() && !std::filesystem::exists(where.database, ignored))
    return fail(ErrorKind::NotFound,
                {.where = where.database.string(),
                 .what = "there are no studies here",
                 .hint = "go to the folder that holds pegbox.db, name it with --store, or begin with `pegbox init`"});
  return pegbox::open_store(where.url, mode);
}

Result<std::unique_ptr<Store>> Session::create_store() const {
  PEGBOX_TRY(const StorePlace where, place());
  if (where.database.has_parent_path()) PEGBOX_CHECK(make_folder(where.database.parent_path()));
  return pegbox::open_store(where.url);
}

Result<OpenStudy> Session::open_study(const std::string& given) const {
  OpenStudy open;
  PEGBOX_TRY(open.store, open_store());
  PEGBOX_TRY(open.name, choose_study(*open.store, given));
  PEGBOX_TRY(open.study, Study::open(*open.store, open.name));
  PEGBOX_TRY(open.is_running, open.store->is_leased(open.name));
  return open;
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

Result<void> check_trial(const History& history, std::int64_t number) {
  const auto count = std::ssize(history.trials);
  if (number >= 0 && number < count) return {};
  return fail(ErrorKind::NotFound, {.where = history.spec.name,
                                    .what = "no such trial",
                                    .got = std::to_string(number),
                                    .expected = count == 0 ? "none yet" : fmt::format("0 to {}", count - 1)});
}

Result<void> check_trial_goes_on(Store& store, const std::string& study, std::int64_t number) {
  PEGBOX_TRY(const auto opened, Study::open(store, study));
  PEGBOX_CHECK(check_trial(opened->history(), number));
  const TrialState state = opened->state().trial(number).state;
  if (!is_final(state)) return {};
  return fail(ErrorKind::NotFound,
              {.where = study, .what = fmt::format("trial {} has ended", number), .got = std::string(name_of(state))});
}

}  // namespace pegbox
