// TakenConfigs: which configurations a study has already, so that none is tried twice.
#pragma once

#include <string>
#include <unordered_set>

#include "search/history.h"

namespace pegbox {

/// Bytes that are the same for the same configuration, whatever the order of its values; 2 and 2.0 are the same.
std::string config_key(const Config& config);

/// The configurations of a history's trials, whatever became of them, and of a call's earlier suggestions. Follows a
/// growing history in constant time for each new trial; a history that is not a continuation is read anew.
class TakenConfigs {
 public:
  void update(const History& history);  ///< forgets what was added
  void add(const Config& config);
  bool contains(const Config& config) const;

 private:
  std::unordered_set<std::string> of_trials_, added_;
  std::size_t trials_ = 0;  ///< how many are in of_trials_
  Config last_;             ///< of the last of them
};

}  // namespace pegbox
