// StoredStudies: the studies of a store as a server shows and opens them.
#include "app/stored_studies.h"

#include "app/session.h"
#include "app/study_file.h"
#include "app/study_json.h"
#include "app/study_run.h"
#include "app/yaml_document.h"
#include "search/stores/study_lock.h"
#include "search/tuner.h"

namespace pegbox {

Result<const StudyState*> StoredStudies::state_of(const std::string& study) {
  auto events = store_.read(study, known_[study].event_count());
  if (events && events->empty() && known_[study].event_count() == 0)
    events = fail(ErrorKind::NotFound, {.where = study, .what = "the study has no events"});
  Result<void> folded = events ? Result<void>() : Result<void>(tl::make_unexpected(events.error()));
  for (std::size_t i = 0; folded && i < events->size(); ++i) folded = known_[study].apply((*events)[i]);
  if (folded) return &known_[study];
  known_.erase(study);  // gone, or another one by now
  return tl::make_unexpected(folded.error());
}

Result<bool> StoredStudies::is_held(const std::string& study) const {
  return is_leased(std::filesystem::absolute(place_.database), study);
}

Result<Json> StoredStudies::list() {
  PEGBOX_TRY(const auto entries, list_studies(store_));
  Json list = Json::array();
  for (const StudyEntry& entry : entries) {
    PEGBOX_TRY(const bool held, is_held(entry.name));
    const auto state = state_of(entry.name);
    list.push_back(state ? study_summary(**state, held) : damaged_study(entry.name, state.error()));
  }
  return list;
}

Result<Json> StoredStudies::show(const std::string& study) {
  PEGBOX_TRY(const StudyState* state, state_of(study));
  PEGBOX_TRY(const bool held, is_held(study));
  return study_details(*state, held);
}

Result<Json> StoredStudies::trial(const std::string& study, std::int64_t number) {
  PEGBOX_TRY(const StudyState* state, state_of(study));
  PEGBOX_CHECK(check_trial(state->history(), number));
  return trial_json(state->trial(number));
}

Result<Json> StoredStudies::spec(const std::string& study) {
  PEGBOX_TRY(const StudyState* state, state_of(study));
  return Json{{"name", study}, {"spec", state->spec().source}, {"described", state->notes().contains(kDescribedNote)}};
}

Result<Json> StoredStudies::best(const std::string& study) {
  PEGBOX_TRY(const StudyState* state, state_of(study));
  auto best = best_details(*state, place_);
  return best ? *std::move(best) : Json(nullptr);
}

Result<std::vector<Event>> StoredStudies::events(const std::string& study, std::uint64_t from) {
  return store_.read(study, from);
}

Result<server::OpenedStudy> StoredStudies::hold(const std::string& text,
                                                const std::function<void(const std::string& name)>& let_go) {
  PEGBOX_TRY(Document document, parse_yaml(text, "study file"));
  PEGBOX_TRY(StudyFile file, StudyFile::read(std::move(document), folder_));
  PEGBOX_CHECK(check_strategies(file.spec));
  if (file.checks)
    return fail(ErrorKind::Unsupported, {.where = "study file checks",
                                         .what = "a server does not check data",
                                         .hint = "run `pegbox check` where the data are, and leave `checks:` out"});
  let_go(file.spec.name);
  PEGBOX_TRY(HeldStudy held, hold_study(store_, file, /*accept_changes=*/false, console_));
  return server::OpenedStudy{std::move(held.lease), std::move(held.study), held.is_new};
}

}  // namespace pegbox
