// Staffing: how many workers a study wants from its engine now, and which of them may leave.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "app/engine/workforce.h"
#include "app/server/attendance.h"
#include "search/history.h"

namespace pegbox {

/// What there is to be done at most: the trials that run and those that could, at least one while the study runs.
/// `most`: the study's workers.count.
int workers_wanted(const History& history, int most);

/// What is known of the workers.
struct Staff {
  std::vector<Hand> hands;
  std::map<std::string, server::Presence> present;  ///< by their names in the log
  std::set<std::string> busy;                       ///< names of those that have a trial
  int wanted = 0;
  double now_s = 0;  ///< on the clock of `present`

  bool was_heard(const std::string& hand) const;
};

struct Change {
  int hire = 0;
  std::vector<std::string> dismiss;  ///< hands, by name
};

/// More are hired while all that run have trials. One leaves when there are more than wanted, first those that wait, or
/// when there has been no trial for it for a minute (a rule waits for others to come to its rung, say).
Change staff_change(const Staff& staff);

}  // namespace pegbox
