// Hope: whether a study can come to anything, or whether every trial fails alike.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "search/history.h"

namespace pegbox {

/// Internal, with the last trial's text, once `after` trials have ended (failed, stopped, or refused by their worker)
/// and none has ever given a value of the objective. `is_spent`: the budget has nothing left.
Result<void> check_hope(const History& history, std::int64_t after, bool is_spent);

}  // namespace pegbox
