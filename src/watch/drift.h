// Drift: whether a window of records differs from the reference, column by column.
//
// Which test is the default depends on the kind of a column and on the size of the reference as Evidently 0.7 chooses:
// tests with p-values for at most 1,000 values, distances above. Where its chi-square takes the reference's shares for
// exact, `chi_squared` here does not, so that it errs as rarely as it says (`chi_squared_fit` is Evidently's); with two
// values it is Evidently's z test.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "watch/column.h"
#include "watch/sample.h"
#include "watch/watch_config.h"

namespace pegbox::watch {

/// What a test says of two samples of a column: a p-value, or a distance.
struct DriftTest {
  std::string_view name;
  bool for_numbers = false, for_categories = false;
  bool is_distance = false;
  double threshold = 0;  ///< of a distance, from which on it is drift: Evidently's
};

const DriftTest* find_test(std::string_view name, ColumnKind kind);  ///< null if there is none
std::string test_names(ColumnKind kind);                             ///< "kolmogorov_smirnov, ..."

/// A word that became more frequent or less.
struct WordChange {
  std::string word;
  double before = 0, now = 0;  ///< shares of the texts that hold it
  double adjusted = 1;         ///< Holm's p-value over all words compared
};

struct ColumnDrift {
  std::string column;
  std::string test;                 ///< a DriftTest's name; "words"; "presence": how many records have a value
  double statistic = 0;             ///< a distance: in its unit; of words and presence: the share that changed most
  std::optional<double> p_value;    ///< of tests
  std::optional<double> adjusted;   ///< after the correction for all tests of the window
  std::optional<double> threshold;  ///< of distances
  bool has_drifted = false;
  std::int64_t before = 0, now = 0;  ///< values in the reference and in the window
  std::vector<WordChange> words;     ///< of "words": at most ten that changed, the surest first
};

/// One entry for each column with values in both samples, and one more, "presence", where values are missing. Words are
/// compared by Fisher's test of how many texts hold each, over the most frequent of both samples together, so that a
/// word that one text repeats counts once.
std::vector<ColumnDrift> compare(const Sample& reference, const Sample& window, const WatchConfig& config);

Json to_json(const ColumnDrift& drift);

}  // namespace pegbox::watch
