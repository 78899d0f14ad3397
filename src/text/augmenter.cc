// Augmenter: each method changes a sequence of words.
#include "text/augmenter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <optional>
#include <ranges>

#include "text/hash.h"
#include "text/utf8.h"
#include "text/white_space.h"
#include "text/word_sequence.h"
#include "text/words.h"

namespace pegbox::text {
namespace {

constexpr std::array<std::string_view, 8> kAugmentNames = {
    "typos",      "swap_characters", "delete_characters", "delete_words",
    "swap_words", "synonyms",        "insert_synonyms",   "mix"};

constexpr std::string_view kEda = "eda";
constexpr std::array<AugmentMethod, 4> kEdaMethods = {AugmentMethod::Synonyms, AugmentMethod::InsertSynonyms,
                                                      AugmentMethod::SwapWords, AugmentMethod::DeleteWords};

/// English words that say little by themselves: articles, pronouns, prepositions, conjunctions, auxiliary verbs.
constexpr auto kFunctionWords = std::to_array<std::string_view>(
    {"a",       "about",      "above", "after",  "again",     "against",    "all",  "am",     "an",      "and",
     "any",     "are",        "as",    "at",     "be",        "because",    "been", "before", "being",   "below",
     "between", "both",       "but",   "by",     "can",       "could",      "did",  "do",     "does",    "doing",
     "down",    "during",     "each",  "either", "else",      "every",      "few",  "for",    "from",    "further",
     "had",     "has",        "have",  "having", "he",        "her",        "here", "hers",   "herself", "him",
     "himself", "his",        "how",   "i",      "if",        "in",         "into", "is",     "it",      "its",
     "itself",  "just",       "may",   "me",     "might",     "more",       "most", "must",   "my",      "myself",
     "neither", "no",         "nor",   "not",    "now",       "of",         "off",  "on",     "once",    "only",
     "or",      "other",      "our",   "ours",   "ourselves", "out",        "over", "own",    "same",    "shall",
     "she",     "should",     "so",    "some",   "such",      "than",       "that", "the",    "their",   "theirs",
     "them",    "themselves", "then",  "there",  "these",     "they",       "this", "those",  "through", "to",
     "too",     "under",      "until", "up",     "very",      "was",        "we",   "were",   "what",    "when",
     "where",   "which",      "while", "who",    "whom",      "whose",      "why",  "will",   "with",    "without",
     "would",   "you",        "your",  "yours",  "yourself",  "yourselves", "upon", "yes"});

bool is_function_word(std::string_view word) {
  return std::ranges::find(kFunctionWords, lower_case(word)) != kFunctionWords.end();
}

bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Where a key lies: rows are one apart, and each is shifted against the one above.
struct KeyPlace {
  double x, y;
};
struct KeyRow {
  std::string_view keys;
  double shift;
};
constexpr std::array<KeyRow, 3> kKeyboard = {{{"qwertyuiop", 0}, {"asdfghjkl", 0.25}, {"zxcvbnm", 0.75}}};

std::optional<KeyPlace> place_of_key(char letter) {
  for (std::size_t row = 0; row < kKeyboard.size(); ++row)
    if (const auto key = kKeyboard[row].keys.find(letter); key != std::string_view::npos)
      return KeyPlace{static_cast<double>(key) + kKeyboard[row].shift, static_cast<double>(row)};
  return std::nullopt;
}

/// The spelling of `word` as that of `like`: a capital at the beginning, or all capitals.
std::string spelled_as(std::string word, std::string_view like) {
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (like.empty() || !is_capital(like[0])) return word;
  const auto to_capital = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  const bool is_shout = like.size() > 1 && std::ranges::all_of(like, is_capital);
  for (char& c : word | std::views::take(is_shout ? word.size() : 1)) c = to_capital(c);
  return word;
}

/// A text being changed, with the numbers of its plain words.
class TextChange {
 public:
  TextChange(std::string_view text, double strength, Rng& rng) : words_(text), strength_(strength), rng_(rng) {
    for (std::size_t i = 0; i < words_.size(); ++i)
      if (core(i).end > 0) plain_.push_back(i);
  }

  std::string text() const { return words_.text(); }

  void delete_words() {
    if (words_.size() < 2) return;
    shuffle(plain_, rng_);
    plain_.resize(std::min({count_of(plain_.size()), words_.size() - 1, plain_.size()}));
    std::ranges::sort(plain_, std::greater());
    for (const std::size_t i : plain_) words_.remove(i);
  }

