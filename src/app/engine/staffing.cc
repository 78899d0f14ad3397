// Staffing: how many workers a study wants from its engine now, and which of them may leave.
#include "app/engine/staffing.h"

#include <algorithm>

namespace pegbox {

namespace {

constexpr double kIdle_s = 60;

/// "slurm-17_3" of the worker "slurm-17_3-9f2c01aa".
bool is_of(const std::string& worker, const std::string& hand) {
  return worker.size() > hand.size() && worker.starts_with(hand) && worker[hand.size()] == '-';
}

std::int64_t still_to_create(const History& history, int most) {
  if (history.spec.budget.trials <= 0) return most;
  if (history.all_created()) return 0;
  const auto infeasible = std::ssize(history.in_state(TrialState::Infeasible));
  return history.spec.budget.trials - (std::ssize(history.trials) - infeasible);
}

/// For how long there has been no trial for it; 0: it has one, or has not asked yet.
double idle_s(const Staff& staff, const Hand& hand) {
  if (std::ranges::any_of(staff.busy, [&](const auto& worker) { return is_of(worker, hand.name); })) return 0;
  double since_s = staff.now_s;
  for (const auto& [worker, presence] : staff.present)
    if (is_of(worker, hand.name) && presence.idle_since_s) since_s = std::min(since_s, *presence.idle_since_s);
  return staff.now_s - since_s;
}

}  // namespace

bool Staff::was_heard(const std::string& hand) const {
  return std::ranges::any_of(present, [&](const auto& each) { return is_of(each.first, hand); });
}

int workers_wanted(const History& history, int most) {
  const auto count = [&](TrialState state) { return std::ssize(history.in_state(state)); };
  const std::int64_t could = count(TrialState::Running) + count(TrialState::Waiting) + count(TrialState::Paused) +
                             std::max<std::int64_t>(still_to_create(history, most), 0);
  return static_cast<int>(std::clamp<std::int64_t>(could, 1, most));
}

Change staff_change(const Staff& staff) {
  Change change;
  const int there = static_cast<int>(staff.hands.size());
  const auto idle = [&](const Hand& hand) { return hand.runs && idle_s(staff, hand) > 0; };
  if (there < staff.wanted) {
    if (std::ranges::none_of(staff.hands, idle)) change.hire = staff.wanted - there;
  }
  int left = there;
  const auto let_go = [&](const Hand& hand) {
    change.dismiss.push_back(hand.name);
    --left;
  };
  for (const Hand& hand : staff.hands)
    if (!hand.runs && left > staff.wanted) let_go(hand);
  for (const Hand& hand : staff.hands) {
    const double for_s = hand.runs ? idle_s(staff, hand) : 0;
    if ((for_s > 0 && left > staff.wanted) || (for_s > kIdle_s && left > 1)) let_go(hand);
  }
  return change;
}

}  // namespace pegbox
