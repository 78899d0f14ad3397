// Metric: see metric.h.
#include "evaluation/metric.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/document.h"
#include "base/number.h"
#include "math/class_scores.h"
#include "text/answer_match.h"
#include "text/bleu.h"
#include "text/chrf.h"
#include "text/error_rate.h"
#include "text/rouge.h"

namespace pegbox {

namespace {

using math::RowNumber;
using math::RowStatistic;
using Need = MetricNeed;

/// A function of the sums, over the rows, of numbers that each row has.
template <std::size_t n, class OfRow, class Value>
RowStatistic of_sums(ResultSpan rows, const OfRow& of_row, const Value& value) {
  std::vector<std::array<double, n>> numbers;
  numbers.reserve(rows.size());
  for (const RowResult& row : rows) numbers.push_back(of_row(row));
  return [numbers = std::move(numbers), value](std::span<const RowNumber> sample) {
    std::array<double, n> sums{};
    for (const RowNumber row : sample)
      for (std::size_t i = 0; i < n; ++i) sums[i] += numbers[row][i];
    return static_cast<double>(value(sums));
  };
}

/// The quotient of two sums.
template <class OfRow>
RowStatistic ratio(ResultSpan rows, const OfRow& of_row) {
  return of_sums<2>(rows, of_row, [](const std::array<double, 2>& sums) { return sums[0] / sums[1]; });
}

template <class OfRow>
RowStatistic mean_of(ResultSpan rows, const OfRow& of_row) {
  return ratio(rows, [&](const RowResult& row) { return std::array<double, 2>{static_cast<double>(of_row(row)), 1}; });
}

/// The mean of a score of output and reference.
template <double (*score)(std::string_view, std::string_view)>
RowStatistic mean_score(ResultSpan rows) {
  return mean_of(rows, [](const RowResult& row) { return score(row.output->text, row.output->reference); });
}

template <text::EditCounts (*edits)(std::string_view, std::string_view)>
RowStatistic error_rate(ResultSpan rows) {
  return ratio(rows, [](const RowResult& row) {
    const text::EditCounts counts = edits(row.output->text, row.output->reference);
    return std::array<double, 2>{static_cast<double>(counts.edits), static_cast<double>(counts.reference)};
  });
}

template <double (*value)(const text::ChrfCounts&)>
RowStatistic chrf_of(ResultSpan rows) {
  return of_sums<std::tuple_size_v<text::ChrfCounts>>(
      rows, [](const RowResult& row) { return text::chrf_counts(row.output->text, row.output->reference); }, value);
}

/// Nats that are of text, for each byte or word of it.
template <std::int64_t RowLikelihood::* units>
RowStatistic text_nats(ResultSpan rows, double (*value)(double nats_per_unit)) {
  return of_sums<2>(
      rows,
      [](const RowResult& row) {
        const RowLikelihood& all = *row.likelihood;
        return std::array<double, 2>{all.nll - all.end_nll, static_cast<double>(all.*units)};
      },
      [value](const std::array<double, 2>& sums) { return value(sums[0] / sums[1]); });
}

std::array<double, 2> loss_and_tokens(const RowResult& row) {
  return {row.likelihood->nll, static_cast<double>(row.likelihood->label_tokens)};
}

template <double (math::ClassCounts::*score)() const>
RowStatistic class_score(ResultSpan rows) {
  return [rows](std::span<const RowNumber> sample) {
    math::ClassCounts counts;
    for (const RowNumber row : sample) counts.add(rows[row].classes->label, rows[row].classes->answer);
    return (counts.*score)();
  };
}

template <class Score>
RowStatistic probability_score(ResultSpan rows, const Score& score) {
  return [rows, score](std::span<const RowNumber> sample) {
    std::vector<math::ClassifiedRow> classified;
    for (const RowNumber row : sample)
      classified.push_back({rows[row].classes->label, rows[row].classes->probabilities});
    return score(classified);
  };
}

constexpr std::array<Metric, 32> kMetrics = {{
    {"loss", "mean negative log-likelihood of a label token, in nats", Need::Likelihood, false, 0, kInfinity, false,
     [](ResultSpan rows) { return ratio(rows, loss_and_tokens); }},
    {"perplexity", "e to the loss", Need::Likelihood, false, 1, kInfinity, false,
     [](ResultSpan rows) {
       return of_sums<2>(rows, loss_and_tokens,
                         [](const std::array<double, 2>& sums) { return std::exp(sums[0] / sums[1]); });
     }},
    {"word_perplexity", "e to the negative log-likelihood of the text for each of its words", Need::Likelihood, false,
     1, kInfinity, false,
     [](ResultSpan rows) { return text_nats<&RowLikelihood::words>(rows, [](double x) { return std::exp(x); }); }},
    {"byte_perplexity", "the same for each byte", Need::Likelihood, false, 1, kInfinity, false,
     [](ResultSpan rows) { return text_nats<&RowLikelihood::bytes>(rows, [](double x) { return std::exp(x); }); }},
    {"bits_per_byte", "bits that the text needs under the model, for each byte", Need::Likelihood, false, 0, kInfinity,
     false,
     [](ResultSpan rows) {
       return text_nats<&RowLikelihood::bytes>(rows, [](double x) { return x / std::numbers::ln2; });
     }},
    {"token_accuracy", "share of the label tokens that the model finds the likeliest", Need::Likelihood, true, 0, 1,
     false,
     [](ResultSpan rows) {
       return ratio(rows, [](const RowResult& row) {
         return std::array<double, 2>{static_cast<double>(row.likelihood->right_tokens),
                                      static_cast<double>(row.likelihood->label_tokens)};
       });
     }},

    {"exact_match", "share of the outputs that are the reference, after SQuAD's normalization", Need::Output, true, 0,
     1, true,
     [](ResultSpan rows) {
       return mean_of(rows,
                      [](const RowResult& row) { return text::exact_match(row.output->text, row.output->reference); });
     }},
    {"f1", "F1 of the words of output and reference, after SQuAD's normalization", Need::Output, true, 0, 1, false,
     mean_score<text::token_f1>},
    {"bleu", "BLEU of the corpus", Need::Output, true, 0, 100, false,
     [](ResultSpan rows) {
       return of_sums<std::tuple_size_v<text::BleuCounts>>(
           rows, [](const RowResult& row) { return text::bleu_counts(row.output->text, row.output->reference); },
           text::bleu);
     },
     text::kBleuSignature},
    {"chrf", "chrF2 of the corpus: runs of characters in common", Need::Output, true, 0, 100, false,
     chrf_of<text::chrf>, text::kChrfSignature},
    {"chrf_plus_plus", "chrF2++ of the corpus: of characters and words", Need::Output, true, 0, 100, false,
     chrf_of<text::chrf_plus_plus>, text::kChrfPlusPlusSignature},
    {"rouge_1", "ROUGE-1: F1 of words", Need::Output, true, 0, 1, false,
     [](ResultSpan rows) {
       return mean_of(rows, [](const RowResult& r) { return text::rouge_n(r.output->text, r.output->reference, 1); });
     }},
    {"rouge_2", "ROUGE-2: F1 of pairs of words", Need::Output, true, 0, 1, false,
     [](ResultSpan rows) {
       return mean_of(rows, [](const RowResult& r) { return text::rouge_n(r.output->text, r.output->reference, 2); });
     }},
    {"rouge_l", "ROUGE-L: F1 of the longest common subsequence", Need::Output, true, 0, 1, false,
     mean_score<text::rouge_l>},
    {"rouge_l_sum", "ROUGE-Lsum: the same by lines", Need::Output, true, 0, 1, false, mean_score<text::rouge_l_sum>},
    {"word_error_rate", "words to insert, delete or replace, for each word of the reference", Need::Output, false, 0,
     kInfinity, false, error_rate<text::word_edits>},
    {"character_error_rate", "the same of characters", Need::Output, false, 0, kInfinity, false,
     error_rate<text::character_edits>},

    {"toxicity", "mean probability that an output is offensive, by the classifier of `safety: offensive`",
     Need::OffenceRate, false, 0, 1, false,
     [](ResultSpan rows) {
       return mean_of(rows, [](const RowResult& row) { return *row.safety->offence_probability; });
     }},
    {"offensive", "share of the outputs that the classifier or a listed word makes offensive", Need::Offence, false, 0,
     1, true,
     [](ResultSpan rows) { return mean_of(rows, [](const RowResult& row) { return *row.safety->is_offensive; }); }},
    {"leakage", "share of the outputs with a run of words of the training texts that the prompt has not", Need::Copies,
     false, 0, 1, true,
     [](ResultSpan rows) { return mean_of(rows, [](const RowResult& row) { return *row.safety->copies_training; }); }},
    {"personal_data", "share of the outputs with personal data that the prompt has not", Need::Judged, false, 0, 1,
     true,
     [](ResultSpan rows) { return mean_of(rows, [](const RowResult& row) { return row.safety->has_personal_data; }); }},
    {"refusals", "share of the outputs that decline to answer", Need::Judged, false, 0, 1, true,
     [](ResultSpan rows) { return mean_of(rows, [](const RowResult& row) { return row.safety->is_refusal; }); }},

    {"accuracy", "share of the rows whose class is told right", Need::Class, true, 0, 1, true,
     class_score<&math::ClassCounts::accuracy>},
    {"macro_f1", "mean of the classes' F1", Need::Class, true, 0, 1, false, class_score<&math::ClassCounts::macro_f1>},
    {"micro_f1", "F1 of the sums over the classes: where each row has one class, the accuracy", Need::Class, true, 0, 1,
     false, class_score<&math::ClassCounts::micro_f1>},
    {"weighted_f1", "mean of the classes' F1 by their rows", Need::Class, true, 0, 1, false,
     class_score<&math::ClassCounts::weighted_f1>},
    {"matthews", "Matthews' correlation of classes and answers", Need::Class, true, -1, 1, false,
     class_score<&math::ClassCounts::matthews>},
    {"roc_auc", "area under the ROC curve, of several classes the mean of one against the rest", Need::Probability,
     true, 0, 1, false,
     [](ResultSpan rows) {
       return probability_score(rows, [](std::span<const math::ClassifiedRow> r) { return math::roc_area(r); });
     }},
    {"brier", "Brier score: mean squared error of the probabilities", Need::Probability, false, 0, 2, false,
     [](ResultSpan rows) {
       return probability_score(rows, [](std::span<const math::ClassifiedRow> r) { return math::brier_score(r); });
     }},
    {"calibration_error", "expected calibration error: confidence against accuracy in 15 bins", Need::Probability,
     false, 0, 1, false,
     [](ResultSpan rows) {
       return probability_score(rows,
                                [](std::span<const math::ClassifiedRow> r) { return math::calibration_error(r); });
     }},

    {"acc", "share of the questions whose right answer is the likeliest of those given", Need::Choice, true, 0, 1, true,
     [](ResultSpan rows) { return mean_of(rows, [](const RowResult& row) { return row.choice->is_right; }); }},
    {"acc_norm", "the same by log-likelihood for each character of the answer", Need::Choice, true, 0, 1, true,
     [](ResultSpan rows) {
       return mean_of(rows, [](const RowResult& row) { return row.choice->is_right_for_length; });
     }},
}};

bool is_judged(Need need) {
  return need == Need::Judged || need == Need::Offence || need == Need::OffenceRate || need == Need::Copies;
}

constexpr std::string_view kAll = "all";

/// What is shown where nobody asks for metrics.
constexpr std::array<std::string_view, 13> kUsual = {
    "loss", "perplexity", "bits_per_byte", "token_accuracy", "exact_match", "f1",      "bleu",
    "chrf", "rouge_l",    "accuracy",      "macro_f1",       "acc",         "acc_norm"};

}  // namespace

std::span<const Metric> metrics() { return kMetrics; }

const Metric* find_metric(std::string_view name) {
  const auto found = std::ranges::find(kMetrics, name, &Metric::name);
  return found == kMetrics.end() ? nullptr : &*found;
}

bool has_what(const RowResult& row, MetricNeed need) {
  switch (need) {
    case Need::Likelihood:
      return row.likelihood.has_value();
    case Need::Output:
      return row.output.has_value();
    case Need::Judged:
      return row.safety.has_value();
    case Need::Offence:
      return row.safety && row.safety->is_offensive;
    case Need::OffenceRate:
      return row.safety && row.safety->offence_probability;
    case Need::Copies:
      return row.safety && row.safety->copies_training;
    case Need::Class:
      return row.classes.has_value();
    case Need::Probability:
      return row.classes && !row.classes->probabilities.empty();
    case Need::Choice:
      return row.choice.has_value();
  }
  return false;
}

std::string_view describe(MetricNeed need) {
  switch (need) {
    case Need::Likelihood:
      return "a language model, and text, prompts with completions or conversations";
    case Need::Output:
    case Need::Judged:
      return "prompts with completions, or conversations";
    case Need::Offence:
      return "the same, and in a suite or a trial `safety:` with `offensive` or `words`";
    case Need::OffenceRate:
      return "the same, and in a suite or a trial `safety: {offensive: {data: FILE, positive: [LABEL]}}`";
    case Need::Copies:
      return "the same, and in a suite or a trial `safety: {training: FILE}`";
    case Need::Class:
      return "a classifier, and texts with labels";
    case Need::Probability:
      return "a classifier with probabilities, and texts with labels";
    case Need::Choice:
      return "prompts with choices and the answer among them";
  }
  return {};
}

Result<void> check_metric_names(const std::vector<std::string>& names, const std::string& where) {
  std::vector<std::string_view> known{kAll};
  for (const Metric& metric : kMetrics) known.push_back(metric.name);
  for (const std::string& name : names) {
    if (std::ranges::find(known, name) != known.end()) continue;
    const std::string nearest = nearest_name(name, known);
    return fail(ErrorKind::InvalidInput, {.where = where,
                                          .what = "no such metric",
                                          .got = name,
                                          .expected = fmt::format("{}", fmt::join(known, ", ")),
                                          .hint = nearest.empty() ? "" : "did you mean " + nearest + "?"});
  }
  return {};
}

Result<std::vector<const Metric*>> choose_metrics(const std::vector<std::string>& names, const RowResults& results,
                                                  const std::string& where) {
  PEGBOX_CHECK(check_metric_names(names, where));
  const bool all = std::ranges::find(names, kAll) != names.end();
  const auto is_named = [&](std::string_view name) { return std::ranges::find(names, name) != names.end(); };
  std::vector<const Metric*> chosen;
  for (const Metric& metric : kMetrics) {
    const bool fits =
        std::ranges::all_of(results.rows, [&](const RowResult& row) { return has_what(row, metric.need); });
    const bool is_usual = names.empty() && std::ranges::find(kUsual, metric.name) != kUsual.end();
    if (is_named(metric.name) && !fits)
      return fail(ErrorKind::InvalidInput, {.where = where,
                                            .what = fmt::format("{} cannot be measured on these rows", metric.name),
                                            .expected = std::string(describe(metric.need))});
    if (fits && (all || is_usual || is_named(metric.name))) chosen.push_back(&metric);
  }
  return chosen;
}

bool need_outputs(const std::vector<std::string>& names) {
  return std::ranges::any_of(names, [](const std::string& name) {
    const Metric* const metric = find_metric(name);
    return metric != nullptr && (metric->need == Need::Output || is_judged(metric->need));
  });
}

bool need_judgement(const std::vector<std::string>& names) {
  return std::ranges::any_of(names, [](const std::string& name) {
    const Metric* const metric = find_metric(name);
    return metric != nullptr && is_judged(metric->need);
  });
}

std::string metrics_markdown() {
  std::string text = "| metric | is | better | range | interval |\n|---|---|---|---|---|\n";
  for (const Metric& metric : kMetrics)
    text += fmt::format("| `{}` | {} | {} | {:g} to {} | {} |\n", metric.name, metric.help,
                        metric.higher_is_better ? "higher" : "lower", metric.low,
                        metric.high == kInfinity ? "any" : fmt::format("{:g}", metric.high),
                        metric.is_proportion ? "exact" : "bootstrap");
  return text;
}

}  // namespace pegbox
