// Answer match: whether a short answer is the reference, and how many words they share, after the normalization of
// SQuAD's evaluation (Rajpurkar et al. 2016, arXiv 1606.05250; version 2 where an answer is empty).
#pragma once

#include <string>
#include <string_view>

namespace pegbox::text {

/// Small letters, without ASCII punctuation and the words a, an, the; one space between words.
std::string normalize_answer(std::string_view text);

/// Whether the normalized answers are equal.
bool exact_match(std::string_view answer, std::string_view reference);

/// F1 of the words of the normalized answers, 0 to 1; if one of them is empty, whether both are.
double token_f1(std::string_view answer, std::string_view reference);

}  // namespace pegbox::text
