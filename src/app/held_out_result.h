// Held-out result: the best trial of a study, measured on the data that were kept from the search.
#pragma once

#include <string>
#include <vector>

#include "app/store_place.h"
#include "base/json.h"
#include "base/result.h"
#include "search/store.h"

namespace pegbox {

/// The study's note of it: {"trial", "trials": done by then, "metrics": {name: value}, "intervals": {name: [low,
/// high]}, "looks": how often anything was measured on the test data}.
inline constexpr char kTestNote[] = "test";

/// Measures the trial that `pegbox best` names on the files that the study's trainer names as `test`, and notes it in
/// the study's log; where that is done already, the note. `metrics`: names; empty: the loss, and what trials are
/// evaluated by on validation data. `again`: also where another trial, or other metrics, were measured before, which is
/// refused else: who chooses by test results has none. InvalidInput without test data and of several objectives,
/// NotFound where the trial's model is gone, Conflict while the study runs.
Result<Json> test_best(Store& store, const std::string& study, const StorePlace& place,
                       const std::vector<std::string>& metrics, bool again);

/// The note for people.
std::string test_text(const Json& note);

}  // namespace pegbox
