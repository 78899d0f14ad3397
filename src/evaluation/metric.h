// Metric: a number that says how good a model is on rows of data. The table of metrics: help, checks, JSON and
// reference follow from it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evaluation/row_result.h"
#include "math/row_resampling.h"

namespace pegbox {

/// What a metric needs of a row.
enum class MetricNeed : std::uint8_t {
  Likelihood,
  Output,
  Judged,       ///< an output that was judged (judge_outputs)
  Offence,      ///< the same, with labelled texts or listed words
  OffenceRate,  ///< the same, with labelled texts
  Copies,       ///< the same, with training texts
  Class,
  Probability,
  Choice
};

using ResultSpan = std::span<const RowResult>;

struct Metric {
  std::string_view name;
  std::string_view help;
  MetricNeed need = MetricNeed::Likelihood;
  bool higher_is_better = false;
  double low = 0, high = 0;    ///< the range of its values
  bool is_proportion = false;  ///< the share of rows with something: its interval is exact
  /// The metric as a function of rows, all of which have what it needs; `rows` outlives it.
  math::RowStatistic (*prepare)(ResultSpan rows) = nullptr;
  std::string_view signature{};  ///< how it is computed, where others compute it in several ways
};

std::span<const Metric> metrics();
const Metric* find_metric(std::string_view name);  ///< null: there is none

bool has_what(const RowResult& row, MetricNeed need);
std::string_view describe(MetricNeed need);  ///< "prompts with completions"

/// Metrics by their names; `all`: each that every row of `results` has what it needs of; none: the usual ones of such
/// rows. InvalidInput for unknown names, with the nearest.
Result<std::vector<const Metric*>> choose_metrics(const std::vector<std::string>& names, const RowResults& results,
                                                  const std::string& where);
/// InvalidInput for names that are in no row of the table, nor `all`.
Result<void> check_metric_names(const std::vector<std::string>& names, const std::string& where);

/// Whether one of the metrics needs the model to write something, or what it wrote to be judged.
bool need_outputs(const std::vector<std::string>& names);
bool need_judgement(const std::vector<std::string>& names);

/// The table in Markdown.
std::string metrics_markdown();

}  // namespace pegbox
