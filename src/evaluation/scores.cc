// Scores: see scores.h.
#include "evaluation/scores.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "math/proportion.h"

namespace pegbox {

namespace {

using math::RowNumber;

/// The same rows in the outcomes of the other model.
std::vector<RowNumber> moved(std::span<const RowNumber> rows, std::size_t by) {
  std::vector<RowNumber> result;
  for (const RowNumber row : rows) result.push_back(row + static_cast<RowNumber>(by));
  return result;
}

bool has(const math::RowStatistic& proportion, RowNumber row) {
  return proportion(std::span<const RowNumber>(&row, 1)) > 0.5;
}

}  // namespace

Scorer::Scorer(const std::vector<RowResult>& rows, const std::vector<RowResult>& other,
               const std::vector<const Metric*>& metrics, ScoreOptions options)
    : all_(rows), count_(rows.size()), has_other_(!other.empty()), metrics_(metrics), options_(options) {
  all_.insert(all_.end(), other.begin(), other.end());
  for (const Metric* metric : metrics_) statistics_.push_back(metric->prepare(all_));
}

RngKey Scorer::key_of(const Metric& metric) const {
  return {.seed = options_.seed, .stream = stream_id(metric.name), .trial = 0};
}

std::vector<Score> Scorer::of_all() const {
  std::vector<RowNumber> rows(count_);
  std::iota(rows.begin(), rows.end(), RowNumber{0});
  return of(rows);
}

std::vector<Score> Scorer::of(std::span<const RowNumber> rows) const {
  std::vector<Score> scores;
  for (std::size_t i = 0; i < metrics_.size(); ++i) scores.push_back(score(*metrics_[i], statistics_[i], rows));
  return scores;
}

Score Scorer::score(const Metric& metric, const math::RowStatistic& statistic, std::span<const RowNumber> rows) const {
  Score score{.metric = &metric, .value = statistic(rows)};
  const math::ResamplingOptions resampling{options_.confidence_fraction, options_.resamples};
  if (metric.is_proportion) {
    const auto trials = static_cast<double>(rows.size());
    if (const auto interval = math::proportion_interval(std::llround(score.value * trials), std::ssize(rows),
                                                        options_.confidence_fraction))
      score.interval = *interval;
    // As lm-evaluation-harness: the sample's standard deviation over the root of the number of rows.
    if (trials > 1) score.standard_error = std::sqrt(score.value * (1 - score.value) / (trials - 1));
  } else if (const auto spread = math::bootstrap_rows(rows, statistic, key_of(metric), resampling)) {
    score.interval = spread->interval;
    score.standard_error = spread->standard_error;
  }
  if (has_other_) score.difference = compare(metric, statistic, rows);
  return score;
}

std::optional<MetricDifference> Scorer::compare(const Metric& metric, const math::RowStatistic& statistic,
                                                std::span<const RowNumber> rows) const {
  const auto others = moved(rows, count_);
  const auto paired =
      math::compare_rows(others, rows, statistic, key_of(metric), {options_.confidence_fraction, options_.resamples});
  if (!paired) return std::nullopt;
  MetricDifference difference{*paired, "approximate randomization"};
  if (metric.is_proportion) {
    std::array<std::int64_t, 2> alone{};  // rows that only the model, only the other one has right
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool ours = has(statistic, rows[i]), theirs = has(statistic, others[i]);
      if (ours != theirs) ++alone[theirs];
    }
    difference.paired.p_value = math::mcnemar_p_value(alone[0], alone[1]);
    difference.test = "mcnemar";
  }
  return difference;
}

}  // namespace pegbox
