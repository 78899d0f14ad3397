// Surrogate: the models behind the gp sampler.
#include "search/samplers/surrogate.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <numeric>

#include "math/normal.h"
#include "math/pareto.h"
#include "search/samplers/levels.h"

namespace pegbox {
namespace {

constexpr double kWarpSpread = 0.5;          ///< of the logarithms of warps, a priori
constexpr std::size_t kLeastWarped = 16;     ///< observations; of fewer, warps only add doubt
constexpr double kSteepness = 1000;          ///< of log merit, by log P below what is required
constexpr std::size_t kMaxClassified = 200;  ///< outcomes of a kind that the model of success sees
constexpr std::size_t kChunk = 256;          ///< points predicted at a time
constexpr std::size_t kMaxSampled = 64;      ///< observations; with more, the best hyperparameters alone serve as well

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

/// What the model of success sees: of each kind at most kMaxClassified, the latest ones, which lie at the border.
struct Outcomes {
  std::vector<double> points;
  std::vector<bool> successes;
};

Outcomes outcomes_of(const Evidence& evidence) {
  Outcomes outcomes;
  const std::size_t n = evidence.trials.size(), d = evidence.points.size() / n;
  const auto add_latest = [&](const std::vector<double>& points, std::size_t count, const auto& success) {
    for (std::size_t i = count - std::min(count, kMaxClassified); i < count; ++i) {
      const auto row = std::span(points).subspan(i * d, d);
      outcomes.points.insert(outcomes.points.end(), row.begin(), row.end());
      outcomes.successes.push_back(success(i));
    }
  };
  add_latest(evidence.points, n, [&](std::size_t i) { return evidence.allowed[i]; });
  add_latest(evidence.failed, evidence.failed.size() / d, [](std::size_t) { return false; });
  return outcomes;
}

/// log p(successes) if one probability holds everywhere, whatever it is: 1 / ((n + 1) (n over s)).
double log_evidence_of_chance(const std::vector<bool>& successes) {
  const auto n = static_cast<double>(successes.size());
  const auto s = static_cast<double>(std::ranges::count(successes, true));
  return std::lgamma(s + 1) + std::lgamma(n - s + 1) - std::lgamma(n + 2);
}

bool has_failures(const Evidence& evidence) {
  return !evidence.failed.empty() || std::ranges::find(evidence.allowed, false) != evidence.allowed.end();
}

}  // namespace

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() &&
         std::ranges::equal(a, b, {}, std::bit_cast<std::uint64_t, double>, std::bit_cast<std::uint64_t, double>);
}

