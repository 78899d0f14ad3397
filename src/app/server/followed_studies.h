// FollowedStudies: folds of the studies of a store that others may write, read on as they grow.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "search/history.h"
#include "search/store.h"

namespace pegbox::server {

/// To be used by one thread.
class FollowedStudies {
 public:
  explicit FollowedStudies(Store& store) : store_(store) {}

  /// As the log is now; valid until the next call. NotFound for a study that is not there or has no events.
  Result<const StudyState*> state_of(const std::string& study);

  /// Of a study that state_of has just found: another one that has its name later has another number.
  std::int64_t id_of(const std::string& study) const { return known_.at(study).id; }

 private:
  struct Known {
    std::int64_t id = 0;
    StudyState state;  // folded as far as it was last looked at
  };

  Store& store_;
  std::map<std::string, Known> known_;  // by name
};

}  // namespace pegbox::server
