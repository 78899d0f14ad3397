// RegressionForest: growing trees from axes that are sorted once.
#include "math/regression_forest.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <numeric>
#include <optional>
#include <thread>

#include "base/rng.h"

namespace pegbox::math {
namespace {

/// A way to part a node in two, and how good it is: sum^2 / weight of both parts together; more is better.
struct Split {
  double score = -1;
  int axis = -1;
  double threshold = 0;       // numbers at most this go left
  std::uint64_t choices = 0;  // of a choice: these go left
};

struct Moments {
  double weight = 0, sum = 0;
  void add(double w, double value) {
    weight += w;
    sum += w * value;
  }
  double score() const { return sum * sum / weight; }
};

double score_of(const Moments& left, const Moments& all) {
  return left.score() + Moments{all.weight - left.weight, all.sum - left.sum}.score();
}

/// Points by each axis, those without a number last: sorted once for all trees.
std::vector<std::vector<int>> sorted_points(std::span<const ForestAxis> axes, std::span<const double> points) {
  const std::size_t d = axes.size(), n = points.size() / d;
  std::vector<std::vector<int>> sorted(d, std::vector<int>(n));
  for (std::size_t j = 0; j < d; ++j) {
    std::iota(sorted[j].begin(), sorted[j].end(), 0);
    const auto before = [&](int a, int b) {
      const double x = points[static_cast<std::size_t>(a) * d + j], y = points[static_cast<std::size_t>(b) * d + j];
      return std::isnan(y) ? !std::isnan(x) : x < y;
    };
    std::ranges::stable_sort(sorted[j], before);
  }
  return sorted;
}

/// Grows one tree. Every axis keeps the node's points in its own order; a split parts all orders stably.
class Grower {
 public:
  Grower(std::span<const ForestAxis> axes, std::span<const double> points, std::span<const double> values,
         const std::vector<std::vector<int>>& sorted, const RngKey& key)
      : axes_(axes), points_(points), values_(values), d_(axes.size()), rng_(key), weights_(values.size()) {
    for (std::size_t i = 0; i < values.size(); ++i) ++weights_[rng_.below(values.size())];
    for (const auto& order : sorted) {
      orders_.emplace_back();
      std::ranges::copy_if(order, std::back_inserter(orders_.back()), [&](int i) { return weights_[at(i)] > 0; });
    }
    goes_left_.resize(values.size());
    is_active_.resize(values.size());
    turn_.resize(d_);
    std::iota(turn_.begin(), turn_.end(), 0);
  }

  RegressionTree grow() {
    std::vector<Node> open{{0, orders_[0].size(), std::vector<LeafSide>(d_)}};
    for (std::size_t j = 0; j < d_; ++j)
      if (axes_[j].choices > 0) open[0].sides[j].choices = ~0ull >> (64 - axes_[j].choices);
    RegressionTree tree;
    while (!open.empty()) {
      Node node = std::move(open.back());
      open.pop_back();
      const Split split = best_split(node);
      if (split.axis < 0) {
        add_leaf(tree, node);
        continue;
      }
      auto [left, right] = part(std::move(node), split);
      open.push_back(std::move(right));
      open.push_back(std::move(left));
    }
    return tree;
  }

 private:
  struct Node {
    std::size_t begin, end;  // in each order
    std::vector<LeafSide> sides;
  };

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  double coordinate(int i, std::size_t axis) const { return points_[at(i) * d_ + axis]; }

  /// A search for the split of a node that tells its points' targets apart best.
  struct Search {
    const Node& node;
    std::span<const double> targets;
    Moments all;        // around `centre`, so that their sum is 0
    double centre = 0;  // of the targets
    Split best{};       // on an axis on which all points are active
    Split partial{};    // on another one, where inactive points join the better side
  };

  std::optional<Search> begin_search(const Node& node, std::span<const double> targets) const {
    Moments all;
    bool is_pure = true;
    const double first = targets[at(orders_[0][node.begin])];
    for (std::size_t k = node.begin; k < node.end; ++k) {
      const int i = orders_[0][k];
      all.add(weights_[at(i)], targets[at(i)]);
      is_pure = is_pure && targets[at(i)] == first;
    }
    if (is_pure) return std::nullopt;
    return Search{.node = node, .targets = targets, .all = {all.weight, 0}, .centre = all.sum / all.weight};
  }