bool Evidence::operator==(const Evidence& other) const {
  return trials == other.trials && allowed == other.allowed && std::ranges::equal(targets, other.targets, same_bits) &&
         same_bits(points, other.points) && same_bits(failed, other.failed) &&
         std::ranges::equal(priors, other.priors, same_bits, &PriorMean::values, &PriorMean::values);
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

Result<SurrogateParameters> Surrogate::fit(const std::vector<math::Dimension>& dimensions, const Evidence& evidence,
                                           bool warp) {
  const double spread = warp && evidence.trials.size() >= kLeastWarped ? kWarpSpread : 0;
  SurrogateParameters parameters;
  for (std::size_t k = 0; k < evidence.targets.size(); ++k) {
    const std::vector<double> targets = evidence.prior(k).residuals(evidence.targets[k]);
    PEGBOX_TRY(const auto best,
               math::GaussianProcess::fit(dimensions, evidence.points, targets, {.warp_spread = spread}));
    std::vector<math::Hyperparameters> draws{best.hyperparameters()};
    if (evidence.trials.size() <= kMaxSampled) {
      PEGBOX_TRY(draws, math::GaussianProcess::sample(dimensions, evidence.points, targets, best.hyperparameters(),
                                                      {.warp_spread = spread}));
    }
    parameters.losses.resize(draws.size());
    for (std::size_t i = 0; i < draws.size(); ++i) parameters.losses[i].push_back(std::move(draws[i]));
  }
  if (!has_failures(evidence)) return parameters;
  const Outcomes outcomes = outcomes_of(evidence);
  PEGBOX_TRY(parameters.success, math::ProbitProcess::fit(dimensions, outcomes.points, outcomes.successes));
  return parameters;
}

Result<Surrogate> Surrogate::create(const std::vector<math::Dimension>& dimensions, const Evidence& evidence,
                                    const SurrogateParameters& parameters, const Caution& caution) {
  Surrogate surrogate;
  surrogate.caution_ = caution;
  surrogate.improves_ = std::ranges::find(evidence.allowed, true) != evidence.allowed.end();
  surrogate.losses_ = evidence.targets.size();
  surrogate.allowed_ = evidence.allowed;
  surrogate.predicted_.assign(evidence.trials.size() * surrogate.losses_, 0.0);
  for (const auto& draw : parameters.losses) {
    PEGBOX_TRY(Model model, make_model(dimensions, evidence, draw, surrogate.predicted_));
    surrogate.models_.push_back(std::move(model));
  }
  for (double& each : surrogate.predicted_) each /= static_cast<double>(surrogate.models_.size());
  if (has_failures(evidence) && caution.exponent > 0)
    PEGBOX_CHECK(surrogate.model_success(dimensions, evidence, parameters));
  return surrogate;
}

Result<void> Surrogate::model_success(const std::vector<math::Dimension>& dimensions, const Evidence& evidence,
                                      const SurrogateParameters& parameters) {
  const Outcomes outcomes = outcomes_of(evidence);
  // A failure after the last fit: the prior serves until the next.
  PEGBOX_TRY(success_, math::ProbitProcess::with(
                           dimensions, outcomes.points, outcomes.successes,
                           parameters.success.value_or(math::ProbitProcess::prior_middle(dimensions.size()))));
  double attained = -HUGE_VAL;
  const auto logs = success_->log_probability_all(outcomes.points);
  for (std::size_t i = 0; i < logs.size(); ++i)
    if (outcomes.successes[i]) attained = std::max(attained, logs[i]);
  const bool depends = success_->log_evidence() > log_evidence_of_chance(outcomes.successes);
  log_required_ = depends ? std::min(std::log(caution_.required), attained) : -HUGE_VAL;
  return {};
}

Result<Surrogate::Model> Surrogate::make_model(const std::vector<math::Dimension>& dimensions, const Evidence& evidence,
                                               const std::vector<math::Hyperparameters>& parameters,
                                               std::span<double> predicted_sums) {
  Model model;
  std::vector<std::vector<double>> means;
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    PEGBOX_TRY(auto process, ShiftedProcess::with(dimensions, evidence.points, evidence.targets[k], parameters[k],
                                                  evidence.prior(k)));
    means.push_back(process.mean_all(evidence.points));
    model.processes.push_back(std::move(process));
    for (std::size_t i = 0; i < means[k].size(); ++i) predicted_sums[i * parameters.size() + k] += means[k][i];
  }
  std::vector<double> rows;
  for (std::size_t i = 0; i < evidence.trials.size(); ++i)
    if (evidence.allowed[i])
      for (const std::vector<double>& each : means) rows.push_back(each[i]);
  if (!rows.empty()) {
    PEGBOX_TRY(model.goal, Goal::of(rows, means.size()));
  }
  return model;
}

Result<void> Surrogate::believe(std::span<const double> point) {
  for (Model& model : models_) {
    std::vector<double> means;
    for (ShiftedProcess& process : model.processes) {
      PEGBOX_CHECK(process.append_pending(point));
      means.push_back(process.predict(point).mean);
    }
    if (model.goal) model.goal->add(means);
  }
  return {};
}

