// StudyAccount: words for trials.
#include "report/study_account.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace pegbox {

std::optional<std::int64_t> StudyAccount::best_trial() const {
  if (!best || !best->contains("trial")) return std::nullopt;
  return (*best)["trial"].get<std::int64_t>();
}

std::string state_words(const Trial& trial) {
  return trial.failure ? fmt::format("{} ({})", name_of(trial.state), name_of(*trial.failure))
                       : std::string(name_of(trial.state));
}

std::string reason_words(const Trial& trial) {
  if (!trial.reason.is_object()) return "";
  Json rest = trial.reason;
  std::string by;
  if (const auto found = rest.find("by"); found != rest.end() && found->is_string()) {
    by = found->get<std::string>();
    rest.erase("by");
  }
  if (rest.empty()) return by;
  return (by.empty() ? "" : by + ": ") + excerpt(rest, 160);
}

std::vector<std::pair<std::string, std::vector<std::int64_t>>> failures_by_kind(const History& history) {
  std::map<std::string, std::vector<std::int64_t>> by_kind;
  for (const Trial& trial : history.trials)
    if (trial.failure && is_final(trial.state)) by_kind[std::string(name_of(*trial.failure))].push_back(trial.number);
  std::vector<std::pair<std::string, std::vector<std::int64_t>>> kinds(by_kind.begin(), by_kind.end());
  std::ranges::stable_sort(kinds, std::greater<>(), [](const auto& each) { return each.second.size(); });
  return kinds;
}

}  // namespace pegbox