  /// Axes are looked at in a random turn, so that chance decides between equals. Where an axis that is not active
  /// everywhere would be best, the node is split by what makes it active; the axis itself can be split below.
  Split best_split(const Node& node) {
    auto search = begin_search(node, values_);
    if (!search) return {};
    shuffle(turn_, rng_);
    for (const std::size_t j : turn_) look_at(*search, j);
    if (search->partial.score <= search->best.score) return search->best;
    const Split parting = split_by_activity(node, static_cast<std::size_t>(search->partial.axis));
    return parting.axis < 0 ? search->best : parting;
  }

  Split split_by_activity(const Node& node, std::size_t axis) {
    for (std::size_t k = node.begin; k < node.end; ++k)
      is_active_[at(orders_[axis][k])] = !std::isnan(coordinate(orders_[axis][k], axis));
    auto search = begin_search(node, is_active_);
    for (const std::size_t j : turn_)
      if (search && j != axis) look_at(*search, j);
    return search ? search->best : Split{};
  }

  void look_at(Search& search, std::size_t j) const {
    std::size_t end = search.node.end;  // of the points that are active
    while (end > search.node.begin && std::isnan(coordinate(orders_[j][end - 1], j))) --end;
    Moments inactive;
    for (std::size_t k = end; k < search.node.end; ++k) add(inactive, search, orders_[j][k]);
    if (end < search.node.begin + 2) return;
    Split& best = end == search.node.end ? search.best : search.partial;
    axes_[j].choices > 0 ? try_choices(search, j, end, inactive, best) : try_numbers(search, j, end, inactive, best);
  }

  void add(Moments& to, const Search& search, int i) const {
    to.add(weights_[at(i)], search.targets[at(i)] - search.centre);
  }

  /// With the inactive points on the side where they fit better.
  static double score_with(const Moments& left, const Moments& inactive, const Moments& all) {
    if (inactive.weight == 0) return score_of(left, all);
    return std::max(score_of(left, all), score_of({left.weight + inactive.weight, left.sum + inactive.sum}, all));
  }

  void try_numbers(const Search& search, std::size_t j, std::size_t end, const Moments& inactive, Split& best) const {
    const std::vector<int>& order = orders_[j];
    Moments left;
    double x = coordinate(order[search.node.begin], j);
    for (std::size_t k = search.node.begin; k + 1 < end; ++k) {
      add(left, search, order[k]);
      const double next = coordinate(order[k + 1], j);
      if (next != x) {
        const double score = score_with(left, inactive, search.all);
        const double middle = x + (next - x) / 2;
        if (score > best.score) best = {score, static_cast<int>(j), middle < next ? middle : x, 0};
      }
      x = next;
    }
  }

  void try_choices(const Search& search, std::size_t j, std::size_t end, const Moments& inactive, Split& best) const {
    std::vector<Moments> of(at(axes_[j].choices));
    for (std::size_t k = search.node.begin; k < end; ++k)
      add(of[static_cast<std::size_t>(coordinate(orders_[j][k], j))], search, orders_[j][k]);
    std::vector<int> seen;
    for (int c = 0; c < axes_[j].choices; ++c)
      if (of[at(c)].weight > 0) seen.push_back(c);
    std::ranges::stable_sort(seen, {}, [&](int c) { return of[at(c)].sum / of[at(c)].weight; });
    Moments left;
    std::uint64_t choices = 0, observed = 0;
    for (const int c : seen) observed |= 1ull << c;
    for (std::size_t k = 0; k + 1 < seen.size(); ++k) {
      left.weight += of[at(seen[k])].weight;
      left.sum += of[at(seen[k])].sum;
      choices |= 1ull << seen[k];
      const double score = score_with(left, inactive, search.all);
      if (score <= best.score) continue;
      const bool takes_unseen = left.weight * 2 > search.all.weight;  // the larger part does
      best = {score, static_cast<int>(j), 0, choices | (takes_unseen ? search.node.sides[j].choices & ~observed : 0)};
    }
  }

