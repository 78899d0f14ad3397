// ShownAxis: places in the unit cube, with the values that lie there.
#include "report/shown_axis.h"

#include <fmt/format.h>

#include <algorithm>

#include "search/unit_scale.h"

namespace pegbox {
namespace {

constexpr std::int64_t kMostLabels = 8;

std::vector<std::pair<double, std::string>> labels_of(const Parameter& parameter, const Axis& axis) {
  std::vector<std::pair<double, std::string>> labels;
  const bool is_choice = !parameter.choices.empty();
  const std::int64_t count = axis.levels > 0 && axis.levels <= kMostLabels ? axis.levels : 3;
  const std::int64_t last = axis.levels > 0 ? axis.levels - 1 : 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t level = last * i / std::max<std::int64_t>(1, count - 1);
    if (is_choice) {
      const double middle = (static_cast<double>(level) + 0.5) / static_cast<double>(axis.levels);
      labels.emplace_back(middle, to_text(parameter.choices[static_cast<std::size_t>(level)]));
      continue;
    }
    const UnitScale scale(parameter);
    const double unit =
        axis.levels > 0 ? scale.unit(scale.level(level)) : static_cast<double>(i) / static_cast<double>(count - 1);
    labels.emplace_back(unit, fmt::format("{:.3g}", scale.value(unit)));
  }
  return labels;
}

}  // namespace

std::vector<ShownAxis> ShownAxis::of(const Space& space) {
  std::vector<ShownAxis> shown;
  for (std::size_t i = 0; i < space.axes().size(); ++i) {
    const Axis& axis = space.axes()[i];
    const Parameter& parameter = space.parameters()[static_cast<std::size_t>(axis.parameter)];
    if (axis.levels == 1) continue;
    if (parameter.kind != ParameterKind::Simplex) {
      ShownAxis each;
      each.name = parameter.name;
      each.labels = labels_of(parameter, axis);
      each.axis_ = i;
      shown.push_back(std::move(each));
      continue;
    }
    if (i > 0 && space.axes()[i - 1].parameter == axis.parameter) continue;
    for (const std::string& name : parameter.config_names()) {
      ShownAxis each;
      each.name = name;
      each.labels = {{0, "0"}, {0.5, "0.5"}, {1, "1"}};
      each.is_share_ = true;
      shown.push_back(std::move(each));
    }
  }
  return shown;
}

std::optional<double> ShownAxis::place(const Space& space, const Config& config) const {
  const Value* value = config.find(name);
  if (value == nullptr) return std::nullopt;
  if (is_share_) return std::clamp(as_number(*value), 0.0, 1.0);
  const UnitPoint point = space.to_unit(config);
  if (!point.active[axis_]) return std::nullopt;
  return point.at[axis_];
}

}  // namespace pegbox
