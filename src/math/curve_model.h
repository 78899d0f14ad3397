// CurveModel: where learning curves end: many curves with few points each, one law of their course, Gaussian
// everywhere.
//
// Curve i at progress u in (0, 1] (1: its full length) is
//
//   y_i(u) = (1 - p(u)) f_i + p(u) y_0 + q_i p(u) (1 - p(u)) + g_i l(u) + w_i(u) + e
//
//   p(u)   the share of the way that is still to go: falls from 1 at u = 0 to 0 at u = 1; of a family of shapes
//   f_i    the value at the end, N(mu, t^2): what is asked for
//   y_0    where curves begin, before anything is learned
//   q_i    N(0, a^2): some curves are faster than others
//   l(u)   log(1 / u): the doublings of the training that are still to go
//   g_i    N(0, s^2): a slope of its own, which goes on as it has been
//   w_i    Brownian in l and 0 at the end, variance b^2 l(u): what nobody can foresee, as much with each doubling
//   e      N(0, c^2): noise of a measurement
//
// Early values say little of f_i, because 1 - p is small there and b^2 l is large: they are shrunk to mu by themselves.
// Shapes: what the finished curves did in the middle, if there are some (a decay of the learning rate at the end, say,
// has no formula here); power laws ((1 + u / k)^-a) and exponentials (exp(-u / k)), as in Domhan et al., "Speeding up
// automatic hyperparameter optimization of deep neural networks by extrapolation of learning curves", IJCAI 2015,
// scaled to end at 0. Every curve is of one of them, with probabilities that follow from its own values and from how
// many curves of the study are of each. mu, y_0, t, a, s, b, c are those of greatest marginal likelihood for each shape
// (a few rounds of expectation maximization): empirical Bayes instead of that paper's sampling, since what a course
// looks like is shared by the trials of one study. Freeze-thaw (Swersky et al., arXiv 1406.3896) has the same f_i with
// another process.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "math/gaussian_process.h"

namespace pegbox::math {

/// Points of one curve; what is longer is to be thinned out before.
inline constexpr std::size_t kMaxCurvePoints = 24;

struct Curve {
  std::vector<double> at;     ///< progress, ascending, in (0, 1]; at most kMaxCurvePoints
  std::vector<double> value;  ///< as many, finite
};

/// A curve as it was once, and what became of it: its value at 1.
struct Outcome {
  Curve seen;
  double end = 0;
};

class CurveModel {
 public:
  /// InvalidInput if there is no curve with a value, or one that breaks what Curve says. Time: cubic in
  /// the points of a curve; curves with the same places share the work, so 100 curves of 8 points take some 10 ms.
  /// `outcomes`, of finished curves at several times of theirs, calibrate it: seen as others are seen when asked for.
  static Result<CurveModel> fit(std::span<const Curve> curves, std::span<const Outcome> outcomes = {});

  /// The value at the end, without noise, of a curve that need not be one of those fitted to.
  Prediction at_end(const Curve& curve) const;
  /// Of a curve that has not begun.
  Prediction at_end() const { return at_end(Curve{}); }

  /// c^2: a measurement at the end would differ from it by this much more.
  double noise_variance() const;

  /// What would be left of at_end's variance if the curve were also known at `until`, beyond its last point.
  double variance_after(const Curve& curve, double until) const;

 private:
  /// p: by a formula, h(u) = (1 + u / scale)^-power, or exp(-u / scale) where power is 0, scaled from 1 to 0; or
  /// through points, if there are any.
  struct Shape {
    double power = 0;
    double scale = 1;
    std::vector<double> at, to_go;  ///< ascending, the last at 1, where nothing is to go

    double operator()(double u) const;
  };
  struct Places;
  class ShapeFit;
  struct Law {
    Shape shape;
    double weight = 1;          ///< the share of curves that follow it
    double end_mean = 0;        ///< mu
    double end_variance = 0;    ///< t^2
    double start = 0;           ///< y_0
    double speed_variance = 0;  ///< a^2
    double slope_variance = 0;  ///< s^2
    double drift_variance = 0;  ///< b^2
    double noise_variance = 0;  ///< c^2
  };
  /// What a law makes of a curve.
  struct View {
    double log_likelihood = 0;  ///< of its values
    double mean = 0;            ///< of f
    double variance = 0;
  };
  static std::vector<Shape> shapes_for(std::span<const Curve> curves);
  static View view(const Law& law, const Curve& curve);
  std::vector<double> weights(const std::vector<View>& views) const;  ///< probabilities of the laws, for one curve
  std::vector<View> views(const Curve& curve) const;

  Prediction mixed(const Curve& curve) const;  ///< before calibration
  void calibrate(std::span<const Outcome> outcomes);

  std::vector<Law> laws_;
  std::vector<double> calibrated_at_;         ///< progress, ascending
  std::vector<double> shifts_, log_factors_;  ///< there: of the mean, and of the squared deviation from it
};

}  // namespace pegbox::math