  std::pair<Node, Node> part(Node node, const Split& split) {
    const auto axis = static_cast<std::size_t>(split.axis);
    const bool is_choice = axes_[axis].choices > 0;
    for (std::size_t k = node.begin; k < node.end; ++k) {
      const int i = orders_[axis][k];
      const double x = coordinate(i, axis);
      goes_left_[at(i)] = is_choice ? split.choices >> static_cast<int>(x) & 1 : x <= split.threshold;
    }
    std::size_t middle = node.begin;
    for (auto& order : orders_) {
      spare_.clear();
      middle = node.begin;
      for (std::size_t k = node.begin; k < node.end; ++k) {
        const int i = order[k];
        if (goes_left_[at(i)])
          order[middle++] = i;
        else
          spare_.push_back(i);
      }
      std::ranges::copy(spare_, order.begin() + static_cast<std::ptrdiff_t>(middle));
    }
    Node left{node.begin, middle, node.sides}, right{middle, node.end, std::move(node.sides)};
    if (is_choice) {
      left.sides[axis].choices &= split.choices;
      right.sides[axis].choices &= ~split.choices;
    } else {
      left.sides[axis].high = right.sides[axis].low = split.threshold;
    }
    return {std::move(left), std::move(right)};
  }

  void add_leaf(RegressionTree& tree, const Node& node) const {
    Moments all;
    for (std::size_t k = node.begin; k < node.end; ++k)
      all.add(weights_[at(orders_[0][k])], values_[at(orders_[0][k])]);
    double volume = 1;
    for (std::size_t j = 0; j < d_; ++j) volume *= node.sides[j].width(axes_[j]);
    tree.values.push_back(all.sum / all.weight);
    tree.volumes.push_back(volume);
    tree.sides.insert(tree.sides.end(), node.sides.begin(), node.sides.end());
  }

  std::span<const ForestAxis> axes_;
  std::span<const double> points_, values_;
  std::size_t d_;
  Rng rng_;
  std::vector<double> weights_;           // [n]: how often the bootstrap drew a point
  std::vector<std::vector<int>> orders_;  // [d]: the points drawn, by that axis within each node
  std::vector<char> goes_left_;           // [n]
  std::vector<double> is_active_;         // [n]: on the axis in question, 1 or 0
  std::vector<int> spare_;
  std::vector<std::size_t> turn_;
};

Result<void> check(std::span<const ForestAxis> axes, std::span<const double> points, std::span<const double> values) {
  const auto refuse = [](const char* what) {
    return fail(ErrorKind::InvalidInput, {.where = "regression forest", .what = what});
  };
  const std::size_t d = axes.size();
  if (d == 0 || values.empty() || points.size() != values.size() * d) return refuse("points and values do not agree");
  for (const ForestAxis& axis : axes)
    if (axis.choices < 0 || axis.choices == 1 || axis.choices > kMostForestChoices)
      return refuse("an axis has too few or too many choices");
  if (!std::ranges::all_of(values, [](double x) { return std::isfinite(x); })) return refuse("a value is not finite");
  for (std::size_t i = 0; i < points.size(); ++i) {
    const int choices = axes[i % d].choices;
    const double x = points[i];
    if (!std::isnan(x) && !(x >= 0 && (choices > 0 ? x < choices && x == std::floor(x) : x <= 1)))
      return refuse("a coordinate is outside its axis");
  }
  return {};
}

}  // namespace

double LeafSide::width(const ForestAxis& axis) const {
  return axis.choices > 0 ? static_cast<double>(std::popcount(choices)) / axis.choices : high - low;
}

Result<std::vector<RegressionTree>> grow_forest(std::span<const ForestAxis> axes, std::span<const double> points,
                                                std::span<const double> values, const ForestOptions& options) {
  PEGBOX_CHECK(check(axes, points, values));
  const auto sorted = sorted_points(axes, points);
  std::vector<RegressionTree> trees(static_cast<std::size_t>(std::max(1, options.trees)));
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t t = next++; t < trees.size(); t = next++)
      trees[t] = Grower(axes, points, values, sorted, {options.seed, stream_id("regression forest"), t}).grow();
  };
  std::vector<std::jthread> threads;
  for (int i = 1; i < options.threads; ++i) threads.emplace_back(work);
  work();
  threads.clear();
  return trees;
}

}  // namespace pegbox::math
