// ShiftedProcess: a Gaussian process around what earlier studies expect.
#include "search/samplers/shifted_process.h"

#include <cmath>

namespace pegbox {
namespace {

constexpr double kPriorDifference =
    0.5;                           ///< from the sources, in deviations of what they foretell, before anything is seen
constexpr double kPriorCount = 4;  ///< as if seen so often

math::PredictionGradient shifted(math::PredictionGradient predicted, const TransferMean* by,
                                 std::span<const double> point) {
  if (by == nullptr) return predicted;
  const math::Acquisition mean = by->with_gradient(point);
  predicted.prediction.mean += mean.value;
  for (std::size_t j = 0; j < mean.gradient.size(); ++j) predicted.mean_gradient[j] += mean.gradient[j];
  return predicted;
}

std::vector<double> shifted(std::vector<double> values, const TransferMean* by, std::span<const double> points) {
  if (by == nullptr) return values;
  const auto means = by->values(points);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] += means[i];
  return values;
}

}  // namespace

std::vector<double> PriorMean::residuals(std::span<const double> targets) const {
  std::vector<double> left(targets.begin(), targets.end());
  for (std::size_t i = 0; i < values.size(); ++i) left[i] -= values[i];
  return left;
}

Result<ShiftedProcess> ShiftedProcess::with(const std::vector<math::Dimension>& dimensions,
                                            std::span<const double> points, std::span<const double> targets,
                                            const math::Hyperparameters& hyperparameters, const PriorMean& prior) {
  PEGBOX_TRY(auto process, math::GaussianProcess::with(dimensions, points, prior.residuals(targets), hyperparameters));
  if (!prior.at) return ShiftedProcess(std::move(process), {});
  // Few results, all where the sources expect the best, differ from them alike; that must not make the sources certain.
  const auto n = static_cast<double>(targets.size());
  const double seen = std::pow(process.target_scale(), 2);
  const double expected =
      (n * seen + kPriorCount * std::pow(kPriorDifference * prior.at->spread(), 2)) / (n + kPriorCount);
  if (expected <= seen) return ShiftedProcess(std::move(process), prior);
  math::Hyperparameters wider = hyperparameters;
  wider.signal_variance *= expected / seen;
  PEGBOX_TRY(auto widened, math::GaussianProcess::with(dimensions, points, prior.residuals(targets), wider));
  return ShiftedProcess(std::move(widened), prior);
}

Result<void> ShiftedProcess::append_pending(std::span<const double> point) {
  PEGBOX_CHECK(process_.append_pending(point));
  if (mean_) shifts_.push_back(mean_->values(point).front());
  return {};
}

math::Prediction ShiftedProcess::predict(std::span<const double> point) const {
  math::Prediction predicted = process_.predict(point);
  if (mean_) predicted.mean += mean_->values(point).front();
  return predicted;
}

math::PredictionGradient ShiftedProcess::predict_with_gradient(std::span<const double> point) const {
  return shifted(process_.predict_with_gradient(point), mean_.get(), point);
}

std::vector<math::Prediction> ShiftedProcess::predict_all(std::span<const double> points) const {
  std::vector<math::Prediction> predicted = process_.predict_all(points);
  if (!mean_) return predicted;
  const auto means = mean_->values(points);
  for (std::size_t i = 0; i < predicted.size(); ++i) predicted[i].mean += means[i];
  return predicted;
}

std::vector<double> ShiftedProcess::mean_all(std::span<const double> points) const {
  return shifted(process_.mean_all(points), mean_.get(), points);
}

ShiftedDraw::ShiftedDraw(const ShiftedProcess& process, const RngKey& key)
    : difference_(process.process_, key), mean_(process.mean_), at_observations_(difference_.at_observations()) {
  for (std::size_t i = 0; i < process.shifts_.size(); ++i) at_observations_[i] += process.shifts_[i];
}

std::vector<double> ShiftedDraw::values(std::span<const double> points) const {
  return shifted(difference_.values(points), mean_.get(), points);
}

math::PredictionGradient ShiftedDraw::value_with_gradient(std::span<const double> point) const {
  return shifted(difference_.value_with_gradient(point), mean_.get(), point);
}

}  // namespace pegbox
