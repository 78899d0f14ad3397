// Drawn values: see drawn_values.h.
#include "app/drawn_values.h"

#include <fmt/format.h>

#include "search/constraints.h"

namespace pegbox {

namespace {

constexpr int kConfigs = 3, kMostDraws = 20;  // for each value

/// The choices of a parameter, or the ends of its range; none of a simplex.
std::vector<Value> tried_values(const Parameter& parameter) {
  switch (parameter.kind) {
    case ParameterKind::Real:
      return {parameter.low, parameter.high};
    case ParameterKind::Integer:
      return {static_cast<std::int64_t>(parameter.low), static_cast<std::int64_t>(parameter.high)};
    case ParameterKind::Simplex:
      return {};
    default:
      return parameter.choices;
  }
}

}  // namespace

std::vector<DrawnValue> drawn_values(const StudySpec& spec) {
  const Constraints constraints(spec.constraints, spec.space);
  Rng rng({spec.seed, stream_id("drawn values"), 0});
  std::vector<DrawnValue> drawn;
  for (const Parameter& parameter : spec.space.parameters())
    for (const Value& value : tried_values(parameter)) {
      int found = 0;
      for (int draw = 0; draw < kMostDraws && found < kConfigs; ++draw) {
        const auto config = spec.space.complete({{parameter.name, value}}, "space", rng);
        if (!config) break;
        if (const auto violated = constraints.violated(*config); !violated || *violated) continue;
        drawn.push_back({parameter.name, value, *config});
        ++found;
      }
    }
  return drawn;
}

Result<void> check_drawn(const std::vector<DrawnValue>& drawn, const Json& refused) {
  for (std::size_t first = 0, end = 0; first < drawn.size(); first = end) {
    const auto is_alike = [&](std::size_t i) {
      return drawn[i].parameter == drawn[first].parameter && same_value(drawn[i].value, drawn[first].value);
    };
    bool is_hopeless = true;
    for (end = first; end < drawn.size() && is_alike(end); ++end)
      is_hopeless = is_hopeless && end < refused.size() && refused[end].is_string();
    if (is_hopeless)
      return fail(
          ErrorKind::InvalidInput,
          {.where = "space: " + drawn[first].parameter,
           .what = fmt::format("the trainer would refuse every trial with {}", to_text(drawn[first].value)),
           .got = refused[first].get<std::string>(),
           .hint = "take the value out of the space, or say under `when` or `constraints` where it makes sense"});
  }
  return {};
}

}  // namespace pegbox