Result<void> Surrogate::judge_by(const Criterion& criterion) {
  criterion_ = criterion;
  if (criterion.kind != CriterionKind::Thompson || !improves_) return {};
  Rng rng(criterion.key);
  const Model& model = models_[rng.below(models_.size())];
  std::vector<ShiftedDraw> draws;
  std::vector<double> rows, softness;
  for (const ShiftedProcess& process : model.processes) {
    draws.emplace_back(process, RngKey{rng.next_u64(), criterion.key.stream, criterion.key.trial});
    softness.push_back(kSoftness * process.target_scale());
  }
  for (std::size_t i = 0; i < draws[0].at_observations().size(); ++i)
    if (i >= allowed_.size() || allowed_[i])
      for (const ShiftedDraw& draw : draws) rows.push_back(draw.at_observations()[i]);
  PEGBOX_TRY(Goal goal, Goal::of(rows, losses_));
  drawn_ = Drawn{std::move(draws), std::move(softness), std::move(goal)};
  return {};
}

math::Prediction Surrogate::predict(std::span<const double> point, std::size_t loss) const {
  math::Prediction mixture;
  double squares = 0;
  const auto count = static_cast<double>(models_.size());
  for (const Model& model : models_) {
    const auto [mean, variance] = model.processes[loss].predict(point);
    mixture.mean += mean / count;
    mixture.variance += variance / count;
    squares += mean * mean / count;
  }
  mixture.variance += std::max(0.0, squares - mixture.mean * mixture.mean);
  return mixture;
}

void Surrogate::add_merits(const Model& model, std::span<const double> points, std::span<double> merits) const {
  std::vector<std::vector<math::Prediction>> predictions;  // [k][m]
  for (const ShiftedProcess& process : model.processes) predictions.push_back(process.predict_all(points));
  const bool in_expectation = criterion_.kind == CriterionKind::Improvement;
  std::vector<math::Prediction> here(losses_);
  for (std::size_t i = 0; i < merits.size(); ++i) {
    double news = 0;
    for (std::size_t k = 0; k < losses_; ++k) {
      const ShiftedProcess& process = model.processes[k];
      here[k] = predictions[k][i];
      if (in_expectation)
        news += log_news(here[k].variance, process.noise_variance()).value / static_cast<double>(losses_);
      else
        here[k] = optimistic(here[k], criterion_.beta, kSoftness * process.target_scale());
    }
    merits[i] = log_sum(merits[i], model.goal->log_improvement(here) + news);
  }
}

std::vector<double> Surrogate::improvement(std::span<const double> points) const {
  std::vector<double> merits(points.size() / static_cast<std::size_t>(models_[0].processes[0].dimensions()), -HUGE_VAL);
  if (!drawn_) {
    for (const Model& model : models_) add_merits(model, points, merits);
    for (double& each : merits) each -= std::log(static_cast<double>(models_.size()));
    return merits;
  }
  std::vector<std::vector<double>> values;  // [k][m]
  for (const ShiftedDraw& draw : drawn_->losses) values.push_back(draw.values(points));
  std::vector<math::Prediction> here(losses_);
  for (std::size_t i = 0; i < merits.size(); ++i) {
    for (std::size_t k = 0; k < losses_; ++k) here[k] = {values[k][i], drawn_->softness[k] * drawn_->softness[k]};
    merits[i] = drawn_->goal.log_improvement(here);
  }
  return merits;
}

std::vector<double> Surrogate::log_merit(std::span<const double> points) const {
  const auto d = static_cast<std::size_t>(models_.front().processes.front().dimensions());
  std::vector<double> merits;
  for (std::size_t begin = 0; begin < points.size(); begin += kChunk * d) {
    const auto chunk = points.subspan(begin, std::min(kChunk * d, points.size() - begin));
    std::vector<double> merit = improves_ ? improvement(chunk) : std::vector<double>(chunk.size() / d, 0.0);
    if (success_) {
      const std::vector<double> successes = success_->log_probability_all(chunk);
      for (std::size_t i = 0; i < merit.size(); ++i)
        merit[i] += caution_.exponent * successes[i] + kSteepness * std::min(0.0, successes[i] - log_required_);
    }
    merits.insert(merits.end(), merit.begin(), merit.end());
  }
  return merits;
}

