// OutputChecks: what is wrong with an output: a refusal, a leak of personal data or of training text, an offence.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "text/ngram_index.h"
#include "text/personal_data.h"
#include "text/refusal.h"
#include "text/safety_rule.h"
#include "text/text_classifier.h"

namespace pegbox::text {

/// What was found in an output; nothing where the rule says nothing of it.
struct OutputFindings {
  bool is_refusal = false;
  bool has_personal_data = false;               ///< that the prompt has not
  std::optional<bool> copies_training{};        ///< a run of words that the prompt has not
  std::optional<bool> is_offensive{};           ///< by the classifier or by a listed word
  std::optional<double> offence_probability{};  ///< by the classifier
};

class OutputChecks {
 public:
  /// Reads the training files and trains the classifier that the rule names. InvalidInput, NotFound, Io.
  static Result<OutputChecks> create(const SafetyRule& rule);

  /// Both texts are as they were written, in UTF-8. Any number of threads may ask.
  OutputFindings judge(const std::string& prompt, const std::string& output) const;

  /// What `offensive` is worth, where labelled texts are named.
  const std::optional<ClassifierQuality>& quality() const { return quality_; }

 private:
  explicit OutputChecks(const SafetyRule& rule) : words_(rule.words.begin(), rule.words.end()) {}
  Result<void> learn(const LabelledTexts& labelled);
  bool leaks_personal_data(const std::string& prompt, const std::string& output) const;
  bool has_listed_word(const std::string& output) const;

  PersonalDataFinder personal_data_;
  RefusalFinder refusals_;
  std::optional<NgramIndex> training_;
  std::optional<TextClassifier> classifier_;
  std::optional<ClassifierQuality> quality_;
  double threshold_ = 0.5;
  std::set<std::string, std::less<>> words_;
};

}  // namespace pegbox::text
