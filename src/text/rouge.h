// ROUGE (Lin 2004): F1 of what a text has in common with a reference, as the package rouge-score 0.1.2 gives it without
// stemming. A word is a run of a to z and 0 to 9 of the text in small letters, so other scripts have none.
#pragma once

#include <cstddef>
#include <string_view>

namespace pegbox::text {

// 0 to 1; both texts are well-formed UTF-8. Of a corpus it is the mean over its texts.
double rouge_n(std::string_view hypothesis, std::string_view reference, std::size_t n);  ///< runs of n words
double rouge_l(std::string_view hypothesis, std::string_view reference);  ///< the longest common subsequence
/// The same of summaries whose sentences are lines: for each sentence of the reference, what the sentences of the
/// hypothesis cover of it together.
double rouge_l_sum(std::string_view hypothesis, std::string_view reference);

}  // namespace pegbox::text