math::Acquisition Surrogate::merit_of(const Model& model, std::span<const double> point) const {
  std::vector<math::PredictionGradient> predictions;  // [k]
  for (const ShiftedProcess& process : model.processes) predictions.push_back(process.predict_with_gradient(point));
  if (criterion_.kind != CriterionKind::Improvement) {
    for (std::size_t k = 0; k < losses_; ++k)
      predictions[k] = optimistic(predictions[k], criterion_.beta, kSoftness * model.processes[k].target_scale());
    return model.goal->log_improvement(predictions);
  }
  math::Acquisition merit = model.goal->log_improvement(predictions);
  for (std::size_t k = 0; k < losses_; ++k) {
    const auto part = 1 / static_cast<double>(losses_);
    const auto news = log_news(predictions[k].prediction.variance, model.processes[k].noise_variance());
    merit.value += part * news.value;
    for (std::size_t j = 0; j < point.size(); ++j)
      merit.gradient[j] += part * news.slope * predictions[k].variance_gradient[j];
  }
  return merit;
}

math::Acquisition Surrogate::improvement_with_gradient(std::span<const double> point) const {
  if (drawn_) {
    std::vector<math::PredictionGradient> values;
    for (std::size_t k = 0; k < losses_; ++k)
      values.push_back(optimistic(drawn_->losses[k].value_with_gradient(point), 0, drawn_->softness[k]));
    return drawn_->goal.log_improvement(values);
  }
  math::Acquisition merit{0, std::vector<double>(point.size(), 0.0)};
  std::vector<math::Acquisition> terms;
  for (const Model& model : models_) terms.push_back(merit_of(model, point));
  double sum = -HUGE_VAL;
  for (const math::Acquisition& term : terms) sum = log_sum(sum, term.value);
  merit.value = sum - std::log(static_cast<double>(terms.size()));
  for (const math::Acquisition& term : terms)
    if (std::isfinite(term.value))
      for (std::size_t j = 0; j < point.size(); ++j) merit.gradient[j] += std::exp(term.value - sum) * term.gradient[j];
  return merit;
}

math::Acquisition Surrogate::log_merit_with_gradient(std::span<const double> point) const {
  math::Acquisition merit{0, std::vector<double>(point.size(), 0.0)};
  if (improves_) merit = improvement_with_gradient(point);
  if (success_) {
    const math::Acquisition term = success_->log_probability(point);
    const double steepness = term.value < log_required_ ? kSteepness : 0;
    merit.value += caution_.exponent * term.value + kSteepness * std::min(0.0, term.value - log_required_);
    for (std::size_t j = 0; j < point.size(); ++j)
      merit.gradient[j] += (caution_.exponent + steepness) * term.gradient[j];
  }
  return merit;
}

std::optional<double> Surrogate::success_probability(std::span<const double> point) const {
  if (!success_) return std::nullopt;
  return std::exp(success_->log_probability_all(point).front());
}

std::vector<std::size_t> Surrogate::ranking() const {
  const std::size_t n = predicted_.size() / losses_;
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (losses_ == 1) {
    std::ranges::stable_sort(order, {}, [this](std::size_t i) { return predicted_[i]; });
    return order;
  }
  const auto ranks = math::non_dominated_ranks(predicted_, static_cast<int>(losses_));
  assert(ranks);
  std::vector<double> front, loneliness(n, 0.0);
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < n; ++i) {
    if ((*ranks)[i] > 0) continue;
    places.push_back(i);
    const auto row = std::span(predicted_).subspan(losses_ * i, losses_);
    front.insert(front.end(), row.begin(), row.end());
  }
  const auto distances = math::crowding_distances(front, static_cast<int>(losses_));
  assert(distances);
  for (std::size_t i = 0; i < places.size(); ++i) loneliness[places[i]] = (*distances)[i];
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return std::pair((*ranks)[i], -loneliness[i]); });
  return order;
}

}  // namespace pegbox
