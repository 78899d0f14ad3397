// Lattice: all configurations of a space whose continuous axes are taken at a few places.
#include "search/samplers/lattice.h"

#include <algorithm>
#include <functional>
#include <string>
#include <unordered_set>

#include "search/samplers/levels.h"
#include "search/samplers/taken_configs.h"

namespace pegbox {
namespace {

/// Axes in the order of the file, but after the axes of the parameters that they depend on.
std::vector<std::size_t> loop_order(const Space& space) {
  const auto& parameters = space.parameters();
  std::vector<bool> placed(parameters.size(), false);
  std::vector<std::size_t> order;
  const std::function<void(std::size_t)> place = [&](std::size_t p) {
    if (placed[p]) return;
    placed[p] = true;
    for (const Condition& condition : parameters[p].when) {
      const auto parent = std::ranges::find(parameters, condition.parameter, &Parameter::name);
      if (parent != parameters.end()) place(static_cast<std::size_t>(parent - parameters.begin()));
    }
    for (std::size_t axis = 0; axis < space.axes().size(); ++axis)
      if (space.axes()[axis].parameter == static_cast<int>(p)) order.push_back(axis);
  };
  for (std::size_t p = 0; p < parameters.size(); ++p) place(p);
  return order;
}

class LatticeBuilder {
 public:
  LatticeBuilder(const Space& space, std::int64_t points, std::size_t limit)
      : space_(space), points_(points), limit_(limit), order_(loop_order(space)), at_(space.axes().size(), 0.5) {
    lattice_.dimensions = at_.size();
  }

  /// False if there are too many.
  bool build() { return descend(0); }
  Lattice take() { return std::move(lattice_); }

 private:
  bool descend(std::size_t depth) {
    if (depth == order_.size()) return add();
    const std::size_t axis = order_[depth];
    const Axis& kind = space_.axes()[axis];
    const Parameter& parameter = space_.parameters()[static_cast<std::size_t>(kind.parameter)];
    at_[axis] = 0.5;
    if (kind.conditional && !space_.is_active(parameter, space_.from_unit(at_))) return descend(depth + 1);
    const std::int64_t count = kind.levels > 0 ? kind.levels : points_;
    for (std::int64_t i = 0; i < count; ++i) {
      at_[axis] = kind.levels > 0 ? level_place(space_, static_cast<int>(axis), i)
                  : count == 1    ? 0.5
                                  : static_cast<double>(i) / static_cast<double>(count - 1);
      if (!descend(depth + 1)) return false;
    }
    at_[axis] = 0.5;
    return true;
  }

  /// Corners of a simplex are reached in several ways: only the first counts.
  bool add() {
    if (!seen_.insert(config_key(space_.from_unit(at_))).second) return true;
    if (lattice_.size == limit_) return false;
    ++lattice_.size;
    lattice_.at.insert(lattice_.at.end(), at_.begin(), at_.end());
    return true;
  }

  const Space& space_;
  std::int64_t points_;
  std::size_t limit_;
  std::vector<std::size_t> order_;
  std::vector<double> at_;
  std::unordered_set<std::string> seen_;
  Lattice lattice_;
};

}  // namespace

std::span<const double> Lattice::point(std::size_t index) const {
  return std::span(at).subspan(index * dimensions, dimensions);
}

Result<Lattice> make_lattice(const Space& space, std::int64_t points, std::size_t limit) {
  LatticeBuilder builder(space, points, limit);
  if (builder.build()) return builder.take();
  return fail(ErrorKind::InvalidInput, {.where = "space",
                                        .what = "too many configurations to list",
                                        .got = "more than " + std::to_string(limit),
                                        .hint = "give wide ranges a step, or search with gp, sobol or random"});
}

}  // namespace pegbox
