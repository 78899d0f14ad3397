// StudyFile: a study file as the program reads it: the search's part, and what runs a trial.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/study_checks.h"
#include "app/trial_section.h"
#include "base/document.h"
#include "base/file.h"
#include "base/result.h"
#include "search/study_spec.h"

namespace pegbox {

struct StudyFile {
  StudySpec spec;
  TrialSection trial;
  std::optional<StudyChecks> checks;  ///< of the data, before the first trial
  Path folder;                        ///< that relative paths in it are under
  std::optional<Json> described;      ///< what the trainer says of model and data, if it has been asked

  /// Reads a YAML or JSON file. A study without `name:` takes the file's. For the built-in trainer the names of all its
  /// fields are checked, which asks the trainer; NotFound if there is none. `space: auto`, and priors that name a law,
  /// are completed (auto_space.h), for which the trainer looks at model and data.
  static Result<StudyFile> load(const Path& path);
  /// The same from a document; paths in it are relative to `folder`. `described`: where the trainer has been asked
  /// before.
  static Result<StudyFile> read(Document document, const Path& folder, std::optional<Json> described = {});

  /// Asks the built-in trainer for `described`, unless it was asked: an error if it cannot read model or data.
  Result<void> describe();
};

}  // namespace pegbox
