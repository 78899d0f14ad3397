// RateWatch: one rate, tested after each record for a rise over what the reference makes plausible or the watch file
// allows.
#pragma once

#include <optional>

#include "base/json.h"
#include "math/rate_rise.h"
#include "watch/rate.h"

namespace pegbox::watch {

class RateWatch {
 public:
  RateWatch() = default;

  /// `allowed`: the highest rate that is no alarm. Without it, half of `level` goes to the upper end of the reference's
  /// exact interval, and half to the test, so that both together err with probability at most `level`. Watches nothing
  /// if there is neither.
  RateWatch(std::optional<double> allowed, const RateCount& reference, double level);

  /// True if this record raises an alarm; the test then begins anew.
  bool add(bool is_yes);

  bool is_watched() const { return test_.has_value(); }
  double limit() const { return test_->limit(); }
  /// The records since the test began.
  const RateCount& since() const { return since_; }

  Json to_json() const;
  static RateWatch from_json(const Json& json);  ///< throws nlohmann's exceptions

 private:
  std::optional<math::RateRise> test_;
  double level_ = 0;  ///< of the test
  RateCount since_;
};

}  // namespace pegbox::watch
