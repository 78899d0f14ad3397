// Minimizers of a function within a box: projected L-BFGS where there is a gradient, BOBYQA and Nelder-Mead where there
// is none. All are deterministic and bounded in evaluations.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/result.h"

namespace pegbox::math {

/// low[i] <= x[i] <= high[i]; equal bounds fix a coordinate. Infinite bounds are allowed for minimizers with gradients.
struct Box {
  std::vector<double> low;
  std::vector<double> high;

  static Box unit(int dimensions);  ///< [0, 1]^d
};

/// f(x); when `gradient` is not empty it also writes df/dx there. A value that is not finite means "worse than all".
using GradientFunction = std::function<double(std::span<const double> x, std::span<double> gradient)>;
using PlainFunction = std::function<double(std::span<const double> x)>;

struct MinimizeOptions {
  int max_evaluations = 200;           ///< of the function, for one start
  double gradient_tolerance = 1e-5;    ///< stop when no projected gradient component is larger
  double relative_tolerance = 1e-9;    ///< stop when a step gains less than this share of max(1, |f|)
  double initial_step_fraction = 0.1;  ///< derivative-free only: first step, as a share of the box's side
};

struct Minimum {
  std::vector<double> x;
  double value = 0;
  int evaluations = 0;
};

/// L-BFGS (Nocedal 1980) on the coordinates that are free, with a backtracking search along the projected path
/// (Bertsekas 1982). Never returns a point worse than the start, which is first moved into the box. InvalidInput if the
/// lengths differ, the box is empty, or the function is not finite at the start.
Result<Minimum> minimize(const GradientFunction& function, std::span<const double> start, const Box& box,
                         const MinimizeOptions& options = {});

/// The best of `minimize` from each start; starts at which the function is not finite are passed over, and only if
/// all are is it an error. Ties go to the earlier start. `evaluations` is the sum.
Result<Minimum> minimize_from(const GradientFunction& function, std::span<const std::vector<double>> starts,
                              const Box& box, const MinimizeOptions& options = {});

enum class DerivativeFree { Bobyqa, NelderMead };

/// Without gradients, by NLopt; the box must be finite. BOBYQA (Powell 2009) suits smooth functions of up to some tens
/// of coordinates, Nelder-Mead noisy or kinked ones.
Result<Minimum> minimize_plain(const PlainFunction& function, std::span<const double> start, const Box& box,
                               DerivativeFree method, const MinimizeOptions& options = {});

}  // namespace pegbox::math
