// Classes: see classes.h.
#include "train/classes.h"

#include <ATen/ops/argmax.h>
#include <ATen/ops/empty.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>

#include "text/hash.h"
#include "text/row_place.h"

namespace pegbox::train {

namespace {

std::optional<std::int64_t> integer_in(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

tl::unexpected<Error> unknown_label(const text::Row& row, std::string where, const ClassNames& names) {
  const std::size_t shown = std::min<std::size_t>(names.size(), 8);
  return fail(ErrorKind::InvalidInput,
              {.where = std::move(where),
               .what = "this label is no class of the model",
               .got = row.label,
               .expected = fmt::format("{}{}", fmt::join(names.begin(), names.begin() + static_cast<long>(shown), ", "),
                                       shown < names.size() ? ", ..." : ""),
               .hint = "the classes of a run are the labels of its training data"});
}

std::uint64_t hash_of(const text::TokenizedRows& rows) {
  text::Fnv64 hash;
  for (const text::TokenId id : rows.ids) hash.add(static_cast<std::uint64_t>(id));
  for (const std::int64_t offset : rows.offsets) hash.add(static_cast<std::uint64_t>(offset));
  hash.add("classes");
  return hash.value();
}

std::int64_t class_of(const text::TokenizedRows& rows, std::int64_t row) { return rows.row(row).back(); }

}  // namespace

Result<ClassNames> class_names(std::span<const text::Row> rows) {
  std::set<std::string> labels;
  for (const text::Row& row : rows) labels.insert(row.label);
  if (labels.size() < 2)
    return fail(ErrorKind::InvalidInput, {.where = "data",
                                          .what = "there is nothing to tell apart",
                                          .got = fmt::format("{} different labels", labels.size()),
                                          .expected = "training data with two or more"});
  ClassNames names(labels.begin(), labels.end());
  if (std::ranges::all_of(names, [](const std::string& name) { return integer_in(name).has_value(); }))
    std::ranges::sort(names, {}, [](const std::string& name) { return *integer_in(name); });
  return names;
}

Result<text::TokenizedRows> classified_rows(const text::Tokenizer& tokenizer, std::span<const text::Row> rows,
                                            const ClassNames& names, std::span<const std::string> files,
                                            const text::TokenizeOptions& options) {
  std::vector<std::string_view> texts;
  for (const text::Row& row : rows) texts.push_back(row.text);
  PEGBOX_TRY(const auto encoded, tokenizer.encode_batch(texts, options.threads));
  text::TokenizedRows result;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto found = std::ranges::find(names, rows[i].label);
    if (found == names.end()) return unknown_label(rows[i], text::place_of(rows[i], files), names);
    std::vector<text::TokenId> ids;
    if (options.begin_token) ids.push_back(*options.begin_token);
    ids.insert(ids.end(), encoded[i].begin(), encoded[i].end());
    const auto most = static_cast<std::size_t>(options.sequence_length - 1);
    const auto whole = std::ssize(ids) + 1;  // with the class
    result.longest = std::max(result.longest, whole);
    if (ids.size() > most) {
      ++result.truncated_rows;
      result.longest_truncated = std::max(result.longest_truncated, whole);
    }
    ids.resize(std::min(ids.size(), most));
    result.ids.insert(result.ids.end(), ids.begin(), ids.end());
    result.ids.push_back(static_cast<text::TokenId>(found - names.begin()));
    result.offsets.push_back(static_cast<std::int64_t>(result.ids.size()));
    result.label_starts.push_back(static_cast<std::int64_t>(ids.size()));
    result.sources.push_back(static_cast<std::int64_t>(i));
  }
  result.content_hash = hash_of(result);
  return result;
}

Tensor class_weights(const text::TokenizedRows& rows, std::int64_t classes, double strength) {
  std::vector<double> counts(static_cast<std::size_t>(classes), 0);
  for (std::int64_t row = 0; row < rows.size(); ++row) ++counts[static_cast<std::size_t>(class_of(rows, row))];
  const double all = static_cast<double>(rows.size());
  Tensor weights = at::empty({classes}, at::kFloat);
  double sum = 0;  // of the rows' factors
  for (std::size_t c = 0; c < counts.size(); ++c) {
    const double weight = counts[c] > 0 ? std::pow(all / (static_cast<double>(classes) * counts[c]), strength) : 0;
    weights.mutable_data_ptr<float>()[c] = static_cast<float>(weight);
    sum += weight * counts[c];
  }
  return sum > 0 ? weights.mul_(all / sum) : weights;
}

void ClassCounts::count(const Tensor& logits, const Tensor& labels) {
  const auto classes = static_cast<std::size_t>(logits.size(1));
  for (auto* counts : {&right, &predicted, &actual}) counts->resize(classes, 0);
  const Tensor answers = at::argmax(logits, 1);
  for (std::int64_t row = 0; row < labels.size(0); ++row) {
    const auto label = static_cast<std::size_t>(labels.const_data_ptr<std::int64_t>()[row]);
    const auto answer = static_cast<std::size_t>(answers.const_data_ptr<std::int64_t>()[row]);
    ++actual[label];
    ++predicted[answer];
    right[label] += label == answer;
  }
}

void ClassCounts::add(const ClassCounts& more) {
  if (more.empty()) return;
  for (auto* counts : {&right, &predicted, &actual}) counts->resize(more.actual.size(), 0);
  for (std::size_t c = 0; c < more.actual.size(); ++c) {
    right[c] += more.right[c];
    predicted[c] += more.predicted[c];
    actual[c] += more.actual[c];
  }
}

double ClassCounts::accuracy() const {
  const auto sum = [](const std::vector<std::int64_t>& counts) {
    return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
  };
  return sum(right) / sum(actual);
}

double ClassCounts::macro_f1() const {
  double sum = 0, classes = 0;
  for (std::size_t c = 0; c < actual.size(); ++c) {
    const std::int64_t seen = predicted[c] + actual[c];
    if (seen == 0) continue;
    sum += 2 * static_cast<double>(right[c]) / static_cast<double>(seen);
    ++classes;
  }
  return sum / classes;
}

}  // namespace pegbox::train
