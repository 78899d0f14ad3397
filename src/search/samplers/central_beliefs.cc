// Central beliefs: a prior for each parameter that can have one and has none.
#include "search/samplers/central_beliefs.h"

#include <cmath>
#include <numbers>
#include <utility>

namespace pegbox {
namespace {

constexpr std::size_t kFewestChoices = 3;

std::optional<Prior> central_prior(const Parameter& parameter) {
  const std::string source = "the middle of its range";
  if (parameter.kind == ParameterKind::Ordered) {
    const auto count = parameter.choices.size();
    if (count < kFewestChoices || !parameter.weights.empty()) return std::nullopt;
    return Prior{parameter.choices[count / 2], kCentralSpread * static_cast<double>(count), source};
  }
  if (parameter.kind != ParameterKind::Real && parameter.kind != ParameterKind::Integer) return std::nullopt;
  const UnitScale scale(parameter);
  const double middle = scale.value(0.5);
  const double spread = parameter.log_scale ? std::exp(kCentralSpread / scale.unit_spread(std::numbers::e))
                                            : kCentralSpread / scale.unit_spread(1);
  const Value at = parameter.kind == ParameterKind::Integer ? Value(std::llround(middle)) : Value(middle);
  return Prior{at, spread, source};
}

}  // namespace

Space with_central_beliefs(const Space& space) {
  std::vector<Parameter> parameters = space.parameters();
  for (Parameter& parameter : parameters)
    if (!parameter.prior) parameter.prior = central_prior(parameter);
  auto believed = Space::create(std::move(parameters));
  return believed ? *std::move(believed) : space;  // a range too narrow to have a middle keeps what it has
}

Space without_priors(const Space& space) {
  std::vector<Parameter> parameters = space.parameters();
  for (Parameter& parameter : parameters) parameter.prior.reset();
  auto flat = Space::create(std::move(parameters));
  return flat ? *std::move(flat) : space;
}

}  // namespace pegbox
