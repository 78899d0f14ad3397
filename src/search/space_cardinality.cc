// Space: counting configurations, conditions included.
//
// Parameters that are tied by conditions form groups, and the groups' counts multiply. Within a group, a parameter on
// which others depend is followed value class by value class: values that satisfy the same conditions are one class.
#include <algorithm>
#include <map>
#include <numeric>

#include "search/space.h"
#include "search/unit_scale.h"

namespace pegbox {
namespace {

constexpr std::int64_t kMost = 1'000'000'000'000'000;  // 10^15
constexpr int kMaxVisits = 1'000'000;                  // beyond, a group counts as not countable

/// The children's conditions on one parameter, and how many of its values satisfy which of them.
struct Classes {
  struct Class {
    std::vector<bool> satisfies;  // [conditions on the parameter]
    std::int64_t count = 0;
  };
  std::vector<const Condition*> conditions;
  std::vector<Class> classes;
};

/// Counts saturate at kMost + 1; 0 stands for a continuum.
std::int64_t capped_product(std::int64_t a, std::int64_t b) {
  if (a == 0 || b == 0) return 0;
  return a > kMost / b ? kMost + 1 : a * b;
}

Classes classify(const Parameter& parameter, std::vector<const Condition*> conditions) {
  Classes result{std::move(conditions), {}};
  const std::int64_t total = parameter.cardinality();
  // Only the values that conditions name can differ from the rest.
  std::vector<Value> named;
  for (const Condition* condition : result.conditions)
    for (const Value& value : condition->values)
      if (std::none_of(named.begin(), named.end(), [&](const Value& other) { return same_value(value, other); }))
        named.push_back(value);
  std::map<std::vector<bool>, std::int64_t> counts;
  for (const Value& value : named) {
    std::vector<bool> satisfies;
    for (const Condition* condition : result.conditions)
      satisfies.push_back(std::any_of(condition->values.begin(), condition->values.end(),
                                      [&](const Value& other) { return same_value(value, other); }));
    ++counts[satisfies];
  }
  const auto rest = total - static_cast<std::int64_t>(named.size());
  if (rest > 0) counts[std::vector<bool>(result.conditions.size(), false)] += rest;
  for (const auto& [satisfies, count] : counts) result.classes.push_back({satisfies, count});
  return result;
}

class Counter {
 public:
  Counter(const std::vector<Parameter>& parameters, const std::vector<int>& order) : parameters_(parameters) {
    for (const int index : order) order_.push_back(static_cast<std::size_t>(index));
    for (const Parameter& parameter : parameters) {
      std::vector<const Condition*> conditions;
      for (const Parameter& child : parameters)
        for (const Condition& condition : child.when)
          if (condition.parameter == parameter.name) conditions.push_back(&condition);
      classes_.push_back(conditions.empty() ? Classes{} : classify(parameter, std::move(conditions)));
    }
  }

  /// Of the parameters in `group`; 0 if not countable.
  std::int64_t count(const std::vector<int>& group_of, int group) {
    members_.clear();
    for (const std::size_t index : order_)
      if (group_of[index] == group) members_.push_back(index);
    satisfied_.clear();
    visits_ = 0;
    return count_from(0);
  }

 private:
  std::int64_t count_from(std::size_t place) {
    if (place == members_.size()) return 1;
    if (++visits_ > kMaxVisits) return 0;
    const std::size_t index = members_[place];
    const Parameter& parameter = parameters_[index];
    const bool active = std::all_of(parameter.when.begin(), parameter.when.end(),
                                    [&](const Condition& condition) { return satisfied_[&condition]; });
    const Classes& classes = classes_[index];
    if (!active) {
      for (const Condition* condition : classes.conditions) satisfied_[condition] = false;
      return count_from(place + 1);
    }
    if (classes.conditions.empty()) return capped_product(parameter.cardinality(), count_from(place + 1));
    std::int64_t sum = 0;
    for (const auto& values : classes.classes) {
      for (std::size_t i = 0; i < classes.conditions.size(); ++i)
        satisfied_[classes.conditions[i]] = values.satisfies[i];
      const std::int64_t below = capped_product(values.count, count_from(place + 1));
      if (below == 0) return 0;
      sum = std::min(kMost + 1, sum + below);
    }
    return sum;
  }

  const std::vector<Parameter>& parameters_;
  std::vector<std::size_t> order_;
  std::vector<Classes> classes_;
  std::vector<std::size_t> members_;
  std::map<const Condition*, bool> satisfied_;
  int visits_ = 0;
};

}  // namespace

std::int64_t Space::cardinality() const {
  std::vector<int> group_of(parameters_.size());
  std::iota(group_of.begin(), group_of.end(), 0);
  for (std::size_t child = 0; child < parameters_.size(); ++child)
    for (const int parent : parents_[child]) {
      const int from = group_of[child], to = group_of[static_cast<std::size_t>(parent)];
      std::replace(group_of.begin(), group_of.end(), from, to);
    }
  Counter counter(parameters_, evaluation_order_);
  std::int64_t total = 1;
  for (int group = 0; group < static_cast<int>(parameters_.size()); ++group) {
    if (std::find(group_of.begin(), group_of.end(), group) == group_of.end()) continue;
    total = capped_product(total, counter.count(group_of, group));
    if (total == 0 || total > kMost) return 0;
  }
  return total;
}

}  // namespace pegbox
