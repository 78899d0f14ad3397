// StoredStudies: the studies of a store as a server shows and opens them.
#include "app/stored_studies.h"

#include <fmt/format.h>

#include "app/session.h"
#include "app/study_file.h"
#include "app/study_json.h"
#include "app/study_run.h"
#include "app/yaml_document.h"
#include "search/tuner.h"

namespace pegbox {

namespace {

constexpr std::size_t kEventsAtOnce = 1000;  // about 300 KB as text

}  // namespace

Result<Json> StoredStudies::list() {
  PEGBOX_TRY(const auto entries, list_studies(store_));
  Json list = Json::array();
  for (const StudyEntry& entry : entries) {
    PEGBOX_TRY(const bool held, store_.is_leased(entry.name));
    const auto state = studies_.state_of(entry.name);
    list.push_back(state ? study_summary(**state, held) : damaged_study(entry.name, state.error()));
  }
  return list;
}

Result<Json> StoredStudies::show(const std::string& study) {
  PEGBOX_TRY(const StudyState* state, studies_.state_of(study));
  PEGBOX_TRY(const bool held, store_.is_leased(study));
  return study_details(*state, held);
}

Result<Json> StoredStudies::trial(const std::string& study, std::int64_t number) {
  PEGBOX_TRY(const StudyState* state, studies_.state_of(study));
  PEGBOX_CHECK(check_trial(state->history(), number));
  return trial_json(state->trial(number));
}

Result<Json> StoredStudies::spec(const std::string& study) {
  PEGBOX_TRY(const StudyState* state, studies_.state_of(study));
  return Json{{"name", study}, {"spec", state->spec().source}, {"described", state->notes().contains(kDescribedNote)}};
}

Result<Json> StoredStudies::best(const std::string& study) {
  PEGBOX_TRY(const StudyState* state, studies_.state_of(study));
  auto best = best_details(*state, place_);
  return best ? *std::move(best) : Json(nullptr);
}

Result<Json> StoredStudies::view(const server::ViewWanted& wanted) {
  PEGBOX_TRY(const StudyState* state, studies_.state_of(wanted.study));
  PEGBOX_TRY(const bool held, store_.is_leased(wanted.study));
  return views_.view(*state, studies_.id_of(wanted.study), held, wanted);
}

Result<server::LogPiece> StoredStudies::events(const std::string& study, std::uint64_t from) {
  server::LogPiece piece;
  PEGBOX_TRY(const StudyEntry entry, store_.entry(study));
  piece.study_id = entry.id;
  if (from > entry.event_count)
    return fail(ErrorKind::InvalidInput, {.where = study,
                                          .what = "the log is shorter",
                                          .got = fmt::format("from={}", from),
                                          .expected = fmt::format("at most {}", entry.event_count),
                                          .hint = "a study that was deleted and made again begins at 0"});
  PEGBOX_TRY(piece.events, store_.read(study, from, kEventsAtOnce));
  return piece;
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
