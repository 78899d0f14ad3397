// CurveView: learning curves as a page draws them: JSON of bounded size however long the curves are.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "search/history.h"

namespace pegbox {

/// The points of one metric over a trial's steps, with its outline of at most `points` (math/downsample.h):
/// {"steps": [...], "values": [...], "reports": how many there are}; a value that is not finite is null.
Json curve_view(const Trial& trial, const std::string& metric, std::size_t points);

struct CurvesWanted {
  std::string metric;        ///< empty: the first objective
  std::size_t trials = 150;  ///< at most
  std::size_t points = 200;  ///< at most, of each
};

/// {"metric", "minimize", "with_curves": how many trials there are that reported the metric more than once,
///  "curves": [{"trial", "state", "steps", "values", "reports"}]} by number. The best trial is among them, then those
/// that run, then others evenly over the study.
Json curves_view(const History& history, const CurvesWanted& wanted);

}  // namespace pegbox
