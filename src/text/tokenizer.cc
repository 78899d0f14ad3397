// Tokenizer over the Rust bridge.
#include "text/tokenizer.h"

#include <algorithm>
#include <cassert>

#include "text/bridge_call.h"

namespace pegbox::text {
namespace {

constexpr int kSmallestVocabulary = 257;  // 256 bytes and the end token

tl::unexpected<Error> fail_encode(const BridgeString& error) {
  return fail(ErrorKind::InvalidInput, {.where = "tokenizer", .what = "cannot tokenize", .got = error.text()});
}

std::vector<pegbox_view> views_of(std::span<const std::string_view> texts) {
  std::vector<pegbox_view> views(texts.size());
  std::transform(texts.begin(), texts.end(), views.begin(), view_of);
  return views;
}

Result<void> check_training(std::span<const std::string> texts, int vocabulary_size, const std::string& end_token) {
  const auto refuse = [](std::string what, std::string got, std::string expected) {
    return fail(ErrorKind::InvalidInput, {.where = "tokenizer training",
                                          .what = std::move(what),
                                          .got = std::move(got),
                                          .expected = std::move(expected)});
  };
  if (vocabulary_size < kSmallestVocabulary)
    return refuse("the vocabulary is too small for all bytes and the end token", std::to_string(vocabulary_size),
                  "at least " + std::to_string(kSmallestVocabulary));
  if (end_token.size() < 2)
    return refuse("the end token is too short to be told from text", "\"" + end_token + "\"", "such as <|end|>");
  if (std::all_of(texts.begin(), texts.end(), [](const std::string& text) { return text.empty(); }))
    return refuse("there is no text to train on", std::to_string(texts.size()) + " empty texts", "text");
  return {};
}

}  // namespace

struct Tokenizer::Handle {
  explicit Handle(pegbox_tokenizer* bridge_tokenizer) : bridge(bridge_tokenizer) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { pegbox_tokenizer_free(bridge); }

