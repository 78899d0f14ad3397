// chrF and chrF++ (Popović 2015, 2017) of a corpus with one reference for each text, to the last digit as sacreBLEU 2
// gives them by default: runs of 1 to 6 characters without white space, for chrF++ also of 1 and 2 words; beta 2.
#pragma once

#include <array>
#include <string_view>

namespace pegbox::text {

inline constexpr std::size_t kChrfCharacterOrder = 6, kChrfWordOrder = 2;

/// For each order, of characters and then of words: runs in the hypothesis, in the reference, in both. Those of a
/// corpus are the sums of its texts'.
using ChrfCounts = std::array<double, 3 * (kChrfCharacterOrder + kChrfWordOrder)>;

/// Both texts are well-formed UTF-8.
ChrfCounts chrf_counts(std::string_view hypothesis, std::string_view reference);

double chrf(const ChrfCounts& counts);            ///< 0 to 100, of characters alone
double chrf_plus_plus(const ChrfCounts& counts);  ///< 0 to 100, of characters and words

/// How they were computed, in sacreBLEU's form.
inline constexpr std::string_view kChrfSignature = "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0";
inline constexpr std::string_view kChrfPlusPlusSignature =
    "nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:2.6.0";

}  // namespace pegbox::text
