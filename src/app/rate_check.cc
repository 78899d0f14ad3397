// Rate check: see rate_check.h.
#include "app/rate_check.h"

#include <fmt/format.h>

#include <cmath>

#include "app/auto_space.h"
#include "app/default_space.h"
#include "search/published_law.h"

namespace pegbox {

namespace {

constexpr double kDeviations = 2;

struct Expected {
  LawValue value;
  std::string source;
};

/// The prior of `learning_rate` in the method's default space, applied to the run.
std::optional<Expected> expected_rate(const Json& preflight) {
  const auto parameters = default_space(preflight["run"]["method"].get<std::string>());
  if (!parameters) return std::nullopt;
  const Json space = space_json(*parameters);
  if (!space.contains("learning_rate") || !space["learning_rate"].contains("prior")) return std::nullopt;
  const Json& prior = space["learning_rate"]["prior"];
  if (prior.is_object()) return Expected{{prior["at"].get<double>(), prior["spread"].get<double>()}, "common practice"};
  Json law = {{"law", prior}, {"optimizer", preflight["run"]["optimizer"]}};
  law.update(run_facts(preflight["model"]));
  const Document document{.json = std::move(law), .name = "prior", .lines = {}};
  const auto applied = AppliedLaw::read(document.root());
  if (!applied) return std::nullopt;  // a law for another optimizer
  return Expected{applied->value(), std::string(applied->law->source)};
}

}  // namespace

std::optional<std::string> odd_rate(const Json& preflight) {
  const double rate = preflight["run"]["learning_rate"].get<double>();
  const auto expected = expected_rate(preflight);
  if (!expected || rate <= 0) return std::nullopt;
  const auto& [at, factor] = expected->value;
  if (std::abs(std::log(rate / at)) <= kDeviations * std::log(factor)) return std::nullopt;
  const double reach = std::pow(factor, kDeviations);
  return fmt::format(
      "learning_rate {:.3g} is {} for {} on this model: {:.2g} is expected, {:.2g} to {:.2g} likely ({})", rate,
      rate > at ? "high" : "low", preflight["run"]["method"].get<std::string>(), at, at / reach, at * reach,
      expected->source);
}

}  // namespace pegbox
