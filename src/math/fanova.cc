// Fanova: marginals of trees and their variances.
#include "math/fanova.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <numeric>
#include <thread>

namespace pegbox::math {
namespace {

constexpr double kMostCells = 3.2e7;

struct Run {
  std::size_t begin, end;  // cells
};

/// An axis as a tree cuts it: cells of known width, and for each leaf the cells that it covers.
struct CutAxis {
  std::vector<double> widths;          // [cells]
  std::vector<std::vector<Run>> runs;  // [leaves]
};

double mean_of(const RegressionTree& tree) {
  return std::inner_product(tree.values.begin(), tree.values.end(), tree.volumes.begin(), 0.0);
}

const LeafSide& side(const RegressionTree& tree, std::size_t leaf, int axis) {
  return tree.sides[leaf * (tree.sides.size() / tree.leaves()) + static_cast<std::size_t>(axis)];
}

std::vector<double> edges_of(const RegressionTree& tree, int axis) {
  std::vector<double> edges;
  for (std::size_t leaf = 0; leaf < tree.leaves(); ++leaf) {
    edges.push_back(side(tree, leaf, axis).low);
    edges.push_back(side(tree, leaf, axis).high);
  }
  std::ranges::sort(edges);
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

CutAxis cut_number(const RegressionTree& tree, int axis) {
  const std::vector<double> edges = edges_of(tree, axis);
  const auto index = [&](double edge) {
    return static_cast<std::size_t>(std::ranges::lower_bound(edges, edge) - edges.begin());
  };
  CutAxis cut;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) cut.widths.push_back(edges[i + 1] - edges[i]);
  for (std::size_t leaf = 0; leaf < tree.leaves(); ++leaf)
    cut.runs.push_back({{index(side(tree, leaf, axis).low), index(side(tree, leaf, axis).high)}});
  return cut;
}

CutAxis cut_choice(const RegressionTree& tree, int axis, int choices) {
  CutAxis cut{.widths = std::vector<double>(static_cast<std::size_t>(choices), 1.0 / choices), .runs = {}};
  for (std::size_t leaf = 0; leaf < tree.leaves(); ++leaf) {
    const std::uint64_t set = side(tree, leaf, axis).choices;
    std::vector<Run> runs;
    for (std::size_t c = 0; c < cut.widths.size(); ++c) {
      if ((set >> c & 1) == 0) continue;
      if (!runs.empty() && runs.back().end == c)
        ++runs.back().end;
      else
        runs.push_back({c, c + 1});
    }
    cut.runs.push_back(std::move(runs));
  }
  return cut;
}

/// A leaf's part of the marginal where it is: value times volume over its widths along the axes.
double density(const RegressionTree& tree, std::span<const ForestAxis> all, std::span<const int> axes, std::size_t leaf,
               double mean) {
  double widths = 1;
  for (const int axis : axes) widths *= side(tree, leaf, axis).width(all[static_cast<std::size_t>(axis)]);
  return (tree.values[leaf] - mean) * tree.volumes[leaf] / widths;
}

/// Sums of boxes on a grid: every box changes the differences at its corners only.
class BoxSums {
 public:
  explicit BoxSums(const std::vector<CutAxis>& cuts) : cuts_(cuts), strides_(cuts.size()) {
    std::size_t cells = 1;
    for (std::size_t m = cuts.size(); m-- > 0;) {
      strides_[m] = cells;
      cells *= cuts[m].widths.size() + 1;
    }
    sums_.resize(cells);
  }

  void add(std::size_t leaf, double value) { add_corners(leaf, 0, 0, value); }

  /// The sum over cells of width times the square of what lies there. To be called once.
  double mean_square() {
    for (std::size_t m = 0; m < cuts_.size(); ++m) accumulate(m);
    return square_from(0, 0, 1);
  }

 private:
  void add_corners(std::size_t leaf, std::size_t m, std::size_t at, double value) {
    if (m == cuts_.size()) {
      sums_[at] += value;
      return;
    }
    for (const Run& run : cuts_[m].runs[leaf]) {
      add_corners(leaf, m + 1, at + run.begin * strides_[m], value);
      add_corners(leaf, m + 1, at + run.end * strides_[m], -value);
    }
  }

  void accumulate(std::size_t m) {
    const std::size_t stride = strides_[m], block = stride * (cuts_[m].widths.size() + 1);
    for (std::size_t begin = 0; begin < sums_.size(); begin += block)
      for (std::size_t i = begin + stride; i < begin + block; ++i) sums_[i] += sums_[i - stride];
  }

  double square_from(std::size_t m, std::size_t at, double width) const {
    if (m == cuts_.size()) return width * sums_[at] * sums_[at];
    double sum = 0;
    for (std::size_t c = 0; c < cuts_[m].widths.size(); ++c)
      sum += square_from(m + 1, at + c * strides_[m], width * cuts_[m].widths[c]);
    return sum;
  }

