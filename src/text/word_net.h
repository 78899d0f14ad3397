// WordNet: synonyms of English words, out of the database files of Princeton's WordNet.
//
// Source: Miller, "WordNet: a lexical database for English", CACM 38 (11), 1995; the files' format: wndb(5WN).
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace pegbox::text {

/// The Debian package that has the database.
inline constexpr std::string_view kWordNetPackage = "wordnet-base";

/// Where the database is: the folder that WNSEARCHDIR names (WordNet's own variable), else where the package puts it.
Path word_net_folder();

class WordNet {
 public:
  /// Reads the files index.POS and data.POS (28 MB) of `folder`. NotFound, with the package's name, where they are not.
  static Result<WordNet> open(const Path& folder = word_net_folder());

  /// All words that are in one set of synonyms with `word`, of any sense and part of speech: in the order of their
  /// letters, each once, without `word` itself; several words are joined by spaces. Nothing for a word that WordNet has
  /// not, so that inflected ones ("dogs", "ran") have none: their synonyms would be of another form. Capitals make no
  /// difference in what is looked for.
  std::vector<std::string> synonyms(std::string_view word) const;

 private:
  struct Part {  ///< of speech
    std::string index, data;
  };
  void add_synonyms(const Part& part, const std::string& lemma, std::vector<std::string>& found) const;

  std::array<Part, 4> parts_;
};

}  // namespace pegbox::text
