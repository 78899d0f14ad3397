// TrialRows: a study's trials as the rows of a table that a page turns over: sorted, filtered, some at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "search/history.h"

namespace pegbox {

struct RowsWanted {
  std::string sort = "number";  ///< "number", "state", "step", "time" (of the last leg, s), a metric, a hyperparameter
  bool descending = false;
  std::optional<TrialState> state{};  ///< only these
  std::size_t from = 0, count = 50;   ///< of the rows in their order
};

/// {"matching": how many rows there are, "from", "rows": [{"number", "state", "config", "metrics", "step", "time_s",
/// "by": who chose it, "failure"}]}. Trials without what is sorted by are last, whichever the direction; equal ones are
/// by number. InvalidInput for a key that is none.
Result<Json> trial_rows(const History& history, const RowsWanted& wanted);

}  // namespace pegbox
