// CurveModel: where learning curves end.
#include "math/curve_model.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

#include "math/minimize.h"
#include "math/statistics.h"

namespace pegbox::math {
namespace {

constexpr std::array<std::array<double, 2>, 9> kFormulas{
    // power, scale
    {{0.5, 0.02}, {1, 0.01}, {1, 0.05}, {1, 0.2}, {0, 0.05}, {0, 0.1}, {0, 0.2}, {0, 0.4}, {0, 1}}};
constexpr std::size_t kFinishedCurves = 4;         ///< from which on their shape is one of its own
constexpr int kShapePoints = 32;                   ///< of that shape, equally spaced in the logarithm of progress
constexpr double kHalfWidth = 1.2815515655446004;  ///< of an 80 % interval, in standard deviations
constexpr double kCalibrationStep = 0.75;          ///< outcomes are taken together from one progress to this part of it
constexpr double kLeastProgress = 0.003;
constexpr double kLeastFactor = 0.7, kGreatestFactor = 30;  ///< of a deviation
constexpr int kRounds = 3;                                  ///< of expectation maximization
constexpr double kLeastShare = 0.02;                        ///< a law that fewer of the curves follow is dropped

constexpr int kRatios = 4;            ///< a / t, s / t, b / t, c / t
constexpr double kPriorSpread = 1.5;  ///< of the logarithms of the ratios
constexpr std::array<double, kRatios> kPriorRatio{0.3, 0.1, 0.1, 0.05};
constexpr double kLeastRatio = 1e-3, kGreatestRatio = 5;
constexpr double kMeanPrecision = 0.1;  ///< of mu about the mean of the last values and of y_0 about that of the first,
                                        ///< times t^2
constexpr double kLeastVariance = 1e-12;  ///< in squared units of the values, relative to their magnitude
constexpr int kEvaluations = 40;

constexpr int kMost = kMaxCurvePoints;
using PointVector = Eigen::Matrix<double, Eigen::Dynamic, 1, 0, kMost, 1>;
using PointMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, 0, kMost, kMost>;

/// Variances of what a curve does besides (1 - p) f + p y_0.
struct Deviations {
  double speed = 0, slope = 0, drift = 0, noise = 0;

  /// From logarithms of standard deviations.
  static Deviations of(std::span<const double> logs) {
    return {std::exp(2 * logs[0]), std::exp(2 * logs[1]), std::exp(2 * logs[2]), std::exp(2 * logs[3])};
  }
};

/// Between the points of a curve; the nearest one's value before the first.
double interpolate(std::span<const double> at, std::span<const double> value, double u) {
  const auto above = std::ranges::lower_bound(at, u) - at.begin();
  if (above == 0) return value.front();
  if (above == std::ssize(at)) return value.back();
  const auto i = static_cast<std::size_t>(above);
  const double part = (u - at[i - 1]) / (at[i] - at[i - 1]);
  return value[i - 1] + part * (value[i] - value[i - 1]);
}

struct Moments {
  Eigen::Vector2d mean = Eigen::Vector2d::Zero();  ///< mu, y_0
  double variance = 1;                             ///< t^2
  double log_likelihood = 0;
};

double log_prior(std::span<const double> logs) {
  double sum = 0;
  for (std::size_t i = 0; i < kRatios; ++i) {
    const double z = (logs[i] - std::log(kPriorRatio[i])) / kPriorSpread;
    sum -= z * z / 2;
  }
  return sum;
}

Result<void> check(std::span<const Curve> curves) {
  const auto refuse = [](const char* what) { return fail(ErrorKind::InvalidInput, {.where = "curves", .what = what}); };
  bool any = false;
  for (const Curve& curve : curves) {
    if (curve.at.size() != curve.value.size()) return refuse("as many values as places are expected");
    if (curve.at.size() > kMaxCurvePoints) return refuse("too many points");
    for (std::size_t i = 0; i < curve.at.size(); ++i) {
      if (!(curve.at[i] > (i > 0 ? curve.at[i - 1] : 0)) || curve.at[i] > 1)
        return refuse("places must ascend in (0, 1]");
      if (!std::isfinite(curve.value[i])) return refuse("a value is not finite");
    }
    any |= !curve.at.empty();
  }
  if (!any) return refuse("there is no value");
  return {};
}

}  // namespace

double CurveModel::Shape::operator()(double u) const {
  if (!at.empty()) return interpolate(at, to_go, u);
  const auto raw = [this](double v) { return power > 0 ? std::pow(1 + v / scale, -power) : std::exp(-v / scale); };
  return std::max(0.0, (raw(u) - raw(1)) / (1 - raw(1)));
}

/// Places of measurements under one shape.
struct CurveModel::Places {
  PointVector to_go;      // p
  PointVector doublings;  // l, in natural logarithms

