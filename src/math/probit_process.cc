// Gaussian process classification: Newton's method to the mode, the evidence and its gradient, predictions.
#include "math/probit_process.h"

#include <fmt/format.h>

#include <cassert>
#include <cmath>

#include "base/number.h"
#include "math/marginal_likelihood.h"
#include "math/normal.h"

namespace pegbox::math {

/// log Phi(y f) and its first three derivatives by f; curvature is minus the second.
struct ProbitTerms {
  Eigen::ArrayXd slope, curvature, third;
  double sum = 0;
};

static ProbitTerms probit_terms(const Eigen::ArrayXd& labels, const Eigen::ArrayXd& latent) {
  const Eigen::Index n = labels.size();
  ProbitTerms terms{Eigen::ArrayXd(n), Eigen::ArrayXd(n), Eigen::ArrayXd(n)};
  for (Eigen::Index i = 0; i < n; ++i) {
    const double z = labels[i] * latent[i];
    const ValueAndSlope cdf = normal_log_cdf(z);
    const double r = cdf.slope, bent = r * (z + r);
    terms.sum += cdf.value;
    terms.slope[i] = labels[i] * r;
    terms.curvature[i] = std::max(bent, 1e-14);
    terms.third[i] = labels[i] * (bent * (z + 2 * r) - r);
  }
  return terms;
}

/// The posterior's mode and the factor of B = I + W^(1/2) K W^(1/2) there.
struct ProbitMode {
  Eigen::VectorXd weights;  // K^-1 f
  Eigen::VectorXd latent;   // f
  ProbitTerms terms;
  Eigen::VectorXd root;  // W^(1/2)
  Eigen::LLT<Eigen::MatrixXd> factor;
  double log_evidence = 0;

  void factorize(const Eigen::MatrixXd& covariance) {
    root = terms.curvature.sqrt().matrix();
    Eigen::MatrixXd b = root.asDiagonal() * covariance * root.asDiagonal();
    b.diagonal().array() += 1;
    factor.compute(b);
  }

  void move_to(const Eigen::MatrixXd& covariance, const Eigen::ArrayXd& labels, Eigen::VectorXd at) {
    weights = std::move(at);
    latent = covariance * weights;
    terms = probit_terms(labels, latent.array());
  }

