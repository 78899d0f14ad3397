// Drift: see drift.h.
#include "watch/drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "math/contingency.h"
#include "math/histogram.h"
#include "math/multiple_tests.h"
#include "math/two_sample.h"

namespace pegbox::watch {

namespace {

// Thresholds and sizes are those of Evidently 0.7.
constexpr double kDistance = 0.1, kLeastSpread = 0.001;
constexpr std::int64_t kSmallReference = 1000;
constexpr std::size_t kFewValues = 5, kWordsShown = 10;

constexpr std::array<DriftTest, 6> kTests = {{
    {.name = "kolmogorov_smirnov", .for_numbers = true},
    {.name = "chi_squared", .for_numbers = true, .for_categories = true},
    {.name = "chi_squared_fit", .for_numbers = true, .for_categories = true},
    {.name = "wasserstein", .for_numbers = true, .is_distance = true, .threshold = kDistance},
    {.name = "jensen_shannon",
     .for_numbers = true,
     .for_categories = true,
     .is_distance = true,
     .threshold = kDistance},
    {.name = "population_stability",
     .for_numbers = true,
     .for_categories = true,
     .is_distance = true,
     .threshold = kDistance},
}};

bool fits(const DriftTest& test, ColumnKind kind) {
  return (kind == ColumnKind::Number && test.for_numbers) || (kind == ColumnKind::Category && test.for_categories);
}

std::int64_t count_in(const ColumnSample& sample, const std::string& name) {
  const auto found = sample.counts.find(name);
  return found == sample.counts.end() ? 0 : found->second;
}

math::CountPair category_counts(const ColumnSample& reference, const ColumnSample& window) {
  std::set<std::string_view> names;
  for (const auto* sample : {&reference, &window})
    for (const auto& [name, count] : sample->counts) names.insert(name);
  math::CountPair counts;
  for (const std::string_view name : names) {
    counts.first.push_back(static_cast<double>(count_in(reference, std::string(name))));
    counts.second.push_back(static_cast<double>(count_in(window, std::string(name))));
  }
  return counts;
}

/// The Wasserstein distance in standard deviations of the reference.
double scaled_wasserstein(const std::vector<double>& reference, const std::vector<double>& window) {
  const auto n = static_cast<double>(reference.size());
  const double variance = math::variance(reference) * (n - 1) / n;
  return math::wasserstein(reference, window) / std::max(std::sqrt(variance), kLeastSpread);
}

bool has_few_values(const ColumnSample& reference, const ColumnSample& window) {
  std::set<double> values;
  for (const auto* sample : {&reference, &window})
    for (const double value : sample->numbers) {
      values.insert(value);
      if (values.size() > kFewValues) return false;
    }
  return true;
}

std::string_view default_test(ColumnKind kind, const ColumnSample& reference, const ColumnSample& window) {
  const bool is_small = reference.present <= kSmallReference;
  if (kind == ColumnKind::Category || has_few_values(reference, window))
    return is_small ? "chi_squared" : "jensen_shannon";
  return is_small ? "kolmogorov_smirnov" : "wasserstein";
}

void run_test(const DriftTest& test, ColumnKind kind, const ColumnSample& reference, const ColumnSample& window,
              ColumnDrift& drift) {
  if (test.name == "wasserstein") {
    drift.statistic = scaled_wasserstein(reference.numbers, window.numbers);
    return;
  }
  math::TestResult result;
  if (test.name == "kolmogorov_smirnov") {
    result = math::kolmogorov_smirnov(reference.numbers, window.numbers);
  } else {
    const math::CountPair counts = kind == ColumnKind::Number ? math::bin_counts(reference.numbers, window.numbers)
                                                              : category_counts(reference, window);
    if (test.name == "chi_squared") result = math::chi_squared(counts);
    if (test.name == "chi_squared_fit") result = math::chi_squared_fit(counts);
    if (test.name == "jensen_shannon") result.statistic = math::jensen_shannon(counts);
    if (test.name == "population_stability") result.statistic = math::population_stability(counts);
  }
  drift.statistic = result.statistic;
  if (!test.is_distance) drift.p_value = result.p_value;
}

ColumnDrift compare_values(const Column& column, const ColumnSample& reference, const ColumnSample& window,
                           const DriftRule& rule) {
  const auto chosen = rule.tests.find(column.name);
  const std::string_view name =
      chosen != rule.tests.end() ? chosen->second : default_test(column.kind, reference, window);
  const DriftTest& test = *find_test(name, column.kind);
  ColumnDrift drift{
      .column = column.name, .test = std::string(name), .before = reference.present, .now = window.present};
  run_test(test, column.kind, reference, window, drift);
  if (test.is_distance) {
    const auto threshold = rule.thresholds.find(column.name);
    drift.threshold = threshold != rule.thresholds.end() ? threshold->second : test.threshold;
    drift.has_drifted = drift.statistic >= *drift.threshold;
  }
  return drift;
}

/// The most frequent words of both samples together, which does not depend on how they are divided.
std::vector<std::string> frequent_words(const ColumnSample& reference, const ColumnSample& window, std::size_t most) {
  std::vector<std::pair<std::int64_t, std::string_view>> words;
  for (const auto& [word, count] : reference.counts) words.emplace_back(-count - count_in(window, word), word);
  for (const auto& [word, count] : window.counts)
    if (!reference.counts.contains(word)) words.emplace_back(-count, word);
  const auto end = words.begin() + static_cast<std::ptrdiff_t>(std::min(most, words.size()));
  std::partial_sort(words.begin(), end, words.end());
  std::vector<std::string> names;
  for (auto word = words.begin(); word != end; ++word) names.emplace_back(word->second);
  return names;
}

ColumnDrift compare_words(const Column& column, const ColumnSample& reference, const ColumnSample& window,
                          const DriftRule& rule) {
  ColumnDrift drift{.column = column.name, .test = "words", .before = reference.present, .now = window.present};
  std::vector<double> p_values;
  for (std::string& word : frequent_words(reference, window, static_cast<std::size_t>(rule.words))) {
    const std::int64_t before = count_in(reference, word), now = count_in(window, word);
    p_values.push_back(math::fisher_p_value(before, reference.present, now, window.present));
    drift.words.push_back({.word = std::move(word),
                           .before = static_cast<double>(before) / static_cast<double>(reference.present),
                           .now = static_cast<double>(now) / static_cast<double>(window.present)});
  }
  const std::vector<double> adjusted = math::adjust_holm(p_values);
  for (std::size_t i = 0; i < adjusted.size(); ++i) drift.words[i].adjusted = adjusted[i];
  std::ranges::stable_sort(drift.words, {}, &WordChange::adjusted);
  drift.p_value = drift.words.empty() ? 1 : drift.words.front().adjusted;
  if (!drift.words.empty()) drift.statistic = drift.words.front().now - drift.words.front().before;
  std::erase_if(drift.words, [&](const WordChange& word) { return word.adjusted > rule.level; });
  drift.words.resize(std::min(drift.words.size(), kWordsShown));
  return drift;
}

ColumnDrift compare_presence(const Column& column, const Sample& reference, const Sample& window, std::size_t i) {
  const std::int64_t before = reference.columns[i].present, now = window.columns[i].present;
  ColumnDrift drift{.column = column.name, .test = "presence", .before = before, .now = now};
  drift.statistic = static_cast<double>(now) / static_cast<double>(window.records) -
                    static_cast<double>(before) / static_cast<double>(reference.records);
  drift.p_value = math::fisher_p_value(before, reference.records, now, window.records);
  return drift;
}

void correct(std::vector<ColumnDrift>& drifts, const DriftRule& rule) {
  std::vector<double> p_values;
  for (const ColumnDrift& drift : drifts)
    if (drift.p_value) p_values.push_back(*drift.p_value);
  if (rule.correct == "holm") p_values = math::adjust_holm(p_values);
  if (rule.correct == "benjamini_hochberg") p_values = math::adjust_benjamini_hochberg(p_values);
  std::size_t next = 0;
  for (ColumnDrift& drift : drifts) {
    if (!drift.p_value) continue;
    drift.adjusted = p_values[next++];
    drift.has_drifted = *drift.adjusted <= rule.level;
  }
}

}  // namespace

const DriftTest* find_test(std::string_view name, ColumnKind kind) {
  const auto found =
      std::ranges::find_if(kTests, [&](const DriftTest& test) { return test.name == name && fits(test, kind); });
  return found == kTests.end() ? nullptr : &*found;
}

std::string test_names(ColumnKind kind) {
  std::string names;
  for (const DriftTest& test : kTests)
    if (fits(test, kind)) names.append(names.empty() ? "" : ", ").append(test.name);
  return names;
}

std::vector<ColumnDrift> compare(const Sample& reference, const Sample& window, const WatchConfig& config) {
  const std::vector<Column> columns = columns_of(config);
  std::vector<ColumnDrift> drifts;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const ColumnSample &before = reference.columns[i], &now = window.columns[i];
    if (before.present != reference.records || now.present != window.records)
      if (before.present + now.present > 0) drifts.push_back(compare_presence(columns[i], reference, window, i));
    if (before.present == 0 || now.present == 0) continue;
    if (columns[i].kind != ColumnKind::Words)
      drifts.push_back(compare_values(columns[i], before, now, config.drift));
    else if (config.drift.words > 0)
      drifts.push_back(compare_words(columns[i], before, now, config.drift));
  }
  correct(drifts, config.drift);
  return drifts;
}

Json to_json(const ColumnDrift& drift) {
  Json json = {{"column", drift.column}, {"test", drift.test}, {"statistic", json_number(drift.statistic)}};
  if (drift.p_value) json["p_value"] = *drift.p_value;
  if (drift.adjusted) json["adjusted"] = *drift.adjusted;
  if (drift.threshold) json["threshold"] = *drift.threshold;
  json.update({{"drift", drift.has_drifted}, {"reference", drift.before}, {"window", drift.now}});
  if (drift.words.empty()) return json;
  for (const WordChange& word : drift.words)
    json["words"].push_back(
        {{"word", word.word}, {"before", word.before}, {"now", word.now}, {"adjusted", word.adjusted}});
  return json;
}

}  // namespace pegbox::watch
