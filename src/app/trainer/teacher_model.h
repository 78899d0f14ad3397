// TeacherModel: the teacher that the settings name, loaded once for all runs of a process.
#pragma once

#include <memory>
#include <vector>

#include "app/trainer/adapted_model.h"
#include "app/trainer/settings.h"
#include "base/result.h"
#include "train/corpus.h"
#include "train/teacher.h"

namespace pegbox::trainer {

class TeacherModel {
 public:
  /// The settings' `teacher`, with `teacher_adapter` on it if one is named, for students whose tokens and classes are
  /// the corpus's. Where it is the folder of `base`, in the form that the adapter needs, it has the weights of `base`.
  /// InvalidInput if its tokens are others, or if it is a classifier and the students are none, or the reverse, or of
  /// other classes; OutOfMemory, with numbers, if its weights do not fit.
  static Result<std::unique_ptr<TeacherModel>> load(const Settings& settings, const train::BaseModel& base,
                                                    const train::Corpus& corpus);

  train::Teacher& teacher() { return teacher_; }

  /// Which one it is: {"name": its folders, "sha256": of the safetensors files in them}. Reads these once. Io.
  Result<Json> identity();

 private:
  TeacherModel(AdaptedModel model, std::int64_t most_bytes, std::vector<Path> folders)
      : model_(std::move(model)),
        teacher_(model_.decoder(), model_.network(), most_bytes),
        folders_(std::move(folders)) {}

  AdaptedModel model_;
  train::Teacher teacher_;
  std::vector<Path> folders_;  // a model's, perhaps an adapter's
  Json identity_;
};

/// Leaves in `file`, beside checkpoints, from which teacher they have learned.
Result<void> note_teacher(const Path& file, TeacherModel& teacher);
/// InvalidInput, naming both, if a `file` says that checkpoints have learned from another teacher: what they have
/// learned and what they are to learn would not go together.
Result<void> check_teacher(const Path& file, TeacherModel& teacher);

/// InvalidInput, with the first difference, if a teacher is named whose tokens are not those of its students.
Result<void> check_teacher_tokens(const Settings& settings, const text::Tokenizer& student);

}  // namespace pegbox::trainer
