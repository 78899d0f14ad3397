// PED-ANOVA: trials counted on grids, and their divergences.
#include "report/ped_anova.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/rng.h"
#include "math/pearson_divergence.h"

namespace pegbox {
namespace {

constexpr double kTopFraction = 0.1;
constexpr double kMostCells = 50;
constexpr int kBootstraps = 200;
constexpr int kFewestWithIt = 2;  ///< trials in which a conditional hyperparameter is active

/// One hyperparameter: the cell of each trial.
struct Grid {
  std::string parameter;
  std::size_t cells = 0;
  bool is_choice = false;
  std::vector<std::optional<std::size_t>> cell_of;  ///< [trials]; nothing where it is inactive
};

/// How many cells a hyperparameter has; of a component of a simplex as of a number in [0, 1].
std::size_t cells_of(const Parameter& parameter) {
  if (!parameter.choices.empty()) return parameter.choices.size();
  if (parameter.kind == ParameterKind::Integer && parameter.log_scale) {
    const double octaves = std::ceil(std::log2(parameter.high - parameter.low + 1));
    return static_cast<std::size_t>(std::min(octaves + 1, kMostCells));
  }
  const auto values = parameter.kind == ParameterKind::Simplex ? 0 : parameter.cardinality();
  return static_cast<std::size_t>(values > 0 ? std::min(static_cast<double>(values), kMostCells) : kMostCells);
}

/// A value between two cells belongs to the lower one.
std::size_t cell_of(const Parameter& parameter, std::size_t cells, double value) {
  const double high = parameter.kind == ParameterKind::Simplex ? parameter.high : last_value(parameter);
  const auto scaled = [&](double x) { return parameter.log_scale ? std::log(x) : x; };
  const double low = scaled(parameter.low), width = (scaled(high) - low) / static_cast<double>(cells - 1);
  const double cell = std::ceil((scaled(value) - low) / width - 0.5);
  return static_cast<std::size_t>(std::clamp(cell, 0.0, static_cast<double>(cells - 1)));
}

Grid grid_of(const Parameter& parameter, const std::string& name, const History& history, const MetricValues& metric) {
  Grid grid{.parameter = name,
            .cells = cells_of(parameter),
            .is_choice = parameter.kind == ParameterKind::Categorical,
            .cell_of = {}};
  for (const auto& [trial, value] : metric.values) {
    const Value* at = history.trials[static_cast<std::size_t>(trial)].config.find(name);
    grid.cell_of.emplace_back();
    if (at == nullptr) continue;
    const auto choice =
        std::ranges::find_if(parameter.choices, [&](const Value& each) { return same_value(each, *at); });
    grid.cell_of.back() = parameter.choices.empty() ? cell_of(parameter, grid.cells, as_number(*at))
                                                    : static_cast<std::size_t>(choice - parameter.choices.begin());
  }
  return grid;
}

std::vector<Grid> grids_of(const History& history, const MetricValues& metric) {
  std::vector<Grid> grids;
  for (const Parameter& parameter : history.spec.space.parameters()) {
    if (parameter.kind == ParameterKind::Fixed || parameter.cardinality() == 1) continue;
    for (const std::string& name : parameter.config_names()) grids.push_back(grid_of(parameter, name, history, metric));
  }
  return grids;
}

/// Importance of being active and where: see condPED-ANOVA, theorem 4.2, for one regime that is active.
double divergence_of(const Grid& grid, const std::vector<std::size_t>& trials, const std::vector<bool>& is_top) {
  std::vector<int> top(grid.cells), all(grid.cells);
  int top_active = 0, all_active = 0, tops = 0;
  for (const std::size_t i : trials) {
    tops += is_top[i];
    if (!grid.cell_of[i]) continue;
    ++all[*grid.cell_of[i]], ++all_active;
    if (is_top[i]) ++top[*grid.cell_of[i]], ++top_active;
  }
  if (all_active < kFewestWithIt || top_active == 0) return 0;
  const double count = static_cast<double>(trials.size()), quantile = tops / count;
  const double of_top = static_cast<double>(top_active) / tops, of_all = all_active / count;
  return of_top * of_top / of_all * math::pearson_divergence(top, all, grid.is_choice) * quantile * quantile;
}

/// Of `trials`, indices into the values, with repetitions.
std::vector<double> divergences(const std::vector<Grid>& grids, const MetricValues& metric,
                                const std::vector<std::size_t>& trials) {
  const double sign = metric.minimize ? 1 : -1;
  std::vector<double> losses;
  for (const std::size_t i : trials) losses.push_back(sign * metric.values[i].second);
  const auto cut = losses.begin() + std::llround(std::ceil(kTopFraction * static_cast<double>(losses.size()))) - 1;
  std::ranges::nth_element(losses, cut);
  std::vector<bool> is_top(metric.values.size());
  for (const std::size_t i : trials) is_top[i] = sign * metric.values[i].second <= *cut;
  std::vector<double> found;
  for (const Grid& grid : grids) found.push_back(divergence_of(grid, trials, is_top));
  return found;
}

std::vector<double> as_shares(const std::vector<double>& divergences) {
  const double total = std::accumulate(divergences.begin(), divergences.end(), 0.0);
  std::vector<double> shares;
  for (const double each : divergences)
    shares.push_back(total > 0 ? each / total : 1.0 / static_cast<double>(divergences.size()));
  return shares;
}

}  // namespace

std::vector<ParameterImportance> ped_anova(const History& history, const MetricValues& metric, std::uint64_t seed) {
  const std::vector<Grid> grids = grids_of(history, metric);
  std::vector<std::size_t> trials(metric.values.size());
  std::iota(trials.begin(), trials.end(), 0);
  const auto whole = divergences(grids, metric, trials), shares = as_shares(whole);
  std::vector<std::vector<double>> drawn(grids.size());
  for (int draw = 0; draw < kBootstraps; ++draw) {
    Rng rng({seed, stream_id("ped-anova bootstrap"), static_cast<std::uint64_t>(draw)});
    for (std::size_t& each : trials) each = rng.below(trials.size());
    const auto of_draw = as_shares(divergences(grids, metric, trials));
    for (std::size_t g = 0; g < grids.size(); ++g) drawn[g].push_back(of_draw[g]);
  }
  std::vector<ParameterImportance> found;
  for (std::size_t g = 0; g < grids.size(); ++g) {
    ParameterImportance each{.parameter = grids[g].parameter, .share = shares[g], .interval = {}};
    each.interval = {math::quantile(drawn[g], 0.025), math::quantile(drawn[g], 0.975)};
    each.divergence = whole[g];
    found.push_back(std::move(each));
  }
  return found;
}

}  // namespace pegbox
