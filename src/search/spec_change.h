// SpecChange: what is different between a stored study and the study file of today.
#pragma once

#include <string>
#include <vector>

#include "search/study_spec.h"

namespace pegbox {

struct SpecChange {
  /// One line each: "space.rank.choice: [4, 8] -> [4, 8, 16]", "+ constraints: [...]", "- seed: 1"; the budget left
  /// out.
  std::vector<std::string> differences;
  /// The same for the budget's totals: "budget.trials: 60 -> 120".
  std::vector<std::string> budget_differences;
  /// Every total of the budget is at least what it was (or is no limit any more).
  bool budget_only_grew = true;

  bool is_none() const { return differences.empty() && budget_differences.empty(); }
  bool is_larger_budget() const { return differences.empty() && !budget_differences.empty() && budget_only_grew; }
};

SpecChange compare_specs(const StudySpec& stored, const StudySpec& file);

}  // namespace pegbox
