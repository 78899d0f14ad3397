// RollCall: which hired workers the server has heard, and whether workers end one after the other without a word.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/engine/staffing.h"

namespace pegbox {

class RollCall {
 public:
  void hired(const std::vector<std::string>& hands);
  void dismissed(const std::vector<std::string>& hands);
  void look(const Staff& staff);

  /// The last of several workers that ended before they asked for a trial: more of them would do no better. Empty:
  /// none.
  const std::string& hopeless() const { return hopeless_; }

  /// One that has been running for a while and was never heard; empty: none.
  std::string unheard(double now_s) const;

 private:
  struct Record {
    double runs_since_s = -1;  // it was first seen to run; -1: not yet
    bool heard = false;
  };
  std::map<std::string, Record> records_;  // by hand
  int silent_ends_ = 0;
  std::string hopeless_;
};

}  // namespace pegbox
