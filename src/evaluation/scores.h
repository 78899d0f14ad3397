// Scores: metrics of rows with their intervals, of all rows and of slices of them, and compared with another model's on
// the same rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "evaluation/metric.h"
#include "math/row_resampling.h"

namespace pegbox {

/// One model against another on the same rows.
struct MetricDifference {
  math::PairedDifference paired;  ///< of the model from the other one
  std::string_view test;          ///< "mcnemar" of proportions, else "approximate randomization"
};

struct Score {
  const Metric* metric = nullptr;
  double value = 0;
  std::optional<math::Interval> interval{};  ///< 95 %; nothing where the rows do not say
  std::optional<double> standard_error{};
  std::optional<MetricDifference> difference{};  ///< where there is another model
};

struct ScoreOptions {
  double confidence_fraction = 0.95;
  int resamples = 1000;
  std::uint64_t seed = 0;
};

/// Rows of which a field of the data has one value.
struct Slice {
  std::string field, value;
  std::vector<math::RowNumber> rows{};
};

/// Computes metrics of sets of rows; the rows stay the caller's.
class Scorer {
 public:
  /// `other`: the same rows by another model, or empty. All rows have what the metrics need.
  Scorer(const std::vector<RowResult>& rows, const std::vector<RowResult>& other,
         const std::vector<const Metric*>& metrics, ScoreOptions options = {});

  std::vector<Score> of(std::span<const math::RowNumber> rows) const;
  std::vector<Score> of_all() const;

 private:
  Score score(const Metric& metric, const math::RowStatistic& statistic, std::span<const math::RowNumber> rows) const;
  std::optional<MetricDifference> compare(const Metric& metric, const math::RowStatistic& statistic,
                                          std::span<const math::RowNumber> rows) const;
  RngKey key_of(const Metric& metric) const;

  std::vector<RowResult> all_;  // those of the model, then those of the other one
  std::size_t count_;           // of the model
  bool has_other_;
  std::vector<const Metric*> metrics_;
  std::vector<math::RowStatistic> statistics_;
  ScoreOptions options_;
};

}  // namespace pegbox
