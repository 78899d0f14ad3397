// LabelErrors: see label_errors.h.
#include "text/label_errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "text/confident_learning.h"

namespace pegbox::text {
namespace {

constexpr std::size_t kMostRows = 100'000, kLeastOfAClass = 5;

}  // namespace

void LabelErrorFinder::add(RowNumber row, std::int32_t label, TextFeatures features) {
  if (rows_.size() == kMostRows) return;
  rows_.push_back(row);
  texts_.push_back({std::move(features), label});
}

std::vector<LabelError> LabelErrorFinder::find(int threads) const {
  std::map<std::int32_t, std::size_t> sizes;
  for (const LabelledFeatures& text : texts_) ++sizes[text.label];
  std::erase_if(sizes, [](const auto& each) { return each.second < kLeastOfAClass; });
  if (sizes.size() < 2) return {};
  std::vector<std::int32_t> names;  // of the classes that are told apart: their labels
  std::map<std::int32_t, std::int32_t> numbers;
  for (const auto& [label, size] : sizes) {
    numbers[label] = static_cast<std::int32_t>(names.size());
    names.push_back(label);
  }
  std::vector<LabelledFeatures> texts;
  std::vector<std::int32_t> labels;
  std::vector<RowNumber> rows;
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    const auto number = numbers.find(texts_[i].label);
    if (number == numbers.end()) continue;
    texts.push_back({texts_[i].features, number->second});
    labels.push_back(number->second);
    rows.push_back(rows_[i]);
  }
  const std::vector<double> probabilities = cross_validated_probabilities(texts, names.size(), threads);
  const std::vector<std::int32_t> likely = likely_classes(labels, probabilities, names.size());
  std::vector<LabelError> errors;
  for (std::size_t i = 0; i < likely.size(); ++i) {
    if (likely[i] < 0) continue;
    const auto of = [&](std::int32_t number) {
      return probabilities[i * names.size() + static_cast<std::size_t>(number)];
    };
    errors.push_back({rows[i], names[static_cast<std::size_t>(labels[i])], names[static_cast<std::size_t>(likely[i])],
                      of(labels[i]), of(likely[i])});
  }
  std::ranges::stable_sort(errors, std::greater(),
                           [](const LabelError& error) { return error.likely_probability - error.label_probability; });
  return errors;
}

std::string label_error_detail(const LabelError& error, const RowIndex& index) {
  const auto name = [&](std::int32_t label) { return index.labels()[static_cast<std::size_t>(label)]; };
  return fmt::format("{} here, likely {} ({:.2f} against {:.2f})", name(error.label), name(error.likely),
                     error.likely_probability, error.label_probability);
}

}  // namespace pegbox::text
