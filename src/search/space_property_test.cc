// Space: properties that hold for every space, over random ones of all kinds, with conditions and priors.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "search/space.h"

namespace pegbox {
namespace {

Value random_choice(Rng& rng, std::size_t index) {
  switch (rng.below(3)) {
    case 0:
      return static_cast<std::int64_t>(index * 3);
    case 1:
      return static_cast<double>(index) + 0.25;
    default:
      return "choice " + std::to_string(index);
  }
}

void add_range(Parameter& parameter, Rng& rng, bool finite) {
  parameter.log_scale = rng.below(2) == 1;
  if (finite || rng.below(2) == 0) {
    parameter.kind = ParameterKind::Integer;
    parameter.low = static_cast<double>(1 + rng.below(5));
    parameter.high = parameter.low + 1 + static_cast<double>(rng.below(finite ? 3 : 5000));
    parameter.step = 1;
  } else {
    parameter.kind = ParameterKind::Real;
    parameter.low = std::pow(10, -6 + 8 * rng.uniform());
    parameter.high = parameter.low * (1.01 + 1e4 * rng.uniform());
    if (!parameter.log_scale) parameter.low -= parameter.high * rng.uniform();
    if (rng.below(3) == 0) parameter.step = (parameter.high - parameter.low) / static_cast<double>(1 + rng.below(40));
  }
}

void add_prior(Parameter& parameter, Rng& rng) {
  if (rng.below(2) == 0) return;
  if (parameter.kind == ParameterKind::Real || parameter.kind == ParameterKind::Integer) {
    const double at = UnitScale(parameter).value(rng.uniform());
    const double spread =
        parameter.log_scale ? 1.1 + 5 * rng.uniform() : (parameter.high - parameter.low) * rng.uniform();
    parameter.prior = Prior{at, spread + 1e-6, "test"};
  } else if (parameter.kind == ParameterKind::Ordered && rng.below(2) == 0) {
    parameter.prior = Prior{parameter.choices[rng.below(parameter.choices.size())], 0.1 + 2 * rng.uniform(), "test"};
  } else if (parameter.kind == ParameterKind::Ordered || parameter.kind == ParameterKind::Categorical) {
    for (std::size_t i = 0; i < parameter.choices.size(); ++i) parameter.weights.push_back(0.01 + rng.uniform());
  }
}

/// Conditions on earlier parameters with countable values.
void add_conditions(Parameter& parameter, const std::vector<Parameter>& earlier, Rng& rng) {
  for (const Parameter& parent : earlier) {
    if (parent.cardinality() == 0 || rng.below(6) != 0) continue;
    Condition condition{parent.name, {}};
    for (std::uint64_t i = 0, count = 1 + rng.below(2); i < count; ++i) {
      if (!parent.choices.empty())
        condition.values.push_back(parent.choices[rng.below(parent.choices.size())]);
      else
        condition.values.push_back(UnitScale(parent).value(rng.uniform()));
    }
    parameter.when.push_back(std::move(condition));
  }
}

Parameter random_parameter(const std::string& name, Rng& rng, bool finite) {
  Parameter parameter;
  parameter.name = name;
  switch (rng.below(finite ? 4 : 5)) {
    case 0:
      add_range(parameter, rng, finite);
      break;
    case 1:
      parameter.kind = ParameterKind::Categorical;
      break;
    case 2:
      parameter.kind = ParameterKind::Ordered;
      break;
    case 3:
      parameter.kind = ParameterKind::Fixed;
      break;
    default:
      parameter.kind = ParameterKind::Simplex;
      for (std::uint64_t i = 0, count = 2 + rng.below(5); i < count; ++i)
        parameter.components.push_back("part" + std::to_string(i));
  }
  if (parameter.kind == ParameterKind::Fixed) parameter.choices = {random_choice(rng, 1)};
  if (parameter.kind == ParameterKind::Categorical || parameter.kind == ParameterKind::Ordered)
    for (std::uint64_t i = 0, count = 1 + rng.below(finite ? 3 : 7); i < count; ++i)
      parameter.choices.push_back(random_choice(rng, i));
  add_prior(parameter, rng);
  return parameter;
}

/// With conditions; the order of the file is not the order of the conditions.
Space random_space(Rng& rng, bool finite) {
  std::vector<Parameter> parameters;
  for (std::uint64_t i = 0, count = 1 + rng.below(finite ? 6 : 9); i < count; ++i) {
    Parameter parameter = random_parameter("p" + std::to_string(i), rng, finite);
    add_conditions(parameter, parameters, rng);
    parameters.push_back(std::move(parameter));
  }
  shuffle(parameters, rng);
  auto space = Space::create(std::move(parameters));
  EXPECT_TRUE(space) << space.error().message;
  return space ? std::move(*space) : Space();
}

std::vector<double> random_point(const Space& space, Rng& rng) {
  std::vector<double> at(static_cast<std::size_t>(space.dimensions()));
  for (double& u : at) u = rng.below(10) == 0 ? static_cast<double>(rng.below(2)) : rng.uniform();
  return at;
}

TEST(AnySpace, BringsEveryConfigurationBackToTheLastBit) {
  Rng rng({1, stream_id("round trip")});
  for (int round = 0; round < 400; ++round) {
    const Space space = random_space(rng, false);
    for (int i = 0; i < 30; ++i) {
      auto at = random_point(space, rng);
      if (i % 2) space.apply_prior(at);
      const Config config = space.from_unit(at);
      ASSERT_TRUE(space.contains(config)) << config.to_text();
      const UnitPoint point = space.to_unit(config);
      const Config back = space.from_unit(point.at);
      ASSERT_EQ(back.to_text(), config.to_text());
      ASSERT_EQ(back.to_json(), config.to_json());
      for (std::size_t axis = 0; axis < at.size(); ++axis) {
        ASSERT_TRUE(point.at[axis] >= 0 && point.at[axis] <= 1);
        if (!point.active[axis]) {
          ASSERT_EQ(point.at[axis], 0.5);
        }
      }
    }
  }
}

TEST(AnySpace, BringsAConfigurationBackThroughItsJson) {
  Rng rng({2, stream_id("json")});
  for (int round = 0; round < 200; ++round) {
    const Space space = random_space(rng, false);
    for (int i = 0; i < 10; ++i) {
      const Config config = space.from_unit(random_point(space, rng));
      const auto json = parse_json(to_line(config.to_json()), "test");
      ASSERT_TRUE(json);
      const auto back = Config::from_json(*json);
      ASSERT_TRUE(back);
      ASSERT_EQ(space.from_unit(space.to_unit(*back).at).to_json(), config.to_json());
    }
  }
}

TEST(AnySpace, ActivatesTheAxesOfWhatIsInTheConfiguration) {
  Rng rng({3, stream_id("active")});
  for (int round = 0; round < 300; ++round) {
    const Space space = random_space(rng, false);
    const Config config = space.from_unit(random_point(space, rng));
    const UnitPoint point = space.to_unit(config);
    for (std::size_t axis = 0; axis < point.at.size(); ++axis) {
      const Parameter& parameter = space.parameters()[static_cast<std::size_t>(space.axes()[axis].parameter)];
      const std::string name =
          parameter.kind == ParameterKind::Simplex ? parameter.name + "." + parameter.components[0] : parameter.name;
      ASSERT_EQ(point.active[axis], config.find(name) != nullptr);
      ASSERT_TRUE(point.active[axis] || space.axes()[axis].conditional);
    }
  }
}

TEST(AnySpace, CompletesAnyPartOfAConfigurationToOneOfItsOwn) {
  Rng rng({4, stream_id("complete")});
  for (int round = 0; round < 400; ++round) {
    const Space space = random_space(rng, false);
    const Config whole = space.from_unit(random_point(space, rng));
    Config part;
    for (const Parameter& parameter : space.parameters()) {
      if (rng.below(2)) continue;
      if (const Value* value = whole.find(parameter.name)) part.set(parameter.name, *value);
      for (const std::string& component : parameter.components)
        if (const Value* weight = whole.find(parameter.name + "." + component))
          part.set(parameter.name + "." + component, *weight);
    }
    Rng draws({5, stream_id("draws"), static_cast<std::uint64_t>(round)});
    const auto completed = space.complete(part, "test", draws);
    ASSERT_TRUE(completed) << completed.error().message << "\npart: " << part.to_text() << "\nof: " << whole.to_text();
    ASSERT_TRUE(space.contains(*completed)) << completed->to_text();
    ASSERT_EQ(space.from_unit(space.to_unit(*completed).at).to_json(), completed->to_json());
    for (const auto& [name, value] : part) ASSERT_EQ(*completed->find(name), value) << name;
  }
}

TEST(AnySpace, HasAsManyConfigurationsAsAnEnumerationFinds) {
  Rng rng({6, stream_id("count")});
  int conditional = 0;
  for (int round = 0; round < 400; ++round) {
    const Space space = random_space(rng, true);
    std::set<std::string> found;
    std::vector<std::int64_t> index(static_cast<std::size_t>(space.dimensions()), 0);
    bool more = true;
    while (more) {
      std::vector<double> at(index.size());
      for (std::size_t axis = 0; axis < at.size(); ++axis) {
        const Parameter& parameter = space.parameters()[static_cast<std::size_t>(space.axes()[axis].parameter)];
        const auto levels = static_cast<double>(space.axes()[axis].levels);
        at[axis] = (static_cast<double>(index[axis]) + 0.5) / levels;
        if (parameter.log_scale) {
          const UnitScale scale(parameter);
          at[axis] = scale.unit(scale.level(index[axis]));
        }
      }
      found.insert(space.from_unit(at).to_text());
      more = false;
      for (std::size_t axis = 0; axis < index.size() && !more; ++axis) {
        more = ++index[axis] < space.axes()[axis].levels;
        if (!more) index[axis] = 0;
      }
    }
    for (const Axis& axis : space.axes()) conditional += axis.conditional;
    ASSERT_EQ(space.cardinality(), static_cast<std::int64_t>(found.size()));
  }
  EXPECT_GT(conditional, 100);
}

TEST(AnySpace, HasAPriorWhoseDensityIsTheSlopeOfItsTransform) {
  Rng rng({7, stream_id("density")});
  int compared = 0;
  for (int round = 0; round < 300; ++round) {
    const Space space = random_space(rng, false);
    if (space.dimensions() == 0) continue;
    auto at = random_point(space, rng);
    for (double& u : at) u = 0.02 + 0.96 * u;
    const double h = 1e-6;
    auto low = at, high = at;
    for (double& u : low) u -= h;
    for (double& u : high) u += h;
    space.apply_prior(at);
    space.apply_prior(low);
    space.apply_prior(high);
    double expected = 0;
    for (std::size_t axis = 0; axis < at.size(); ++axis) expected -= std::log((high[axis] - low[axis]) / (2 * h));
    const double density = space.log_prior({at, std::vector<bool>(at.size(), true)});
    // A kink of a choice's weights within the difference spoils the comparison, rarely.
    compared += std::abs(density - expected) < 1e-3 * (1 + std::abs(expected));
    ASSERT_EQ(space.log_prior({at, std::vector<bool>(at.size(), false)}), 0);
    const double belief = space.log_belief({at, std::vector<bool>(at.size(), true)});
    ASSERT_GE(belief, std::max(density, 0.0) - 2.5 * static_cast<double>(at.size())) << "nothing is ruled out";
  }
  EXPECT_GT(compared, 280);
}

}  // namespace
}  // namespace pegbox