  void swap_words() {
    if (plain_.size() < 2) return;
    for (std::size_t n = count_of(plain_.size()); n > 0; --n) {
      const std::size_t first = rng_.below(plain_.size()), step = 1 + rng_.below(plain_.size() - 1);
      swap_cores(plain_[first], plain_[(first + step) % plain_.size()]);
    }
  }

  void replace_by_synonyms(const WordNet& net) {
    std::size_t left = count_of(plain_.size());
    shuffle(plain_, rng_);
    for (const std::size_t i : plain_) {
      if (left == 0) return;
      const auto synonym = synonym_of(i, net);
      if (!synonym) continue;
      replace_core(i, spelled_as(*synonym, core_text(i)));
      --left;
    }
  }

  void insert_synonyms(const WordNet& net) {
    std::vector<std::string> synonyms;
    const std::size_t wanted = count_of(plain_.size());
    shuffle(plain_, rng_);
    for (const std::size_t i : plain_)
      if (synonyms.size() < wanted)
        if (auto synonym = synonym_of(i, net)) synonyms.push_back(*std::move(synonym));
    for (std::string& synonym : synonyms) words_.insert(rng_.below(words_.size() + 1), std::move(synonym));
  }

  /// Changes the letters of words: `change` says whether it changed a word's letters, given as characters.
  template <class Change>
  void change_letters(const Change& change) {
    std::size_t left = count_of(plain_.size());
    shuffle(plain_, rng_);
    for (const std::size_t i : plain_) {
      if (left == 0) return;
      std::vector<std::string> letters = characters_of(core_text(i));
      if (!change(letters)) continue;
      replace_core(i, fmt::format("{}", fmt::join(letters, "")));
      --left;
    }
  }

  void mix(std::string_view partner) {
    const WordSequence other(partner);
    if (words_.size() < 2 || other.size() == 0) return;
    const std::size_t own = std::min(count_of(words_.size()), words_.size() - 1);
    words_.replace_end(own, other, std::min(count_of(other.size()), other.size()));
  }

 private:
  /// How many of so many words change: EDA's max(1, floor(alpha * words)).
  std::size_t count_of(std::size_t words) const {
    return std::max<std::size_t>(1, static_cast<std::size_t>(std::floor(strength_ * static_cast<double>(words))));
  }

  Span core(std::size_t i) const { return plain_word(words_[i]); }
  std::string_view core_text(std::size_t i) const {
    const Span span = core(i);
    return std::string_view(words_[i]).substr(span.begin, span.end - span.begin);
  }
  void replace_core(std::size_t i, const std::string& core_now) {
    const Span span = core(i);
    words_.replace(i, words_[i].substr(0, span.begin) + core_now + words_[i].substr(span.end));
  }

  /// Punctuation stays where it is.
  void swap_cores(std::size_t i, std::size_t k) {
    const std::string of_i(core_text(i)), of_k(core_text(k));
    replace_core(i, of_k);
    replace_core(k, of_i);
  }

  std::optional<std::string> synonym_of(std::size_t i, const WordNet& net) {
    if (is_function_word(core_text(i))) return std::nullopt;
    const std::vector<std::string> synonyms = net.synonyms(core_text(i));
    if (synonyms.empty()) return std::nullopt;
    return synonyms[rng_.below(synonyms.size())];
  }

  static std::vector<std::string> characters_of(std::string_view text) {
    std::vector<std::string> characters;
    for (std::size_t i = 0; i < text.size(); i += character_at(text, i).bytes)
      characters.emplace_back(text.substr(i, character_at(text, i).bytes));
    return characters;
  }

