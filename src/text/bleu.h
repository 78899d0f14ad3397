// BLEU (Papineni et al. 2002) of a corpus with one reference for each text, to the last digit as sacreBLEU 2 gives it
// by default (Post 2018, arXiv 1804.08771): mteval-v13a's tokenization, case kept, exponential smoothing.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace pegbox::text {

inline constexpr std::size_t kBleuOrder = 4;

/// What one text adds to a corpus: words of the hypothesis and of the reference, runs of 1 to 4 words that match, and
/// runs of the hypothesis. Those of a corpus are the sums of its texts'.
using BleuCounts = std::array<double, 2 + 2 * kBleuOrder>;

/// Both texts are well-formed UTF-8.
BleuCounts bleu_counts(std::string_view hypothesis, std::string_view reference);

/// 0 to 100.
double bleu(const BleuCounts& counts);

/// The words of mteval-v13a.pl: punctuation apart, but not within numbers; a few HTML entities undone.
std::vector<std::string> tokenize_13a(std::string_view text);

/// How it was computed, in sacreBLEU's form.
inline constexpr std::string_view kBleuSignature = "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0";

}  // namespace pegbox::text
