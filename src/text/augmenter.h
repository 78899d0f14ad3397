// Augmenter: other forms of a text, by noise, by words of the same meaning, and by parts of other texts of its class.
//
// Sources: Wei & Zou, "EDA: easy data augmentation techniques for boosting performance on text classification tasks",
// EMNLP 2019 (synonyms, insertion, swap and deletion of words, a strength of 0.1, the number of copies); Belinkov &
// Bisk, "Synthetic and natural noise both break neural machine translation", ICLR 2018 (typos of neighbouring keys,
// swapped characters); Luque, "Atalaya at TASS 2019: data augmentation and robust embeddings for sentiment analysis"
// (parts of two texts of one class).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/rng.h"
#include "text/word_net.h"

namespace pegbox::text {

enum class AugmentMethod : std::uint8_t {
  Typos,             ///< of a word a letter becomes one whose key is beside its own (QWERTY)
  SwapCharacters,    ///< of a word two letters that stand together change places
  DeleteCharacters,  ///< of a word a letter is left out
  DeleteWords,
  SwapWords,       ///< two words change places
  Synonyms,        ///< a word becomes one of the same meaning (WordNet)
  InsertSynonyms,  ///< a synonym of a word stands anywhere in the text besides
  Mix              ///< the last words are those of another text of the class
};

/// What is made of each row.
struct Augmentation {
  std::vector<AugmentMethod> methods;  ///< a copy is made by one of them, drawn; none: no copies
  double strength = 0.1;               ///< part of the words that change, above 0, at most 1: EDA's alpha
  std::int64_t copies = 4;             ///< of each row; EDA's advice for 5,000 rows and more
  std::uint64_t seed = 0;

  bool uses(AugmentMethod method) const;
  bool operator==(const Augmentation&) const = default;
};

std::string_view name_of(AugmentMethod method);
std::string augment_method_names();  ///< "typos, swap_characters, ..."
/// Those of these names, of which "eda" is EDA's four; InvalidInput for others, and for none. `where`: who names them.
Result<std::vector<AugmentMethod>> augment_methods_of(std::span<const std::string> names, const std::string& where);

/// How one copy is made: the method and the random numbers of it.
struct CopyDraw {
  AugmentMethod method;
  Rng rng;
};

class Augmenter {
 public:
  /// Opens WordNet where a method needs it. InvalidInput for no methods and for a strength outside (0, 1]; NotFound as
  /// WordNet::open.
  static Result<Augmenter> create(Augmentation plan);

  const Augmentation& plan() const { return plan_; }

  /// A function of seed, content and the copy's number only: rows that are added move no others.
  CopyDraw draw(std::uint64_t content, std::int64_t copy) const;

  /// `text` (UTF-8) with strength * words of it changed, at least one; as it was where it has no words to change. Only
  /// plain words (word_sequence.h) change or move: numbers, addresses, placeholders, markup and code stay where they
  /// are, but for `Mix`. `partner`: the other text of Mix; empty: there is none. Synonyms are of words that are not
  /// function words ("the", "of").
  std::string change(std::string_view text, CopyDraw& draw, std::string_view partner = {}) const;

 private:
  Augmenter(Augmentation plan, std::shared_ptr<const WordNet> words)
      : plan_(std::move(plan)), words_(std::move(words)) {}

  Augmentation plan_;
  std::shared_ptr<const WordNet> words_;  // null if no method needs it
};

/// Characters that a finger hits instead of `letter`, a to z: those of the keys around it, small.
std::string neighbouring_keys(char letter);

}  // namespace pegbox::text
