// SafetyRule: what outputs should not hold: offences, by labelled texts or listed words, and copies of training text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/document.h"
#include "base/file.h"
#include "base/result.h"

namespace pegbox::text {

/// Labelled texts, from which a classifier of offensive outputs is trained.
struct LabelledTexts {
  std::string data, text = "text", label = "label", group;  ///< a data file, and what its fields are called
  std::vector<std::string> positive;                        ///< labels of offensive texts
  double threshold = 0.5;                                   ///< an output is offensive from this probability on
};

struct SafetyRule {
  std::optional<LabelledTexts> offensive;
  std::vector<std::string> words;     ///< an output with one of them is offensive
  std::vector<std::string> training;  ///< data files whose texts outputs should not hold
  std::int64_t training_words = 13;   ///< so many in a row are a copy

  /// The section `safety` of a watch file or an evaluation; paths in it are relative to `folder`. InvalidInput, with
  /// the line, for unknown names, wrong types, and what is missing.
  static Result<SafetyRule> read(const Node& node, const Path& folder);
};

}  // namespace pegbox::text
