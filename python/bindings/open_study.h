// OpenStudy: a study that this process holds, with all its parts: store, lease, log, strategies, and the interface to them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "search/ask_tell.h"
#include "search/store.h"

namespace pegbox::python {

class OpenStudy {
 public:
  /// Makes the study that `document` describes, in `store` (a URL; nothing: in memory). Conflict if it exists.
  static Result<std::unique_ptr<OpenStudy>> create(const Document& document, const std::optional<std::string>& store);

  /// Goes on with a study that exists. Conflict if another process runs it.
  static Result<std::unique_ptr<OpenStudy>> load(const std::string& name, const std::string& store);

  AskTell& ask_tell() { return *ask_tell_; }

 private:
  OpenStudy() = default;
  Result<void> make_parts(const StudySpec& spec);

  std::unique_ptr<Store> store_;
  std::unique_ptr<StudyLease> lease_;
  std::unique_ptr<Study> study_;
  std::unique_ptr<Sampler> sampler_;
  std::unique_ptr<Scheduler> scheduler_;
  std::unique_ptr<Director> director_;
  SystemClock clock_;
  std::unique_ptr<AskTell> ask_tell_;
};

}  // namespace pegbox::python
