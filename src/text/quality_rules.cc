// The table of rules.
#include "text/quality_rules.h"

#include <array>
#include <limits>

namespace pegbox::text {
namespace {

using S = TextStatistics;

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

template <std::size_t n>
double top(const S& text) {
  return text.top_ngram_fraction[n - 2];
}

template <std::size_t n>
double repeated(const S& text) {
  return text.repeated_ngram_fraction[n - 5];
}

/// Of the characters of the lines themselves.
double repeated_line_part(const S& text) {
  const auto of_lines = static_cast<double>(text.characters - text.line_feeds);
  return of_lines > 0 ? text.repeated_line_character_fraction * static_cast<double>(text.characters) / of_lines : 0;
}

constexpr std::array<QualityRule, 27> kRules = {{
    {"gopher_words", CheckKind::Gopher, 50, 100'000, [](const S& t) { return double(t.words); }, "words"},
    {"gopher_word_length", CheckKind::Gopher, 3, 10, [](const S& t) { return t.mean_word_length; },
     "characters a word"},
    {"gopher_hashes", CheckKind::Gopher, 0, 0.1, [](const S& t) { return t.hashes_per_word; }, "hash signs a word"},
    {"gopher_ellipses", CheckKind::Gopher, 0, 0.1, [](const S& t) { return t.ellipses_per_word; }, "ellipses a word"},
    {"gopher_bullet_lines", CheckKind::Gopher, 0, 0.9, [](const S& t) { return t.bullet_line_fraction; },
     "of the lines begin with a bullet"},
    {"gopher_ellipsis_lines", CheckKind::Gopher, 0, 0.3, [](const S& t) { return t.ellipsis_line_fraction; },
     "of the lines end with an ellipsis"},
    {"gopher_alphabetic_words", CheckKind::Gopher, 0.8, 1, [](const S& t) { return t.alphabetic_word_fraction; },
     "of the words have a letter"},
    {"gopher_stop_words", CheckKind::Gopher, 2, kNoLimit, [](const S& t) { return double(t.stop_words); },
     "of the, be, to, of, and, that, have, with"},

    {"gopher_repeated_lines", CheckKind::Repetition, 0, 0.3, [](const S& t) { return t.repeated_line_fraction; },
     "of the lines are there before"},
    {"gopher_repeated_paragraphs", CheckKind::Repetition, 0, 0.3,
     [](const S& t) { return t.repeated_paragraph_fraction; }, "of the paragraphs are there before"},
    {"gopher_repeated_line_characters", CheckKind::Repetition, 0, 0.2,
     [](const S& t) { return t.repeated_line_character_fraction; }, "of the characters are in repeated lines"},
    {"gopher_repeated_paragraph_characters", CheckKind::Repetition, 0, 0.2,
     [](const S& t) { return t.repeated_paragraph_character_fraction; },
     "of the characters are in repeated paragraphs"},
    {"gopher_top_2_gram", CheckKind::Repetition, 0, 0.2, top<2>, "of the characters are of one pair of words"},
    {"gopher_top_3_gram", CheckKind::Repetition, 0, 0.18, top<3>, "of the characters are of one 3-gram"},
    {"gopher_top_4_gram", CheckKind::Repetition, 0, 0.16, top<4>, "of the characters are of one 4-gram"},
    {"gopher_repeated_5_grams", CheckKind::Repetition, 0, 0.15, repeated<5>,
     "of the characters are in repeated 5-grams"},
    {"gopher_repeated_6_grams", CheckKind::Repetition, 0, 0.14, repeated<6>,
     "of the characters are in repeated 6-grams"},
    {"gopher_repeated_7_grams", CheckKind::Repetition, 0, 0.13, repeated<7>,
     "of the characters are in repeated 7-grams"},
    {"gopher_repeated_8_grams", CheckKind::Repetition, 0, 0.12, repeated<8>,
     "of the characters are in repeated 8-grams"},
    {"gopher_repeated_9_grams", CheckKind::Repetition, 0, 0.11, repeated<9>,
     "of the characters are in repeated 9-grams"},
    {"gopher_repeated_10_grams", CheckKind::Repetition, 0, 0.1, repeated<10>,
     "of the characters are in repeated 10-grams"},

    {"c4_sentences", CheckKind::C4, 5, kNoLimit, [](const S& t) { return double(t.sentences); }, "sentences"},
    {"c4_lorem_ipsum", CheckKind::C4, 0, 0, [](const S& t) { return double(t.has_lorem_ipsum); }, "lorem ipsum"},
    {"c4_curly_bracket", CheckKind::C4, 0, 0, [](const S& t) { return double(t.has_curly_bracket); }, "curly bracket"},

    {"fineweb_ended_lines", CheckKind::FineWeb, 0.12, 1, [](const S& t) { return t.ended_line_fraction; },
     "of the lines end with punctuation"},
    {"fineweb_repeated_lines", CheckKind::FineWeb, 0, 0.1, repeated_line_part,
     "of the characters are in repeated lines"},
    {"fineweb_short_lines", CheckKind::FineWeb, 0, 0.67, [](const S& t) { return t.short_line_fraction; },
     "of the lines have at most 30 characters"},
}};

}  // namespace

std::span<const QualityRule> quality_rules() { return kRules; }

}  // namespace pegbox::text