  const std::vector<CutAxis>& cuts_;
  std::vector<std::size_t> strides_;
  std::vector<double> sums_;
};

std::vector<CutAxis> cut_axes(const RegressionTree& tree, std::span<const ForestAxis> all, std::span<const int> axes) {
  std::vector<CutAxis> cuts;
  for (const int axis : axes) {
    const int choices = all[static_cast<std::size_t>(axis)].choices;
    cuts.push_back(choices > 0 ? cut_choice(tree, axis, choices) : cut_number(tree, axis));
  }
  return cuts;
}

double mean_square_by_grid(const RegressionTree& tree, std::span<const ForestAxis> all, std::span<const int> axes,
                           const std::vector<CutAxis>& cuts) {
  BoxSums sums(cuts);
  const double mean = mean_of(tree);
  for (std::size_t leaf = 0; leaf < tree.leaves(); ++leaf) sums.add(leaf, density(tree, all, axes, leaf, mean));
  return sums.mean_square();
}

double overlap(const LeafSide& a, const LeafSide& b, const ForestAxis& axis) {
  if (axis.choices > 0) return static_cast<double>(std::popcount(a.choices & b.choices)) / axis.choices;
  return std::max(0.0, std::min(a.high, b.high) - std::max(a.low, b.low));
}

TreeMean over_trees(std::span<const double> each) {
  if (each.empty()) return {};
  return {mean(each), {quantile(each, 0.025), quantile(each, 0.975)}};
}

}  // namespace

double marginal_variance_by_grid(const RegressionTree& tree, std::span<const ForestAxis> all,
                                 std::span<const int> axes) {
  return mean_square_by_grid(tree, all, axes, cut_axes(tree, all, axes));
}

double marginal_variance_by_pairs(const RegressionTree& tree, std::span<const ForestAxis> all,
                                  std::span<const int> axes) {
  const double mean = mean_of(tree);
  std::vector<double> densities;
  for (std::size_t leaf = 0; leaf < tree.leaves(); ++leaf) densities.push_back(density(tree, all, axes, leaf, mean));
  double sum = 0;
  for (std::size_t a = 0; a < tree.leaves(); ++a)
    for (std::size_t b = a; b < tree.leaves(); ++b) {
      double both = densities[a] * densities[b] * (a == b ? 1 : 2);
      for (const int axis : axes) {
        both *= overlap(side(tree, a, axis), side(tree, b, axis), all[static_cast<std::size_t>(axis)]);
        if (both == 0) break;
      }
      sum += both;
    }
  return sum;
}

double marginal_variance(const RegressionTree& tree, std::span<const ForestAxis> all, std::span<const int> axes) {
  const std::vector<CutAxis> cuts = cut_axes(tree, all, axes);
  double cells = 1;
  for (const CutAxis& cut : cuts) cells *= static_cast<double>(cut.widths.size() + 1);
  const double leaves = static_cast<double>(tree.leaves());
  if (cells > kMostCells || cells > leaves * leaves) return marginal_variance_by_pairs(tree, all, axes);
  return mean_square_by_grid(tree, all, axes, cuts);
}

Result<Fanova> Fanova::fit(std::span<const ForestAxis> axes, std::span<const double> points,
                           std::span<const double> values, const ForestOptions& options) {
  Fanova fitted;
  fitted.axes_.assign(axes.begin(), axes.end());
  fitted.threads_ = options.threads;
  std::vector<double> scaled;  // so that no square overflows
  for (const double value : values) fitted.scale_ = std::max(fitted.scale_, std::abs(value));
  for (const double value : values) scaled.push_back(fitted.scale_ > 0 ? value / fitted.scale_ : 0);
  PEGBOX_TRY(auto trees, grow_forest(axes, points, scaled, options));
  for (RegressionTree& tree : trees) {
    const double mean = mean_of(tree);
    double variance = 0;
    for (std::size_t leaf = 0; leaf < tree.leaves(); ++leaf)
      variance += tree.volumes[leaf] * (tree.values[leaf] - mean) * (tree.values[leaf] - mean);
    if (!(variance > 0)) continue;
    fitted.means_.push_back(mean);
    fitted.variances_.push_back(variance);
    fitted.trees_.push_back(std::move(tree));
  }
  return fitted;
}

std::vector<double> Fanova::shares(std::span<const int> axes, std::size_t trees) const {
  std::vector<double> found(std::min(trees, trees_.size()));
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t t = next++; t < found.size(); t = next++)
      found[t] = std::clamp(marginal_variance(trees_[t], axes_, axes) / variances_[t], 0.0, 1.0);
  };
  std::vector<std::jthread> threads;
  for (int i = 1; i < threads_; ++i) threads.emplace_back(work);
  work();
  threads.clear();
  return found;
}

TreeMean Fanova::share(std::span<const int> axes) const { return over_trees(shares(axes, trees_.size())); }

TreeMean Fanova::interaction(std::span<const int> a, std::span<const int> b, std::size_t trees) const {
  const std::size_t count = trees == 0 ? trees_.size() : trees;
  std::vector<int> both(a.begin(), a.end());
  both.insert(both.end(), b.begin(), b.end());
  std::vector<double> together = shares(both, count);
  const std::vector<double> first = shares(a, count), second = shares(b, count);
  for (std::size_t t = 0; t < together.size(); ++t) together[t] = std::max(0.0, together[t] - first[t] - second[t]);
  return over_trees(together);
}

std::vector<TreeMean> Fanova::marginal(int axis, std::span<const double> positions) const {
  std::vector<std::vector<double>> found(positions.size());
  const ForestAxis& kind = axes_[static_cast<std::size_t>(axis)];
  const std::vector<int> alone{axis};
  for (std::size_t t = 0; t < trees_.size(); ++t) {
    std::vector<double> at(positions.size(), means_[t]);
    for (std::size_t leaf = 0; leaf < trees_[t].leaves(); ++leaf) {
      const LeafSide& covers = side(trees_[t], leaf, axis);
      const double part = density(trees_[t], axes_, alone, leaf, means_[t]);
      for (std::size_t i = 0; i < positions.size(); ++i) {
        const double x = positions[i];
        const bool is_in = kind.choices > 0 ? (covers.choices >> static_cast<int>(x) & 1) != 0
                                            : (x > covers.low || covers.low == 0) && x <= covers.high;
        if (is_in) at[i] += part;
      }
    }
    for (std::size_t i = 0; i < positions.size(); ++i) found[i].push_back(at[i] * scale_);
  }
  std::vector<TreeMean> means;
  for (const auto& each : found) means.push_back(over_trees(each));
  return means;
}

}  // namespace pegbox::math
