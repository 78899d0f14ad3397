// Tokenizer: text to token ids and back, by Hugging Face's `tokenizers` behind the Rust bridge.
//
// A tokenizer is what a `tokenizer.json` says, whatever its model (BPE, WordPiece, Unigram); pegbox itself trains only
// byte-level BPE. Token ids are the row numbers of the model's embedding.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "text/span.h"

namespace pegbox::text {

using TokenId = std::int32_t;

struct MarkedIds {
  std::vector<TokenId> ids;
  std::vector<std::uint8_t> marks;  ///< [ids] 1 if marked, else 0
};

/// A handle on an immutable tokenizer; all const members may be called from several threads at once. What a file says
/// of truncation, padding and BPE dropout is ignored: ids are those of the whole text, every time.
class Tokenizer {
 public:
  /// Reads a `tokenizer.json`. NotFound if there is none; Corrupt if it is cut short or not a tokenizer; each says
  /// where.
  static Result<Tokenizer> load(const Path& tokenizer_json);

  /// Trains byte-level BPE (Sennrich et al. 2016, Radford et al. 2019) on `texts`: no prefix space, all 256 bytes in
  /// the alphabet, so that every text round-trips. `end_token` is the one special token and gets id 0. Deterministic:
  /// the same texts give the same file. Pairs seen once are not merged: few texts give a smaller vocabulary.
  /// InvalidInput if `vocabulary_size` < 257, `end_token` has fewer than two characters, or all texts are empty.
  /// `threads`: 0: as many as the machine has cores; the result does not depend on them.
  static Result<Tokenizer> train_byte_level_bpe(std::span<const std::string> texts, int vocabulary_size,
                                                const std::string& end_token, int threads = 0);

  Result<void> save(const Path& tokenizer_json) const;  ///< atomically

  /// Ids of `text`, which must be UTF-8 (InvalidInput otherwise). A special token written out in the text is
  /// recognized. `add_special`: also what the file's post-processor adds (such as a begin token); never an end token of
  /// our own.
  Result<std::vector<TokenId>> encode(std::string_view text, bool add_special = false) const;

  /// As `encode` of each, on `threads` threads of this call's own (0: as many as the machine has cores).
  Result<std::vector<std::vector<TokenId>>> encode_batch(std::span<const std::string> texts, int threads = 0,
                                                         bool add_special = false) const;
  Result<std::vector<std::vector<TokenId>>> encode_batch(std::span<const std::string_view> texts, int threads = 0,
                                                         bool add_special = false) const;

  /// As `encode_batch`, with a mark on each id of which a part lies in one of its text's spans, which are in order and
  /// apart from each other.
  Result<std::vector<MarkedIds>> encode_marked(std::span<const std::string_view> texts,
                                               std::span<const std::span<const Span>> spans, int threads = 0) const;

  /// The text of `ids`; bytes that are not UTF-8 come out as U+FFFD. InvalidInput for an id outside the vocabulary.
  Result<std::string> decode(std::span<const TokenId> ids, bool skip_special = false) const;

  int vocabulary_size() const;  ///< largest id + 1, added tokens included: the least number of rows of an embedding
  std::optional<TokenId> token_id(std::string_view token) const;
  std::optional<std::string> token(TokenId id) const;  ///< as written in the file, e.g. "Ġthe"

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

 private:
  struct Handle;
  explicit Tokenizer(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

}  // namespace pegbox::text
