// Quality rules: what Gopher, C4 and FineWeb reject, each rule by name with its published threshold.
//
// - Gopher: Rae et al., "Scaling language models", 2021, appendix A.1.1: quality in the text, repetition in table A1.
// - C4: Raffel et al., "Exploring the limits of transfer learning", JMLR 21, 2020, section 2.2; those of its rules that
//   reject a page (others drop lines).
// - FineWeb: Penedo et al., "The FineWeb datasets", 2024, section 3.6.
// They were made for English web pages: code has curly brackets, a poem has short lines.
#pragma once

#include <span>
#include <string_view>

#include "text/check_kind.h"
#include "text/text_statistics.h"

namespace pegbox::text {

struct QualityRule {
  std::string_view name;  ///< "gopher_words"
  CheckKind kind;         ///< the check that it is part of
  double least, most;     ///< a text with a value outside [least, most] is rejected
  double (*value)(const TextStatistics&);
  std::string_view what;  ///< what the value is: "words"

  bool rejects(const TextStatistics& text) const {
    const double of_text = value(text);
    return of_text < least || of_text > most;
  }
};

std::span<const QualityRule> quality_rules();

/// Rules of repetition say nothing of shorter texts: Gopher's own least length.
inline constexpr std::int64_t kLeastWordsForRepetition = 50;

}  // namespace pegbox::text
