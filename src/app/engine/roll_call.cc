// RollCall: which hired workers the server has heard.
#include "app/engine/roll_call.h"

#include <algorithm>
#include <set>

namespace pegbox {

namespace {

constexpr double kUnheard_s = 90;
constexpr int kSilentEnds = 3;

}  // namespace

void RollCall::hired(const std::vector<std::string>& hands) {
  for (const std::string& hand : hands) records_.try_emplace(hand);
}

void RollCall::dismissed(const std::vector<std::string>& hands) {
  for (const std::string& hand : hands) records_.erase(hand);
}

void RollCall::look(const Staff& staff) {
  std::set<std::string> there;
  for (const Hand& hand : staff.hands) {
    there.insert(hand.name);
    const auto found = records_.find(hand.name);
    if (found != records_.end() && hand.runs && found->second.runs_since_s < 0)
      found->second.runs_since_s = staff.now_s;
  }
  for (auto entry = records_.begin(); entry != records_.end();) {
    auto& [name, record] = *entry;
    record.heard = record.heard || staff.was_heard(name);
    if (there.contains(name)) {
      ++entry;
      continue;
    }
    silent_ends_ = record.heard ? 0 : silent_ends_ + 1;
    if (silent_ends_ >= kSilentEnds) hopeless_ = name;
    entry = records_.erase(entry);
  }
}

std::string RollCall::unheard(double now_s) const {
  const auto found = std::ranges::find_if(records_, [&](const auto& entry) {
    const Record& record = entry.second;
    return !record.heard && record.runs_since_s >= 0 && now_s - record.runs_since_s > kUnheard_s;
  });
  return found == records_.end() ? std::string() : found->first;
}

}  // namespace pegbox