  Places(const Shape& shape, std::span<const double> at) : to_go(std::ssize(at)), doublings(std::ssize(at)) {
    for (std::size_t i = 0; i < at.size(); ++i) {
      to_go(static_cast<Eigen::Index>(i)) = shape(at[i]);
      doublings(static_cast<Eigen::Index>(i)) = -std::log(at[i]);
    }
  }
};

/// [points, points]
template <class Places>
PointMatrix covariance_of(const Places& places, const Deviations& variances) {
  const PointVector by_speed = places.to_go.array() * (1 - places.to_go.array());
  PointMatrix covariance = variances.speed * by_speed * by_speed.transpose() +
                           variances.slope * places.doublings * places.doublings.transpose();
  for (Eigen::Index i = 0; i < by_speed.size(); ++i)
    for (Eigen::Index j = 0; j < by_speed.size(); ++j)
      covariance(i, j) += variances.drift * std::min(places.doublings(i), places.doublings(j));
  covariance.diagonal().array() += variances.noise * (1 + 1e-9) + 1e-12;
  return covariance;
}

/// The curves in the form of one shape, and the likelihood of deviations in units of t^2 with all else at its best.
class CurveModel::ShapeFit {
 public:
  /// `shares` [curves]: how much each curve counts.
  ShapeFit(const Shape& shape, std::span<const Curve> curves, std::span<const double> shares) {
    std::map<std::vector<double>, std::vector<std::size_t>> by_places;
    double sum = 0;
    for (std::size_t i = 0; i < curves.size(); ++i) {
      if (curves[i].at.empty()) continue;
      by_places[curves[i].at].push_back(i);
      prior_mean_ += shares[i] * Eigen::Vector2d(curves[i].value.back(), curves[i].value.front());
      sum += shares[i];
      count_ += shares[i] * static_cast<double>(curves[i].value.size());
    }
    prior_mean_ /= sum;
    double squares = 0;
    for (const auto& [at, group] : by_places) {
      groups_.push_back({Places(shape, at), Eigen::MatrixXd(std::ssize(at), 2 + std::ssize(group)),
                         Eigen::VectorXd(std::ssize(group))});
      Group& made = groups_.back();
      made.columns.col(0) = 1 - made.places.to_go.array();
      made.columns.col(1) = made.places.to_go;
      for (std::size_t i = 0; i < group.size(); ++i) {
        const auto values = Eigen::VectorXd::Map(curves[group[i]].value.data(), std::ssize(at));
        made.columns.col(2 + static_cast<Eigen::Index>(i)) = values - made.columns.leftCols(2) * prior_mean_;
        made.shares(static_cast<Eigen::Index>(i)) = shares[group[i]];
        squares += shares[group[i]] * (values.array() - prior_mean_(0)).square().sum();
      }
    }
    least_variance_ = kLeastVariance * (1 + squares / count_ + prior_mean_.squaredNorm());
  }

  Moments moments(const Deviations& variances) const {
    Eigen::Matrix2d information = kMeanPrecision * Eigen::Matrix2d::Identity();
    Eigen::Vector2d pull = Eigen::Vector2d::Zero();
    double squares = 0, log_determinant = 0;
    for (const Group& group : groups_) {
      PointMatrix covariance = covariance_of(group.places, variances);
      covariance += group.columns.col(0) * group.columns.col(0).transpose();
      const Eigen::LLT<PointMatrix> factor(covariance);
      Eigen::MatrixXd white = group.columns;
      factor.matrixL().solveInPlace(white);
      const auto design = white.leftCols(2), values = white.rightCols(white.cols() - 2);
      information += group.shares.sum() * design.transpose() * design;
      pull += design.transpose() * values * group.shares;
      squares += values.colwise().squaredNorm().dot(group.shares.transpose());
      log_determinant += group.shares.sum() * 2 * factor.matrixLLT().diagonal().array().log().sum();
    }
    Moments found;
    const Eigen::Vector2d shift = information.ldlt().solve(pull);
    found.mean = prior_mean_ + shift;
    found.variance = std::max(least_variance_, (squares - shift.dot(pull)) / count_);
    found.log_likelihood =
        -0.5 * (count_ * std::log(found.variance) + log_determinant + std::log(information.determinant()));
    return found;
  }

