// TakenConfigs: which configurations a study has already.
#include "search/samplers/taken_configs.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace pegbox {
std::string config_key(const Config& config) {
  std::vector<std::pair<std::string_view, const Value*>> values;
  values.reserve(config.size());
  for (const auto& [name, value] : config) values.emplace_back(name, &value);
  std::ranges::sort(values, {}, &std::pair<std::string_view, const Value*>::first);
  std::string key;
  key.reserve(24 * values.size());
  for (const auto& [name, value] : values) {
    key += name;
    if (const auto* text = std::get_if<std::string>(value)) {
      key += "\x1f'" + *text;
    } else if (const auto* truth = std::get_if<bool>(value)) {
      key += "\x1f";
      key += *truth ? 't' : 'f';
    } else {
      const double number = as_number(*value) + 0.0;  // no negative zero
      key += "\x1f#";
      key.append(reinterpret_cast<const char*>(&number), sizeof number);
    }
    key += '\x1e';
  }
  return key;
}

void TakenConfigs::update(const History& history) {
  added_.clear();
  const auto& trials = history.trials;
  const bool continues = trials_ == 0 || (trials.size() >= trials_ && trials[trials_ - 1].config == last_);
  if (!continues) of_trials_.clear(), trials_ = 0;
  if (trials_ == trials.size()) return;
  for (; trials_ < trials.size(); ++trials_) of_trials_.insert(config_key(trials[trials_].config));
  last_ = trials.back().config;
}

void TakenConfigs::add(const Config& config) { added_.insert(config_key(config)); }

bool TakenConfigs::contains(const Config& config) const {
  const std::string key = config_key(config);
  return of_trials_.contains(key) || added_.contains(key);
}

}  // namespace pegbox
