// FollowedStudies: folds, and where each was left.
#include "app/server/followed_studies.h"

namespace pegbox::server {

Result<const StudyState*> FollowedStudies::state_of(const std::string& study) {
  const auto entry = store_.entry(study);
  if (!entry || entry->id != known_[study].id) known_.erase(study);  // gone, or another one by now
  if (!entry) return tl::make_unexpected(entry.error());
  Known& known = known_[study];
  known.id = entry->id;
  PEGBOX_TRY(const auto events, store_.read(study, known.state.event_count()));
  for (const Event& event : events) PEGBOX_CHECK(known.state.apply(event));
  if (known.state.event_count() > 0) return &known.state;
  return fail(ErrorKind::NotFound, {.where = study, .what = "the study has no events"});
}

}  // namespace pegbox::server
