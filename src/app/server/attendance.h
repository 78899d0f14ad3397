// Attendance: which workers a server hears from, and which of them ask for trials in vain.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace pegbox::server {

/// A worker as its questions show it; times are on the server's clock.
struct Presence {
  double heard_s = 0;                    ///< when it last asked
  std::optional<double> idle_since_s{};  ///< since when there has been nothing for it; none: it was given a trial
};

class Attendance {
 public:
  void asked(const std::string& worker, bool in_vain, double now_s) {
    if (workers_.size() >= kMostWorkers)
      std::erase_if(workers_, [&](const auto& each) { return now_s - each.second.heard_s > kForgotten_s; });
    Presence& presence = workers_[worker];
    presence.heard_s = now_s;
    if (!in_vain)
      presence.idle_since_s.reset();
    else if (!presence.idle_since_s)
      presence.idle_since_s = now_s;
  }

  const std::map<std::string, Presence>& workers() const { return workers_; }

 private:
  static constexpr std::size_t kMostWorkers = 10000;
  static constexpr double kForgotten_s = 60;
  std::map<std::string, Presence> workers_;  // by name
};

}  // namespace pegbox::server
