// Fronts by efficient non-dominated sorting, hypervolume by slices of the last objective.
#include "math/pareto.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/number.h"

namespace pegbox::math {
namespace {

using Row = std::span<const double>;

Result<void> check(std::span<const double> points, std::size_t objectives) {
  if (objectives < 1 || points.size() % objectives != 0)
    return fail(ErrorKind::InvalidInput, {.where = "Pareto front",
                                          .what = "the points are not rows of the objectives",
                                          .got = fmt::format("{} numbers, {} objectives", points.size(), objectives)});
  if (std::ranges::any_of(points, [](double x) { return std::isnan(x); }))
    return fail(ErrorKind::InvalidInput, {.where = "Pareto front", .what = "an objective is not a number"});
  return {};
}

bool dominates(Row a, Row b) {
  bool smaller = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    smaller |= a[i] < b[i];
  }
  return smaller;
}

// In lexicographic order a point can only be dominated by earlier ones, so each is compared with the fronts so far:
// Zhang, Tian, Cheng, Jin, "An efficient approach to nondominated sorting", IEEE TEC 19 (2015).
std::vector<int> rank_rows(std::span<const double> points, std::size_t m, int ranks_wanted) {
  const std::size_t n = points.size() / m;
  const auto row = [&](std::size_t i) { return points.subspan(i * m, m); };
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return std::ranges::lexicographical_compare(row(a), row(b)); });
  std::vector<std::vector<std::size_t>> fronts;
  std::vector<int> ranks(n);
  for (std::size_t i : order) {
    std::size_t rank = 0;
    const auto is_dominated = [&](std::size_t front) {
      return std::any_of(fronts[front].rbegin(), fronts[front].rend(),
                         [&](std::size_t k) { return dominates(row(k), row(i)); });
    };
    while (rank < fronts.size() && is_dominated(rank)) ++rank;
    ranks[i] = static_cast<int>(rank);
    if (static_cast<int>(rank) == ranks_wanted) continue;
    if (rank == fronts.size()) fronts.emplace_back();
    fronts[rank].push_back(i);
  }
  return ranks;
}

using Points = std::vector<std::vector<double>>;

void keep_front(Points& points) {
  std::ranges::sort(points);
  points.erase(std::unique(points.begin(), points.end()), points.end());
  Points front;
  for (auto& point : points)
    if (std::ranges::none_of(front, [&](const auto& other) { return dominates(other, point); }))
      front.push_back(std::move(point));
  points = std::move(front);
}

double box_volume(Row point, Row reference) {
  double volume = 1;
  for (std::size_t i = 0; i < point.size(); ++i) volume *= reference[i] - point[i];
  return volume;
}

// Volume of a front (sorted, without duplicates) below the reference. Each point adds what the points with a smaller
// last objective do not cover; limited to its box those all reach its last objective, so that one drops out.
double front_volume(Points front, Row reference) {
  if (front.empty()) return 0;
  const std::size_t m = reference.size();
  if (m == 1) return reference[0] - front[0][0];
  double volume = 0;
  if (m == 2) {  // sorted by the first objective: the second falls
    double ceiling = reference[1];
    for (const auto& point : front) {
      volume += (reference[0] - point[0]) * (ceiling - point[1]);
      ceiling = point[1];
    }
    return volume;
  }
  std::ranges::stable_sort(front, std::greater<>(), [](const auto& point) { return point.back(); });
  const Row lower = reference.first(m - 1);
  for (std::size_t i = 0; i < front.size(); ++i) {
    const Row point = Row(front[i]).first(m - 1);
    Points limited;
    for (std::size_t k = i + 1; k < front.size(); ++k) {
      limited.emplace_back(point.begin(), point.end());
      for (std::size_t j = 0; j + 1 < m; ++j) limited.back()[j] = std::max(point[j], front[k][j]);
    }
    keep_front(limited);
    volume +=
        (reference[m - 1] - front[i][m - 1]) * (box_volume(point, lower) - front_volume(std::move(limited), lower));
  }
  return volume;
}

}  // namespace

Result<std::vector<int>> non_dominated_ranks(std::span<const double> points, int objectives) {
  PEGBOX_CHECK(check(points, std::max(objectives, 0)));
  return rank_rows(points, objectives, static_cast<int>(points.size()));
}

Result<std::vector<int>> pareto_front(std::span<const double> points, int objectives) {
  PEGBOX_CHECK(check(points, std::max(objectives, 0)));
  const std::vector<int> ranks = rank_rows(points, objectives, 1);
  std::vector<int> front;
  for (std::size_t i = 0; i < ranks.size(); ++i)
    if (ranks[i] == 0) front.push_back(static_cast<int>(i));
  return front;
}

Result<std::vector<double>> crowding_distances(std::span<const double> points, int objectives) {
  PEGBOX_CHECK(check(points, std::max(objectives, 0)));
  const auto m = static_cast<std::size_t>(objectives);
  std::vector<double> distances(points.size() / m, 0.0);
  std::vector<std::size_t> order(distances.size());
  if (order.empty()) return distances;
  for (std::size_t k = 0; k < m; ++k) {
    const auto value = [&](std::size_t i) { return points[i * m + k]; };
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, value);
    const double range = value(order.back()) - value(order.front());
    distances[order.front()] = distances[order.back()] = kInfinity;
    if (!(range > 0)) continue;
    for (std::size_t i = 1; i + 1 < order.size(); ++i)
      distances[order[i]] += (value(order[i + 1]) - value(order[i - 1])) / range;
  }
  return distances;
}

Result<double> hypervolume(std::span<const double> points, std::span<const double> reference) {
  const std::size_t m = reference.size();
  PEGBOX_CHECK(check(points, m));
  if (std::ranges::any_of(reference, [](double x) { return !std::isfinite(x); }))
    return fail(ErrorKind::InvalidInput, {.where = "hypervolume", .what = "the reference point is not finite"});
  Points front;
  for (std::size_t i = 0; i < points.size() / m; ++i) {
    const Row row = points.subspan(i * m, m);
    if (std::ranges::equal(row, reference, std::less<>())) front.emplace_back(row.begin(), row.end());
  }
  for (const auto& point : front)
    if (std::ranges::any_of(point, [](double x) { return std::isinf(x); }))
      return fail(ErrorKind::InvalidInput,
                  {.where = "hypervolume", .what = "a point has an objective of minus infinity"});
  keep_front(front);
  return front_volume(std::move(front), reference);
}

}  // namespace pegbox::math
