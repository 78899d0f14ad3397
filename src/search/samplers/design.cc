// Design: the trials before a model has something to learn from.
#include "search/samplers/design.h"

#include <algorithm>
#include <utility>

#include "math/sobol.h"
#include "search/samplers/draw.h"

namespace pegbox {
namespace {

constexpr std::int64_t kFewest = 4, kMost = 12;

}  // namespace

std::int64_t initial_trials(const Space& space, std::int64_t budget_trials) {
  std::int64_t branches = 1;
  for (const Parameter& parameter : space.parameters())
    for (const Condition& condition : parameter.when)
      if (const Parameter* parent = space.find(condition.parameter))
        branches = std::max(branches, parent->cardinality());
  const std::int64_t wanted = std::clamp<std::int64_t>(4 * branches, kFewest, kMost);
  return budget_trials > 0 ? std::min(wanted, std::max<std::int64_t>(2, budget_trials / 3)) : wanted;
}

bool is_modelled(const History& history, const Observations& observations, std::size_t trials, std::int64_t initial) {
  const Space& space = history.spec.space;
  if (initial == 0) initial = initial_trials(space, history.spec.budget.trials);
  const std::int64_t measured = std::ssize(observations.measured);
  return space.dimensions() > 0 && static_cast<std::int64_t>(trials) >= initial &&
         measured >= std::min<std::int64_t>(2, initial) && 2 * measured >= initial && observations.has_finite();
}

Config prior_mode(const Space& space) {
  std::vector<double> middle(space.axes().size(), 0.5);
  space.apply_prior(middle);
  Config config = space.from_unit(middle);
  for (std::size_t i = 0; i < space.parameters().size(); ++i)  // each round may switch on others
    for (const Parameter& parameter : space.parameters()) {
      if (!space.is_active(parameter, config)) continue;
      Config changed = config;
      if (parameter.prior)
        changed.set(parameter.name, parameter.prior->at);
      else if (!parameter.weights.empty())
        changed.set(parameter.name, parameter.choices[static_cast<std::size_t>(
                                        std::ranges::max_element(parameter.weights) - parameter.weights.begin())]);
      else
        continue;
      config = space.from_unit(space.to_unit(changed).at);
    }
  return config;
}

Design::Design(const History& history, const Space& beliefs, Space doubts, std::string_view by)
    : history_(history),
      beliefs_(beliefs),
      doubts_(std::move(doubts)),
      by_(by),
      next_index_(next_sobol_index(history, by)) {}

Result<std::optional<Suggestion>> Design::likeliest(const TakenConfigs& taken, const Space& space,
                                                    std::string_view name) const {
  Config mode = prior_mode(space);
  PEGBOX_TRY(const bool feasible, is_feasible(history_, mode));
  if (!feasible || taken.contains(mode)) return std::nullopt;
  return Suggestion{std::move(mode), {{"by", by_}, {"design", name}}};
}

Result<std::optional<Suggestion>> Design::next(const TakenConfigs& taken, const RngKey& key) {
  if (beliefs_.has_prior()) {
    PEGBOX_TRY(auto first, likeliest(taken, beliefs_, "prior"));
    if (first) return first;
  }
  if (history_.spec.space.has_prior()) {
    PEGBOX_TRY(auto second, likeliest(taken, doubts_, "middle"));
    if (second) return second;
  }
  const std::uint32_t stream = stream_id(std::string(by_) + " design");
  PEGBOX_TRY(const auto sequence, math::Sobol::create(std::max(1, beliefs_.dimensions()), {key.seed, stream, 0}));
  const auto propose = [&](std::uint64_t attempt, std::span<double> at) {
    if (at.empty()) return;
    const std::uint64_t index = (next_index_ + attempt) % math::Sobol::kMaxPoints;
    sequence.point(index, at);
    (index % 2 == 0 ? doubts_ : beliefs_).apply_prior(at);
  };
  Rng rng({key.seed, stream, key.trial});
  PEGBOX_TRY(auto drawn, draw_new(history_, taken, propose, rng));
  if (!drawn) return std::nullopt;
  const std::uint64_t index = next_index_ + drawn->attempt;
  next_index_ = index + 1;
  return Suggestion{std::move(drawn->config), {{"by", by_}, {"design", "sobol"}, {"index", index}}};
}

}  // namespace pegbox
