// Surrogate: the models behind the gp sampler.
#include "search/samplers/surrogate.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "math/expected_minimum.h"
#include "math/normal.h"
#include "search/samplers/levels.h"

namespace pegbox {
namespace {

constexpr double kFailureLimit = 0.5;  ///< between 0, a result, and 1, a failure
/// A failure costs a trial and tells little. Measured on bowls in 2 and 4 dimensions whose best place lies on, near and
/// away from the border of a failing half: 1 and 2 fail up to twice as often and find nothing better (docs/LOG.md).
constexpr double kShyness = 4;
constexpr std::size_t kChunk = 256;      ///< points predicted at a time
constexpr std::size_t kMaxSampled = 64;  ///< observations; with more, the best hyperparameters alone serve as well

/// log(1 - noise / sqrt(variance + noise^2)) and its derivative by the variance: how much of what a trial would show is
/// news. Huang, Allen, Notz, Zeng, "Global optimization of stochastic black-box systems via sequential kriging
/// meta-models", J. Global Optimization 34 (2006).
math::ValueAndSlope log_news(double variance, double noise_variance) {
  if (variance <= 0) return {-HUGE_VAL, 0};
  if (noise_variance <= 0) return {};
  const double total = variance + noise_variance, root = std::sqrt(noise_variance / total);
  const double part = variance / (total * (1 + root));  // 1 - root, in which nothing cancels
  return {std::log(part), root / (2 * total * part)};
}

/// log(exp(a) + exp(b))
double log_sum(double a, double b) {
  const double larger = std::max(a, b);
  return std::isinf(larger) ? larger : larger + std::log1p(std::exp(std::min(a, b) - larger));
}

struct FailureData {
  std::vector<double> points, labels;
};

FailureData failure_data(const Evidence& evidence) {
  FailureData data{evidence.points, {}};
  for (const bool allowed : evidence.allowed) data.labels.push_back(allowed ? 0.0 : 1.0);
  data.points.insert(data.points.end(), evidence.failed.begin(), evidence.failed.end());
  const std::size_t d = evidence.points.size() / evidence.targets.size();
  data.labels.insert(data.labels.end(), d == 0 ? 0 : evidence.failed.size() / d, 1.0);
  return data;
}

bool has_failures(const Evidence& evidence) {
  return !evidence.failed.empty() || std::ranges::find(evidence.allowed, false) != evidence.allowed.end();
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() &&
         std::ranges::equal(a, b, {}, std::bit_cast<std::uint64_t, double>, std::bit_cast<std::uint64_t, double>);
}

}  // namespace

bool Evidence::operator==(const Evidence& other) const {
  return trials == other.trials && allowed == other.allowed && same_bits(targets, other.targets) &&
         same_bits(points, other.points) && same_bits(failed, other.failed);
}

std::vector<math::Dimension> dimensions_of(const Space& space) {
  std::vector<math::Dimension> dimensions;
  for (const Axis& axis : space.axes())
    dimensions.push_back(
        {axis.kind == AxisKind::Categorical ? math::DimensionKind::Categorical : math::DimensionKind::Real,
         axis.conditional});
  return dimensions;
}

std::vector<double> encode(const Space& space, const UnitPoint& point) {
  std::vector<double> encoded(point.at);
  for (std::size_t axis = 0; axis < encoded.size(); ++axis) {
    if (!point.active[axis])
      encoded[axis] = math::kInactive;
    else if (space.axes()[axis].kind == AxisKind::Categorical)
      encoded[axis] = static_cast<double>(level_index(space, static_cast<int>(axis), point.at[axis]));
  }
  return encoded;
}

Result<SurrogateParameters> Surrogate::fit(const std::vector<math::Dimension>& dimensions, const Evidence& evidence) {
  SurrogateParameters parameters;
  PEGBOX_TRY(const auto loss, math::GaussianProcess::fit(dimensions, evidence.points, evidence.targets));
  parameters.loss = {loss.hyperparameters()};
  if (evidence.targets.size() <= kMaxSampled) {
    PEGBOX_TRY(parameters.loss,
               math::GaussianProcess::sample(dimensions, evidence.points, evidence.targets, loss.hyperparameters()));
  }
  if (!has_failures(evidence)) return parameters;
  const FailureData data = failure_data(evidence);
  PEGBOX_TRY(const auto failure, math::GaussianProcess::fit(dimensions, data.points, data.labels));
  parameters.failure = failure.hyperparameters();
  return parameters;
}

Result<Surrogate> Surrogate::create(const std::vector<math::Dimension>& dimensions, const Evidence& evidence,
                                    const SurrogateParameters& parameters) {
  Surrogate surrogate;
  surrogate.predicted_.assign(evidence.targets.size(), 0.0);
  for (const math::Hyperparameters& each : parameters.loss) {
    PEGBOX_TRY(auto process, math::GaussianProcess::with(dimensions, evidence.points, evidence.targets, each));
    const std::vector<double> means = process.mean_all(evidence.points);
    Model model{std::move(process), std::nullopt};
    for (std::size_t i = 0; i < means.size(); ++i) {
      surrogate.predicted_[i] += means[i] / static_cast<double>(parameters.loss.size());
      if (evidence.allowed[i]) model.best = std::min(model.best.value_or(HUGE_VAL), means[i]);
    }
    surrogate.models_.push_back(std::move(model));
  }
  if (has_failures(evidence)) {
    const FailureData data = failure_data(evidence);
    // A failure after the last fit: the loss's length scales serve until the next.
    PEGBOX_TRY(surrogate.failure_, math::GaussianProcess::with(dimensions, data.points, data.labels,
                                                               parameters.failure.value_or(parameters.loss.front())));
  }
  return surrogate;
}

Result<void> Surrogate::believe(std::span<const double> point) {
  for (Model& model : models_) PEGBOX_CHECK(model.process.append_pending(point));
  return {};
}

std::vector<double> Surrogate::worths(std::span<const double> points) const {
  const std::size_t m = points.size() / static_cast<std::size_t>(models_.front().process.dimensions());
  std::vector<double> worths(m, 0.0), slopes(m);
  for (const Model& model : models_) {
    const auto [means, covariances] = model.process.predict_jointly(points);
    for (std::size_t i = 0; i < m; ++i) {
      const double spread = std::sqrt(covariances[i * m + i] + model.process.noise_variance());
      for (std::size_t k = 0; k < m; ++k) slopes[k] = spread > 0 ? covariances[i * m + k] / spread : 0;
      worths[i] += math::expected_drop_of_minimum(means, slopes) / static_cast<double>(models_.size());
    }
  }
  return worths;
}

math::Prediction Surrogate::predict(std::span<const double> point) const {
  math::Prediction mixture;
  double squares = 0;
  const auto count = static_cast<double>(models_.size());
  for (const Model& model : models_) {
    const auto [mean, variance] = model.process.predict(point);
    mixture.mean += mean / count;
    mixture.variance += variance / count;
    squares += mean * mean / count;
  }
  mixture.variance += std::max(0.0, squares - mixture.mean * mixture.mean);
  return mixture;
}

void Surrogate::add_merits(const Model& model, std::span<const double> points, std::span<double> merits) {
  const auto predictions = model.process.predict_all(points);
  for (std::size_t i = 0; i < merits.size(); ++i)
    merits[i] = log_sum(merits[i], math::log_expected_improvement(predictions[i], *model.best) +
                                       log_news(predictions[i].variance, model.process.noise_variance()).value);
}

std::vector<double> Surrogate::log_merit(std::span<const double> points) const {
  const auto d = static_cast<std::size_t>(models_.front().process.dimensions());
  const bool improves = models_.front().best.has_value();
  std::vector<double> merits;
  for (std::size_t begin = 0; begin < points.size(); begin += kChunk * d) {
    const auto chunk = points.subspan(begin, std::min(kChunk * d, points.size() - begin));
    std::vector<double> merit(chunk.size() / d, improves ? -HUGE_VAL : 0.0);
    if (improves) {
      for (const Model& model : models_) add_merits(model, chunk, merit);
      for (double& each : merit) each -= std::log(static_cast<double>(models_.size()));
    }
    if (failure_) {
      const auto predictions = failure_->predict_all(chunk);
      for (std::size_t i = 0; i < merit.size(); ++i)
        merit[i] += kShyness * math::log_probability_below(predictions[i], kFailureLimit);
    }
    merits.insert(merits.end(), merit.begin(), merit.end());
  }
  return merits;
}

math::Acquisition Surrogate::merit_of(const Model& model, std::span<const double> point) {
  const auto prediction = model.process.predict_with_gradient(point);
  math::Acquisition merit = math::log_expected_improvement(prediction, *model.best);
  const auto news = log_news(prediction.prediction.variance, model.process.noise_variance());
  merit.value += news.value;
  for (std::size_t j = 0; j < point.size(); ++j) merit.gradient[j] += news.slope * prediction.variance_gradient[j];
  return merit;
}

math::Acquisition Surrogate::log_merit_with_gradient(std::span<const double> point) const {
  math::Acquisition merit{0, std::vector<double>(point.size(), 0.0)};
  if (models_.front().best) {
    std::vector<math::Acquisition> terms;
    for (const Model& model : models_) terms.push_back(merit_of(model, point));
    double sum = -HUGE_VAL;
    for (const math::Acquisition& term : terms) sum = log_sum(sum, term.value);
    merit.value = sum - std::log(static_cast<double>(terms.size()));
    for (const math::Acquisition& term : terms)
      if (std::isfinite(term.value))
        for (std::size_t j = 0; j < point.size(); ++j)
          merit.gradient[j] += std::exp(term.value - sum) * term.gradient[j];
  }
  if (failure_) {
    const auto term = math::log_probability_below(failure_->predict_with_gradient(point), kFailureLimit);
    merit.value += kShyness * term.value;
    for (std::size_t j = 0; j < point.size(); ++j) merit.gradient[j] += kShyness * term.gradient[j];
  }
  return merit;
}

std::vector<std::size_t> Surrogate::ranking() const {
  std::vector<std::size_t> order(predicted_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [this](std::size_t i) { return predicted_[i]; });
  return order;
}

}  // namespace pegbox
