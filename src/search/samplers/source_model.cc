// SourceModel: an earlier study's loss as a function over the present space.
#include "search/samplers/source_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "search/samplers/evidence.h"
#include "search/samplers/rank_warp.h"
#include "search/samplers/source_points.h"
#include "search/samplers/surrogate.h"

namespace pegbox {
namespace {

/// The source's observations of the losses in question.
struct SourceLosses {
  std::vector<std::size_t> trials;  ///< indices of the source's trials
  std::vector<double> targets;
};

std::optional<SourceLosses> losses_of(const event::SourceAdded& source, std::span<const Objective> objectives,
                                      std::size_t objective, std::span<const double> weights) {
  SourceLosses found;
  std::vector<Measured> measured;
  std::size_t finite = 0;
  for (std::size_t i = 0; i < source.trials.size(); ++i) {
    Measured each{.trial = static_cast<std::int64_t>(i)};
    for (std::size_t k = 0; k < objectives.size(); ++k) {
      const auto value = source.trials[i].metrics.find(objectives[k].metric);
      if (value == source.trials[i].metrics.end()) continue;
      if (!weights.empty() || k == objective) each.losses.push_back(objectives[k].sign() * value->second);
    }
    if (each.losses.size() != (weights.empty() ? 1 : objectives.size())) continue;
    finite += std::ranges::all_of(each.losses, [](double loss) { return std::isfinite(loss); }) ? 1 : 0;
    found.trials.push_back(i);
    measured.push_back(std::move(each));
  }
  if (finite < kMinSourceTrials) return std::nullopt;
  const double one = 1;
  found.targets = rank_warp(scalarize(measured, weights.empty() ? std::span(&one, 1) : weights));
  return found;
}

}  // namespace

Result<std::optional<SourceModel>> SourceModel::fit(const Space& space, const event::SourceAdded& source,
                                                    std::span<const Objective> objectives, std::size_t objective,
                                                    std::span<const double> weights) {
  const auto losses = losses_of(source, objectives, objective, weights);
  if (!losses) return std::nullopt;
  std::vector<std::vector<double>> points;
  for (const std::size_t i : losses->trials) points.push_back(encode_beyond(space, source.trials[i].config));

  std::vector<Column> columns;
  std::vector<math::Dimension> dimensions;
  const auto all = dimensions_of(space);
  for (std::size_t axis = 0; axis < all.size(); ++axis) {
    double low = 0, high = 1;
    std::size_t active = 0;
    for (const auto& point : points)
      if (!std::isnan(point[axis])) ++active, low = std::min(low, point[axis]), high = std::max(high, point[axis]);
    if (active == 0) continue;
    const bool category = all[axis].kind == math::DimensionKind::Categorical;
    columns.push_back(category ? Column{axis, 0, 0} : Column{axis, low, high - low});
    dimensions.push_back({all[axis].kind, all[axis].conditional || active < points.size()});
  }
  if (columns.empty()) return std::nullopt;
  std::vector<double> own;
  for (const auto& point : points) append_own(point, columns, own);
  PEGBOX_TRY(auto process, math::GaussianProcess::fit(dimensions, own, losses->targets));
  const auto predicted = process.mean_all(own);
  SourceModel model(std::move(columns), all.size(), std::move(process));
  std::vector<std::size_t> order(predicted.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return predicted[i]; });
  for (const std::size_t i : order) model.ranking_.push_back(losses->trials[i]);
  return model;
}

void SourceModel::append_own(std::span<const double> point, std::span<const Column> columns, std::vector<double>& own) {
  for (const auto& [axis, low, length] : columns)  // rounding must not leave the interval
    own.push_back(length == 0 ? point[axis] : std::clamp((point[axis] - low) / length, 0.0, 1.0));
}

std::vector<double> SourceModel::own(std::span<const double> points) const {
  std::vector<double> own;
  for (std::size_t begin = 0; begin < points.size(); begin += dimensions_)
    append_own(points.subspan(begin, dimensions_), columns_, own);
  return own;
}

std::vector<double> SourceModel::mean_all(std::span<const double> points) const {
  std::vector<double> means = process_.mean_all(own(points));
  for (double& mean : means) mean = (mean - process_.target_mean()) / spread();
  return means;
}

math::Acquisition SourceModel::mean_with_gradient(std::span<const double> point) const {
  const auto predicted = process_.predict_with_gradient(own(point));
  math::Acquisition mean{(predicted.prediction.mean - process_.target_mean()) / spread(),
                         std::vector<double>(dimensions_, 0.0)};
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (columns_[i].length > 0)
      mean.gradient[columns_[i].axis] = predicted.mean_gradient[i] / columns_[i].length / spread();
  return mean;
}

}  // namespace pegbox
