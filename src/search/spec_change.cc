// SpecChange: what is different between a stored study and the study file of today.
#include "search/spec_change.h"

#include <fmt/format.h>

#include "base/units.h"

namespace pegbox {

namespace {

std::vector<std::string> keys_of(const Json& json) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  return keys;
}

/// Objects key by key; anything else as a whole. Numbers are equal by value: 20 and 2e1 are.
void compare(const std::string& path, const Json& before, const Json& after, std::vector<std::string>& differences) {
  if (before.is_object() && after.is_object()) {
    const auto child = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
    bool same_keys = true;
    for (const auto& [key, value] : before.items()) {
      if (path.empty() && key == "budget") continue;
      if (after.contains(key)) {
        compare(child(key), value, after[key], differences);
      } else {
        same_keys = false;
        differences.push_back(fmt::format("- {}: {}", child(key), excerpt(value, 100)));
      }
    }
    for (const auto& [key, value] : after.items())
      if (!before.contains(key) && !(path.empty() && key == "budget")) {
        same_keys = false;
        differences.push_back(fmt::format("+ {}: {}", child(key), excerpt(value, 100)));
      }
    // The order of the space is the order of its axes, which decisions depend on.
    if (path == "space" && same_keys && keys_of(before) != keys_of(after))
      differences.push_back("space: the same parameters in another order");
    return;
  }
  if (before != after)
    differences.push_back(fmt::format("{}: {} -> {}", path, excerpt(before, 100), excerpt(after, 100)));
}

void compare_total(const std::string& name, double before, double after, std::string (*show)(double),
                   SpecChange& change) {
  if (before == after) return;
  const auto shown = [&](double total) { return total > 0 ? show(total) : std::string("no limit"); };
  change.budget_differences.push_back(fmt::format("budget.{}: {} -> {}", name, shown(before), shown(after)));
  if (after > 0 && (before == 0 || after < before)) change.budget_only_grew = false;
}

}  // namespace

SpecChange compare_specs(const StudySpec& stored, const StudySpec& file) {
  SpecChange change;
  compare("", stored.source, file.source, change.differences);
  compare_total("trials", static_cast<double>(stored.budget.trials), static_cast<double>(file.budget.trials),
                format_number, change);
  compare_total("time", stored.budget.time_s, file.budget.time_s, format_duration, change);
  compare_total("tokens", stored.budget.tokens, file.budget.tokens, format_count, change);
  return change;
}

}  // namespace pegbox
