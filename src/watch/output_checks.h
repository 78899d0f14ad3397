// OutputChecks: what is wrong with an output: a refusal, a leak of personal data or of training text, an offence.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "text/ngram_index.h"
#include "text/personal_data.h"
#include "text/refusal.h"
#include "text/text_classifier.h"
#include "watch/rate.h"
#include "watch/watch_config.h"

namespace pegbox::watch {

/// By rate: whether it is so of a record; nothing where that is not known.
using RateFlags = std::array<std::optional<bool>, kRates>;

class OutputChecks {
 public:
  /// Reads the training files and trains the classifier that the rule names. InvalidInput, NotFound, Io.
  static Result<OutputChecks> create(const SafetyRule& rule);

  /// Sets the flags that follow from the output. Both texts are as they were logged, in UTF-8.
  void judge(const std::string& prompt, const std::string& output, RateFlags& flags) const;

  /// What `offensive` is worth, where labelled texts are named.
  const std::optional<text::ClassifierQuality>& quality() const { return quality_; }

 private:
  explicit OutputChecks(const SafetyRule& rule) : words_(rule.words.begin(), rule.words.end()) {}
  Result<void> learn(const LabelledTexts& labelled);
  bool leaks_personal_data(const std::string& prompt, const std::string& output) const;
  bool is_offensive(const std::string& output) const;

  text::PersonalDataFinder personal_data_;
  text::RefusalFinder refusals_;
  std::optional<text::NgramIndex> training_;
  std::optional<text::TextClassifier> classifier_;
  std::optional<text::ClassifierQuality> quality_;
  double threshold_ = 0.5;
  std::set<std::string, std::less<>> words_;
};

}  // namespace pegbox::watch