  pegbox_tokenizer* bridge;
};

Tokenizer::Tokenizer(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Result<Tokenizer> Tokenizer::load(const Path& tokenizer_json) {
  PEGBOX_TRY(const std::string json, read_file(tokenizer_json));
  BridgeString error;
  pegbox_tokenizer* bridge = pegbox_tokenizer_parse(view_of(json), error.out());
  if (bridge == nullptr)
    return fail(ErrorKind::Corrupt, {.where = tokenizer_json.string(),
                                     .what = "this is not a whole tokenizer.json",
                                     .got = error.text(),
                                     .expected = "the file that Hugging Face's tokenizers write"});
  return Tokenizer(std::make_unique<Handle>(bridge));
}

Result<Tokenizer> Tokenizer::train_byte_level_bpe(std::span<const std::string> texts, int vocabulary_size,
                                                  const std::string& end_token, int threads) {
  PEGBOX_CHECK(check_training(texts, vocabulary_size, end_token));
  const std::vector<std::string_view> text_views(texts.begin(), texts.end());
  const std::vector<pegbox_view> views = views_of(text_views);
  BridgeString error;
  pegbox_tokenizer* bridge =
      pegbox_tokenizer_train(views.data(), views.size(), static_cast<std::size_t>(vocabulary_size), view_of(end_token),
                             static_cast<std::size_t>(std::max(threads, 0)), error.out());
  if (bridge == nullptr)
    return fail(ErrorKind::InvalidInput,
                {.where = "tokenizer training", .what = "cannot train a tokenizer", .got = error.text()});
  return Tokenizer(std::make_unique<Handle>(bridge));
}

Result<void> Tokenizer::save(const Path& tokenizer_json) const {
  BridgeString json, error;
  if (!pegbox_tokenizer_write(handle_->bridge, json.out(), error.out()))
    return fail(ErrorKind::Internal,
                {.where = tokenizer_json.string(), .what = "cannot write the tokenizer", .got = error.text()});
  return replace_file(tokenizer_json, json.text());
}

Result<std::vector<TokenId>> Tokenizer::encode(std::string_view text, bool add_special) const {
  const pegbox_view view = view_of(text);
  BridgeIds ids;
  BridgeString error;
  if (!pegbox_tokenizer_encode(handle_->bridge, &view, 1, add_special, 1, ids.out(), error.out()))
    return fail_encode(error);
  return std::vector<TokenId>(ids.get().ids, ids.get().ids + ids.get().id_count);
}

Result<std::vector<std::vector<TokenId>>> Tokenizer::encode_batch(std::span<const std::string> texts, int threads,
                                                                  bool add_special) const {
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  return encode_batch(std::span<const std::string_view>(views), threads, add_special);
}

Result<std::vector<std::vector<TokenId>>> Tokenizer::encode_batch(std::span<const std::string_view> texts, int threads,
                                                                  bool add_special) const {
  const std::vector<pegbox_view> views = views_of(texts);
  BridgeIds ids;
  BridgeString error;
  if (!pegbox_tokenizer_encode(handle_->bridge, views.data(), views.size(), add_special,
                               static_cast<std::size_t>(std::max(threads, 0)), ids.out(), error.out()))
    return fail_encode(error);
  std::vector<std::vector<TokenId>> result(ids.get().count);
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i].assign(ids.get().ids + ids.get().offsets[i], ids.get().ids + ids.get().offsets[i + 1]);
  return result;
}

Result<std::vector<MarkedIds>> Tokenizer::encode_marked(std::span<const std::string_view> texts,
                                                        std::span<const std::span<const Span>> spans,
                                                        int threads) const {
  assert(texts.size() == spans.size());
  const std::vector<pegbox_view> views = views_of(texts);
  std::vector<std::size_t> bounds;
  for (const auto& parts : spans)
    for (const Span& part : parts) bounds.insert(bounds.end(), {part.begin, part.end});
  std::vector<pegbox_spans> bridge_spans;
  for (std::size_t i = 0, first = 0; i < spans.size(); first += 2 * spans[i].size(), ++i)
    bridge_spans.push_back({bounds.data() + first, spans[i].size()});
  BridgeIds ids;
  BridgeString error;
  if (!pegbox_tokenizer_encode_marked(handle_->bridge, views.data(), views.size(), bridge_spans.data(),
                                      static_cast<std::size_t>(std::max(threads, 0)), ids.out(), error.out()))
    return fail_encode(error);
  std::vector<MarkedIds> result(ids.get().count);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t begin = ids.get().offsets[i], end = ids.get().offsets[i + 1];
    result[i] = {.ids{ids.get().ids + begin, ids.get().ids + end},
                 .marks{ids.get().marks + begin, ids.get().marks + end}};
  }
  return result;
}

Result<std::string> Tokenizer::decode(std::span<const TokenId> ids, bool skip_special) const {
  BridgeString text, error;
  if (!pegbox_tokenizer_decode(handle_->bridge, ids.data(), ids.size(), skip_special, text.out(), error.out()))
    return fail(ErrorKind::InvalidInput, {.where = "tokenizer", .what = "cannot decode", .got = error.text()});
  return text.text();
}

int Tokenizer::vocabulary_size() const { return static_cast<int>(pegbox_tokenizer_size(handle_->bridge)); }

std::optional<TokenId> Tokenizer::token_id(std::string_view token) const {
  const std::int64_t id = pegbox_tokenizer_id(handle_->bridge, view_of(token));
  if (id < 0) return std::nullopt;
  return static_cast<TokenId>(id);
}

std::optional<std::string> Tokenizer::token(TokenId id) const {
  if (id < 0) return std::nullopt;
  const BridgeString token(pegbox_tokenizer_token(handle_->bridge, static_cast<std::uint32_t>(id)));
  if (token.empty()) return std::nullopt;
  return token.text();
}

}  // namespace pegbox::text