 private:
  /// Curves measured at the same places.
  struct Group {
    Places places;
    Eigen::MatrixXd columns;  // [points, 2 + curves]: of mu, of y_0, values less their prior mean
    Eigen::VectorXd shares;   // [curves]
  };
  std::vector<Group> groups_;
  double count_ = 0;  ///< values, by their share
  Eigen::Vector2d prior_mean_ = Eigen::Vector2d::Zero();
  double least_variance_ = 0;
};

/// The formulas, and the median course of the finished curves. Their first values stand for the beginning.
std::vector<CurveModel::Shape> CurveModel::shapes_for(std::span<const Curve> curves) {
  std::vector<Shape> shapes;
  for (const auto& [power, scale] : kFormulas) shapes.push_back({power, scale, {}, {}});
  std::vector<const Curve*> finished;
  double first = 1;
  for (const Curve& curve : curves) {
    if (curve.at.size() < 3 || curve.at.back() < 1 || curve.value.front() == curve.value.back()) continue;
    finished.push_back(&curve);
    first = std::min(first, curve.at.front());
  }
  if (finished.size() < kFinishedCurves) return shapes;
  Shape course;
  for (int i = 0; i <= kShapePoints; ++i) {
    const double u = std::pow(first, 1 - static_cast<double>(i) / kShapePoints);
    std::vector<double> to_go;
    for (const Curve* curve : finished)
      to_go.push_back((interpolate(curve->at, curve->value, u) - curve->value.back()) /
                      (curve->value.front() - curve->value.back()));
    course.at.push_back(u);
    course.to_go.push_back(std::clamp(median(to_go), 0.0, 1.0));
  }
  course.to_go.back() = 0;
  shapes.push_back(std::move(course));
  return shapes;
}

Result<CurveModel> CurveModel::fit(std::span<const Curve> curves, std::span<const Outcome> outcomes) {
  PEGBOX_CHECK(check(curves));
  const auto fit_law = [&curves](const Shape& shape, double weight, std::span<const double> shares) -> Result<Law> {
    const ShapeFit shape_fit(shape, curves, shares);
    const auto cost = [&shape_fit](std::span<const double> logs) {
      return -shape_fit.moments(Deviations::of(logs)).log_likelihood - log_prior(logs);
    };
    const Box box{std::vector<double>(kRatios, std::log(kLeastRatio)),
                  std::vector<double>(kRatios, std::log(kGreatestRatio))};
    std::vector<double> start;
    for (const double ratio : kPriorRatio) start.push_back(std::log(ratio));
    PEGBOX_TRY(const Minimum best, minimize_plain(cost, start, box, DerivativeFree::Bobyqa,
                                                  {.max_evaluations = kEvaluations, .relative_tolerance = 1e-4}));
    const Deviations ratios = Deviations::of(best.x);
    const Moments moments = shape_fit.moments(ratios);
    const double t2 = moments.variance;
    return Law{shape,
               weight,
               moments.mean(0),
               t2,
               moments.mean(1),
               ratios.speed * t2,
               ratios.slope * t2,
               ratios.drift * t2,
               ratios.noise * t2};
  };
  CurveModel model;
  const std::vector<double> whole(curves.size(), 1.0);
  const auto shapes = shapes_for(curves);
  for (const Shape& shape : shapes) {
    PEGBOX_TRY(const Law law, fit_law(shape, 1.0 / static_cast<double>(shapes.size()), whole));
    model.laws_.push_back(law);
  }
  for (int round = 1; round < kRounds; ++round) {
    std::vector<std::vector<double>> shares(model.laws_.size(), std::vector<double>(curves.size(), 0.0));
    double count = 0;
    for (std::size_t i = 0; i < curves.size(); ++i) {
      if (curves[i].at.empty()) continue;
      const std::vector<double> of_curve = model.weights(model.views(curves[i]));
      for (std::size_t k = 0; k < of_curve.size(); ++k) shares[k][i] = of_curve[k];
      ++count;
    }
    std::vector<Law> laws;
    for (std::size_t k = 0; k < shares.size(); ++k) {
      const double share = std::accumulate(shares[k].begin(), shares[k].end(), 0.0) / count;
      if (share < kLeastShare) continue;
      PEGBOX_TRY(const Law law, fit_law(model.laws_[k].shape, share, shares[k]));
      laws.push_back(law);
    }
    model.laws_ = std::move(laws);
  }
  model.calibrate(outcomes);
  return model;
}

void CurveModel::calibrate(std::span<const Outcome> outcomes) {
  for (double high = 1; high > kLeastProgress; high *= kCalibrationStep) {
    std::vector<double> errors, deviations, places;
    for (const auto& [seen, end] : outcomes) {
      if (seen.at.empty() || seen.at.back() >= high || seen.at.back() < high * kCalibrationStep) continue;
      const Prediction predicted = mixed(seen);
      errors.push_back(end - predicted.mean);
      deviations.push_back(std::sqrt(predicted.variance + noise_variance()));
      places.push_back(seen.at.back());
    }
    if (errors.size() < kFinishedCurves) continue;
    const double shift = median(errors), n = static_cast<double>(errors.size());
    std::vector<double> misses;
    for (std::size_t i = 0; i < errors.size(); ++i) misses.push_back(std::abs(errors[i] - shift) / deviations[i]);
    const double miss = quantile(misses, std::min(1.0, 0.8 * (n + 1) / n)) / kHalfWidth;
    calibrated_at_.insert(calibrated_at_.begin(), mean(places));
    shifts_.insert(shifts_.begin(), shift);
    log_factors_.insert(log_factors_.begin(), 2 * std::log(std::clamp(miss, kLeastFactor, kGreatestFactor)));
  }
}

CurveModel::View CurveModel::view(const Law& law, const Curve& curve) {
  if (curve.at.empty()) return {0, law.end_mean, law.end_variance};
  const Places places(law.shape, curve.at);
  const PointVector of_end = 1 - places.to_go.array();
  const PointVector surprise =  // how the values differ from what the law expects of any curve
      Eigen::VectorXd::Map(curve.value.data(), std::ssize(curve.value)) - law.start * places.to_go -
      law.end_mean * of_end;
  const Eigen::LLT<PointMatrix> factor(
      covariance_of(places, {law.speed_variance, law.slope_variance, law.drift_variance, law.noise_variance}));
  const PointVector weights = factor.solve(of_end);
  const double precision = weights.dot(of_end), pull = weights.dot(surprise);
  const double variance = 1 / (1 / law.end_variance + precision);
  const double squares = surprise.dot(factor.solve(surprise)) - pull * pull * variance;
  const double log_determinant =
      2 * factor.matrixLLT().diagonal().array().log().sum() + std::log1p(law.end_variance * precision);
  return {-0.5 * (squares + log_determinant), law.end_mean + variance * pull, variance};
}

std::vector<CurveModel::View> CurveModel::views(const Curve& curve) const {
  std::vector<View> views;
  for (const Law& law : laws_) views.push_back(view(law, curve));
  return views;
}

std::vector<double> CurveModel::weights(const std::vector<View>& views) const {
  double greatest = -HUGE_VAL, sum = 0;
  for (const View& each : views) greatest = std::max(greatest, each.log_likelihood);
  std::vector<double> weights;
  for (std::size_t k = 0; k < views.size(); ++k) {
    weights.push_back(laws_[k].weight * std::exp(views[k].log_likelihood - greatest));
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

Prediction CurveModel::at_end(const Curve& curve) const {
  Prediction end = mixed(curve);
  if (curve.at.empty() || calibrated_at_.empty()) return end;
  const double progress = curve.at.back(), noise = noise_variance();
  if (progress >= 1) return end;
  const double factor = std::exp(interpolate(calibrated_at_, log_factors_, progress));
  end.mean += interpolate(calibrated_at_, shifts_, progress);
  end.variance = std::max(std::min(factor, 1.0) * end.variance, factor * (end.variance + noise) - noise);
  return end;
}

Prediction CurveModel::mixed(const Curve& curve) const {
  const auto found = views(curve);
  const auto shares = weights(found);
  double mean = 0, square = 0;
  for (std::size_t k = 0; k < found.size(); ++k) {
    mean += shares[k] * found[k].mean;
    square += shares[k] * (found[k].variance + found[k].mean * found[k].mean);
  }
  return {mean, std::max(0.0, square - mean * mean)};
}

double CurveModel::noise_variance() const {
  double weight = 0, variance = 0;
  for (const Law& law : laws_) weight += law.weight, variance += law.weight * law.noise_variance;
  return variance / weight;
}

/// Which law it is will be known better too: the spread among laws is taken to shrink as that within them.
double CurveModel::variance_after(const Curve& curve, double until) const {
  Curve longer = curve;
  if (longer.at.size() == kMaxCurvePoints) longer.at.erase(longer.at.begin()), longer.value.erase(longer.value.begin());
  longer.at.push_back(until);
  longer.value.push_back(0);
  const auto now = views(curve), then = views(longer);  // variances do not depend on the values
  const auto shares = weights(now);
  double before = 0, after = 0;
  for (std::size_t k = 0; k < now.size(); ++k)
    before += shares[k] * now[k].variance, after += shares[k] * then[k].variance;
  return at_end(curve).variance * after / before;
}

}  // namespace pegbox::math