  WordSequence words_;
  std::vector<std::size_t> plain_;
  double strength_;
  Rng& rng_;
};

/// One letter becomes that of a key beside it, as large as it was.
bool mistype(std::vector<std::string>& letters, Rng& rng) {
  std::vector<std::size_t> typed;
  for (std::size_t i = 0; i < letters.size(); ++i)
    if (letters[i].size() == 1 && is_ascii_letter(letters[i][0])) typed.push_back(i);
  if (typed.empty()) return false;
  std::string& letter = letters[typed[rng.below(typed.size())]];
  const std::string keys = neighbouring_keys(letter[0]);
  letter = spelled_as(std::string(1, keys[rng.below(keys.size())]), letter);
  return true;
}

/// Two different letters that stand together change places, the first of a word only where there is no other pair.
bool swap_letters(std::vector<std::string>& letters, Rng& rng) {
  for (const std::size_t first : {std::size_t{1}, std::size_t{0}}) {
    std::vector<std::size_t> pairs;
    for (std::size_t i = first; i + 1 < letters.size(); ++i)
      if (letters[i] != letters[i + 1]) pairs.push_back(i);
    if (pairs.empty()) continue;
    const std::size_t place = pairs[rng.below(pairs.size())];
    std::swap(letters[place], letters[place + 1]);
    return true;
  }
  return false;
}

bool delete_letter(std::vector<std::string>& letters, Rng& rng) {
  if (letters.size() < 2) return false;
  letters.erase(letters.begin() + static_cast<std::ptrdiff_t>(rng.below(letters.size())));
  return true;
}

bool needs_word_net(AugmentMethod method) {
  return method == AugmentMethod::Synonyms || method == AugmentMethod::InsertSynonyms;
}

}  // namespace

bool Augmentation::uses(AugmentMethod method) const { return std::ranges::find(methods, method) != methods.end(); }

std::string_view name_of(AugmentMethod method) { return kAugmentNames[static_cast<std::size_t>(method)]; }

std::string augment_method_names() { return fmt::format("{}", fmt::join(kAugmentNames, ", ")); }

Result<std::vector<AugmentMethod>> augment_methods_of(std::span<const std::string> names, const std::string& where) {
  std::vector<AugmentMethod> methods;
  for (const std::string& name : names) {
    const auto found = std::ranges::find(kAugmentNames, name);
    if (name == kEda)
      methods.insert(methods.end(), kEdaMethods.begin(), kEdaMethods.end());
    else if (found != kAugmentNames.end())
      methods.push_back(static_cast<AugmentMethod>(found - kAugmentNames.begin()));
    else
      return fail(ErrorKind::InvalidInput,
                  {.where = where,
                   .what = "no method of augmentation has this name",
                   .got = name,
                   .expected = augment_method_names() + ", or eda for the four of that paper"});
  }
  if (!methods.empty()) return methods;
  return fail(ErrorKind::InvalidInput,
              {.where = where, .what = "no method is named", .expected = augment_method_names() + ", eda"});
}

std::string neighbouring_keys(char letter) {
  constexpr double kReach = 1.3;  // in widths of a key: those that touch it
  std::string keys;
  const auto small = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  const auto own = place_of_key(small);
  for (char other = 'a'; own && other <= 'z'; ++other) {
    const auto place = place_of_key(other);
    if (other != small && std::hypot(place->x - own->x, place->y - own->y) <= kReach) keys += other;
  }
  return keys;
}

Result<Augmenter> Augmenter::create(Augmentation plan) {
  if (plan.methods.empty())
    return fail(ErrorKind::InvalidInput,
                {.where = "augmentation", .what = "no method is named", .expected = augment_method_names()});
  if (!(plan.strength > 0 && plan.strength <= 1))
    return fail(ErrorKind::InvalidInput, {.where = "augmentation",
                                          .what = "the strength is no part of a text's words",
                                          .got = fmt::format("{}", plan.strength),
                                          .expected = "above 0, at most 1"});
  std::shared_ptr<const WordNet> words;
  if (std::ranges::any_of(plan.methods, needs_word_net)) {
    PEGBOX_TRY(WordNet net, WordNet::open());
    words = std::make_shared<const WordNet>(std::move(net));
  }
  return Augmenter(std::move(plan), std::move(words));
}

CopyDraw Augmenter::draw(std::uint64_t content, std::int64_t copy) const {
  Fnv64 name;
  name.add(content);
  name.add(static_cast<std::uint64_t>(copy));
  Rng rng({plan_.seed, stream_id("augment"), name.value()});
  const AugmentMethod method = plan_.methods[rng.below(plan_.methods.size())];
  return {method, rng};
}

std::string Augmenter::change(std::string_view text, CopyDraw& draw, std::string_view partner) const {
  TextChange change(text, plan_.strength, draw.rng);
  const auto by_letters = [&](bool (*letters)(std::vector<std::string>&, Rng&)) {
    change.change_letters([&](std::vector<std::string>& word) { return letters(word, draw.rng); });
  };
  switch (draw.method) {
    case AugmentMethod::Typos:
      by_letters(mistype);
      break;
    case AugmentMethod::SwapCharacters:
      by_letters(swap_letters);
      break;
    case AugmentMethod::DeleteCharacters:
      by_letters(delete_letter);
      break;
    case AugmentMethod::DeleteWords:
      change.delete_words();
      break;
    case AugmentMethod::SwapWords:
      change.swap_words();
      break;
    case AugmentMethod::Synonyms:
      change.replace_by_synonyms(*words_);
      break;
    case AugmentMethod::InsertSynonyms:
      change.insert_synonyms(*words_);
      break;
    case AugmentMethod::Mix:
      change.mix(partner);
      break;
  }
  return change.text();
}

}  // namespace pegbox::text
