// combined: several stopping rules as one.
#include "search/schedulers/combined.h"

#include <algorithm>

namespace pegbox {
namespace {

/// The nearer of two rungs, where 0 is the end.
std::int64_t nearer(std::int64_t a, std::int64_t b) { return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b); }

class CombinedScheduler final : public Scheduler {
 public:
  explicit CombinedScheduler(std::vector<std::unique_ptr<Scheduler>> rules) : rules_(std::move(rules)) {}

  std::int64_t next_rung(const History& history, const Trial& trial) override {
    std::int64_t rung = 0;
    for (const auto& rule : rules_) rung = nearer(rung, rule->next_rung(history, trial));
    return rung;
  }

  Ruling on_reached(const History& history, const Trial& trial) override {
    for (const auto& rule : rules_)
      if (Ruling ruling = rule->on_reached(history, trial); ruling.verdict != Verdict::Continue) return ruling;
    return Verdict::Continue;
  }

  std::optional<Promotion> next_to_resume(const History& history) override {
    for (const auto& rule : rules_) {
      auto promotion = rule->next_to_resume(history);
      if (!promotion) continue;
      const Trial& trial = history.trials[static_cast<std::size_t>(promotion->trial)];
      promotion->until = nearer(promotion->until, next_rung(history, trial));
      return promotion;
    }
    return std::nullopt;
  }

  std::string objection(const History& history) const override {
    for (const auto& rule : rules_)
      if (std::string why = rule->objection(history); !why.empty()) return why;
    return {};
  }

 private:
  std::vector<std::unique_ptr<Scheduler>> rules_;
};

}  // namespace

std::unique_ptr<Scheduler> combine(std::vector<std::unique_ptr<Scheduler>> rules) {
  if (rules.size() == 1) return std::move(rules.front());
  return std::make_unique<CombinedScheduler>(std::move(rules));
}

}  // namespace pegbox