  double log_posterior() const { return terms.sum - 0.5 * weights.dot(latent); }
};

namespace {

using Eigen::Index;

constexpr int kMaxNewtonSteps = 40, kMaxHalvings = 8;
constexpr double kModeTolerance = 1e-9;  ///< of the log posterior, in a step
constexpr int kMaxEvaluations = 40;      ///< of the evidence
constexpr double kLogLengthSpread = 1;
constexpr double kLogSignalCentre = 2.302585092994046, kLogSignalSpread = 1;

double log_length_centre(std::size_t dimensions) { return 0.5 * std::log(static_cast<double>(dimensions)); }

ProbitMode find_mode(const Eigen::MatrixXd& covariance, const Eigen::ArrayXd& labels, const Eigen::VectorXd& start) {
  ProbitMode mode;
  mode.move_to(covariance, labels, start);
  for (int step = 0; step < kMaxNewtonSteps; ++step) {
    mode.factorize(covariance);
    const Eigen::VectorXd b = mode.terms.curvature.matrix().cwiseProduct(mode.latent) + mode.terms.slope.matrix();
    const Eigen::VectorXd scaled = mode.root.cwiseProduct(covariance * b);
    const Eigen::VectorXd goal = b - mode.root.cwiseProduct(mode.factor.solve(scaled));
    const Eigen::VectorXd before = mode.weights;
    const double last = mode.log_posterior();
    double part = 1;
    mode.move_to(covariance, labels, goal);
    for (int halving = 0; halving < kMaxHalvings && !(mode.log_posterior() >= last); ++halving)
      mode.move_to(covariance, labels, before + (part /= 2) * (goal - before));
    if (!(mode.log_posterior() > last + kModeTolerance)) break;
  }
  mode.factorize(covariance);
  const Eigen::MatrixXd& lower = mode.factor.matrixLLT();
  mode.log_evidence = mode.log_posterior() - lower.diagonal().array().log().sum();
  return mode;
}

/// Covariances with the constant, and their derivatives by r^2.
struct Covariances {
  Eigen::MatrixXd whole;  // K + s^2
  KernelValues kernel;
};

Covariances covariances_of(const Embedding& embedding, const EmbeddedPoints& points, const Hyperparameters& h) {
  Covariances result{{}, embedding.cross(points, points, h)};
  result.whole = result.kernel.value.matrix();
  result.whole.array() += h.signal_variance;
  return result;
}

/// By log l_1 ... log l_d and log s^2, of sum_ik M_ik K_ik for a symmetric M.
std::vector<double> contract(const Embedding& embedding, const EmbeddedPoints& points, const Hyperparameters& h,
                             const Covariances& covariances, const Eigen::MatrixXd& m) {
  std::vector<double> gradient(h.length_scales.size() + 1, 0.0);
  const Eigen::MatrixXd by_slope = m.cwiseProduct(covariances.kernel.slope.matrix());
  const Eigen::VectorXd rows = by_slope.rowwise().sum();
  for (Index column = 0; column < points.real.cols(); ++column) {
    const auto j = static_cast<std::size_t>(embedding.real_columns()[static_cast<std::size_t>(column)]);
    const Eigen::VectorXd x = points.real.col(column);
    const double differences = 2 * (x.cwiseAbs2().dot(rows) - x.dot(by_slope * x));  // sum of (x_i - x_k)^2
    gradient[j] -= 2 * differences / (h.length_scales[j] * h.length_scales[j]);
  }
  const Eigen::ArrayXXd by_value = m.array() * covariances.kernel.value;
  for (Index column = 0; column < points.categorical.cols(); ++column) {
    const auto j = static_cast<std::size_t>(embedding.categorical_columns()[static_cast<std::size_t>(column)]);
    const Eigen::ArrayXd x = points.categorical.col(column);
    double different = 0;
    for (Index i = 0; i < x.size(); ++i) different += (x != x[i]).select(by_value.col(i), 0.0).sum();
    gradient[j] += 2 * different / (h.length_scales[j] * h.length_scales[j]);
  }
  gradient.back() = m.cwiseProduct(covariances.whole).sum();
  return gradient;
}

std::vector<double> evidence_gradient(const Embedding& embedding, const EmbeddedPoints& points,
                                      const Hyperparameters& h, const Covariances& covariances,
                                      const ProbitMode& mode) {
  const Eigen::MatrixXd lower = mode.factor.matrixL();
  Eigen::MatrixXd inverse = gram_of_lower(inverse_of_lower(lower)).selfadjointView<Eigen::Lower>();
  inverse = mode.root.asDiagonal() * inverse * mode.root.asDiagonal();  // R = (K + W^-1)^-1
  const Eigen::MatrixXd spread = inverse * covariances.whole;
  const Eigen::ArrayXd variances =
      covariances.whole.diagonal().array() - covariances.whole.cwiseProduct(spread).colwise().sum().transpose().array();
  // The evidence depends on the mode through W: d / d f_i = 1/2 variance_i times the third derivative.
  const Eigen::VectorXd by_mode = (0.5 * variances * mode.terms.third).matrix();
  const Eigen::VectorXd indirect = by_mode - spread * by_mode;
  const Eigen::VectorXd slope = mode.terms.slope.matrix();
  Eigen::MatrixXd m = 0.5 * (slope * slope.transpose() - inverse);
  m += 0.5 * (indirect * slope.transpose() + slope * indirect.transpose());
  return contract(embedding, points, h, covariances, m);
}

Eigen::ArrayXd labels_of(const std::vector<bool>& successes) {
  Eigen::ArrayXd labels(static_cast<Index>(successes.size()));
  for (std::size_t i = 0; i < successes.size(); ++i) labels[static_cast<Index>(i)] = successes[i] ? 1 : -1;
  return labels;
}

Result<void> check_shapes(std::span<const Dimension> dimensions, std::span<const double> points, std::size_t labels) {
  PEGBOX_CHECK(check_points(dimensions, points));
  if (labels > 0 && points.size() == labels * dimensions.size()) return {};
  return fail(ErrorKind::InvalidInput, {.where = "probit process",
                                        .what = "points and labels do not agree",
                                        .got = fmt::format("{} coordinates, {} labels", points.size(), labels)});
}

}  // namespace

struct ProbitProcess::State {
  Embedding embedding;
  EmbeddedPoints points;
  Hyperparameters hyperparameters;
  ProbitMode mode;
};

ProbitProcess::ProbitProcess(std::unique_ptr<State> state) : state_(std::move(state)) {}
ProbitProcess::ProbitProcess(ProbitProcess&&) noexcept = default;
ProbitProcess& ProbitProcess::operator=(ProbitProcess&&) noexcept = default;
ProbitProcess::~ProbitProcess() = default;

Hyperparameters ProbitProcess::prior_middle(std::size_t dimensions) {
  return {.length_scales = std::vector<double>(dimensions, std::exp(log_length_centre(dimensions))),
          .signal_variance = std::exp(kLogSignalCentre),
          .noise_variance = 0,
          .mean = 0};
}

Result<ProbitProcess> ProbitProcess::with(std::vector<Dimension> dimensions, std::span<const double> points,
                                          const std::vector<bool>& successes, Hyperparameters hyperparameters) {
  PEGBOX_CHECK(check_shapes(dimensions, points, successes.size()));
  assert(hyperparameters.length_scales.size() == dimensions.size());
  Embedding embedding(std::move(dimensions));
  EmbeddedPoints embedded = embedding.embed(points);
  const Eigen::MatrixXd covariance = covariances_of(embedding, embedded, hyperparameters).whole;
  ProbitMode mode = find_mode(covariance, labels_of(successes), Eigen::VectorXd::Zero(covariance.rows()));
  return ProbitProcess(std::make_unique<State>(
      State{std::move(embedding), std::move(embedded), std::move(hyperparameters), std::move(mode)}));
}

Result<Acquisition> ProbitProcess::log_evidence(const std::vector<Dimension>& dimensions,
                                                std::span<const double> points, const std::vector<bool>& successes,
                                                const Hyperparameters& hyperparameters) {
  PEGBOX_CHECK(check_shapes(dimensions, points, successes.size()));
  const Embedding embedding(dimensions);
  const EmbeddedPoints embedded = embedding.embed(points);
  const Covariances covariances = covariances_of(embedding, embedded, hyperparameters);
  const ProbitMode mode = find_mode(covariances.whole, labels_of(successes), Eigen::VectorXd::Zero(embedded.size()));
  return Acquisition{mode.log_evidence, evidence_gradient(embedding, embedded, hyperparameters, covariances, mode)};
}

Result<Hyperparameters> ProbitProcess::fit(const std::vector<Dimension>& dimensions, std::span<const double> points,
                                           const std::vector<bool>& successes) {
  PEGBOX_CHECK(check_shapes(dimensions, points, successes.size()));
  const std::size_t d = dimensions.size();
  const Embedding embedding(dimensions);
  const EmbeddedPoints embedded = embedding.embed(points);
  const Eigen::ArrayXd labels = labels_of(successes);
  Eigen::VectorXd warm = Eigen::VectorXd::Zero(embedded.size());  // the last mode is near the next
  const auto unpacked = [&](std::span<const double> x) {
    Hyperparameters h{.length_scales = {}, .signal_variance = std::exp(x[d]), .noise_variance = 0, .mean = 0};
    for (std::size_t j = 0; j < d; ++j) h.length_scales.push_back(std::exp(x[j]));
    return h;
  };
  const auto loss = [&](std::span<const double> x, std::span<double> gradient) {
    const Hyperparameters h = unpacked(x);
    const Covariances covariances = covariances_of(embedding, embedded, h);
    const ProbitMode mode = find_mode(covariances.whole, labels, warm);
    if (!std::isfinite(mode.log_evidence)) return kInfinity;
    warm = mode.weights;
    double value = -mode.log_evidence;
    const auto slopes =
        gradient.empty() ? std::vector<double>() : evidence_gradient(embedding, embedded, h, covariances, mode);
    for (std::size_t j = 0; j <= d; ++j) {
      const double centre = j < d ? log_length_centre(d) : kLogSignalCentre;
      const double spread = j < d ? kLogLengthSpread : kLogSignalSpread;
      const double standard = (x[j] - centre) / spread;
      value += 0.5 * standard * standard;
      if (!gradient.empty()) gradient[j] = standard / spread - slopes[j];
    }
    return value;
  };
  std::vector<double> start(d, log_length_centre(d));
  start.push_back(kLogSignalCentre);
  Box box{std::vector<double>(d, std::log(0.05)), std::vector<double>(d, std::log(1e3))};
  box.low.push_back(std::log(0.1));
  box.high.push_back(std::log(1e5));
  PEGBOX_TRY(const Minimum found,
             minimize(loss, start, box,
                      {.max_evaluations = kMaxEvaluations, .gradient_tolerance = 1e-2, .relative_tolerance = 1e-5}));
  return unpacked(found.x);
}

double ProbitProcess::log_evidence() const { return state_->mode.log_evidence; }

std::vector<double> ProbitProcess::log_probability_all(std::span<const double> points) const {
  const State& s = *state_;
  const double signal = s.hyperparameters.signal_variance;
  const EmbeddedPoints x = s.embedding.embed(points);
  Eigen::MatrixXd k = s.embedding.cross(s.points, x, s.hyperparameters).value.matrix();
  k.array() += signal;
  const Eigen::VectorXd means = k.transpose() * s.mode.terms.slope.matrix();
  k = s.mode.root.asDiagonal() * k;
  s.mode.factor.matrixL().solveInPlace(k);
  std::vector<double> result;
  for (Index i = 0; i < x.size(); ++i) {
    const double variance = std::max(0.0, 2 * signal - k.col(i).squaredNorm());
    result.push_back(normal_log_cdf(means[i] / std::sqrt(1 + variance)).value);
  }
  return result;
}

Acquisition ProbitProcess::log_probability(std::span<const double> point) const {
  const State& s = *state_;
  const double signal = s.hyperparameters.signal_variance;
  const EmbeddedPoints x = s.embedding.embed(point);
  const KernelValues kernel = s.embedding.cross(s.points, x, s.hyperparameters);
  const Eigen::VectorXd k = kernel.value.matrix().array() + signal;
  const Eigen::VectorXd& root = s.mode.root;
  Eigen::VectorXd v = root.cwiseProduct(k);
  s.mode.factor.matrixL().solveInPlace(v);
  const double mean = k.dot(s.mode.terms.slope.matrix());
  const double variance = std::max(0.0, 2 * signal - v.squaredNorm()), deviation = std::sqrt(1 + variance);
  s.mode.factor.matrixU().solveInPlace(v);
  const ValueAndSlope cdf = normal_log_cdf(mean / deviation);
  // d z = d mean / deviation - mean / (2 deviation^3) d variance, and d variance = -2 (W^(1/2) B^-1 W^(1/2) k) . d k
  const Eigen::VectorXd by_k =
      s.mode.terms.slope.matrix() / deviation + mean / std::pow(deviation, 3) * root.cwiseProduct(v);
  const Eigen::VectorXd coefficients = cdf.slope * by_k.array() * kernel.slope.col(0);
  return {cdf.value, s.embedding.gradient(s.points, point, s.hyperparameters, coefficients)};
}

}  // namespace pegbox::math
