// StoredFile: see stored_file.h.
#include "app/stored_file.h"

#include "search/tuner.h"

namespace pegbox {

Result<StudyFile> stored_file(const StudyState& state, const Path& folder) {
  const StudySpec& spec = state.spec();
  if (spec.trial.empty())
    return fail(ErrorKind::InvalidInput, {.where = spec.name,
                                          .what = "no program is known that runs its trials",
                                          .got = "a study that was asked and told",
                                          .expected = "a study that `pegbox tune` ran"});
  const auto described = state.notes().find(kDescribedNote);
  std::optional<Json> values;
  if (described != state.notes().end()) values = described->second.value("values", Json::object());
  return StudyFile::read({.json = spec.source, .name = spec.name}, folder, std::move(values));
}

}  // namespace pegbox
