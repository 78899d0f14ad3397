// OpenStudy: a study that this process holds, with all its parts: store, lease, log, strategies, and ask-and-tell.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "search/ask_tell.h"
#include "search/samplers/source_mapping.h"
#include "search/store.h"

namespace pegbox::python {

class OpenStudy {
 public:
  /// Makes the study that `document` describes, or goes on with the one of its name, in `store` (a URL; nothing: in
  /// memory). InvalidInput, naming the differences, if the one that exists is another: only its budget may be smaller,
  /// and before the first measurement all may differ. Conflict if another process holds it.
  /// `earlier`: for each entry of `transfer:` the study itself, where the caller has it; null: it is read from a store.
  static Result<std::unique_ptr<OpenStudy>> open(const Document& document, const std::optional<std::string>& store,
                                                 const std::vector<const OpenStudy*>& earlier = {});

  /// Goes on with a study that exists, with a new total of trials if one is given, which may not be smaller.
  static Result<std::unique_ptr<OpenStudy>> load(const std::string& name, const std::string& store,
                                                 std::optional<std::int64_t> trials);

  ~OpenStudy();  ///< as close()

  /// Conflict after close().
  Result<AskTell*> ask_tell();

  /// Its log, for looking at; also after close().
  AskTell& log() { return *ask_tell_; }

  /// Lets go of the study. Again: nothing happens.
  Result<void> close();

 private:
  OpenStudy() = default;
  Result<void> take_over(const StudySpec& spec, const ReadEarlier& read);
  StudyState snapshot() const;
  Result<void> begin();

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
