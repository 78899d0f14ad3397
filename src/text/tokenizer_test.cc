// Tests of the tokenizer: training, round trips, ids recorded by others, damaged files.
#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <thread>

#include "base/json.h"
#include "text/test_support.h"

namespace pegbox::text {
namespace {

using test::expect_error;
using test::Files;
using Ids = std::vector<TokenId>;

TEST(Tokenizer, RoundTripsArbitraryText) {
  const Tokenizer tokenizer = test::small_tokenizer();
  Rng rng({.seed = 1, .stream = stream_id("tokenizer test")});
  for (int round = 0; round < 400; ++round) {
    const std::string text = test::random_text(rng, 80);
    const auto ids = tokenizer.encode(text);
    ASSERT_OK(ids);
    for (const TokenId id : *ids) EXPECT_TRUE(id >= 0 && id < tokenizer.vocabulary_size());
    const auto back = tokenizer.decode(*ids);
    ASSERT_OK(back);
    ASSERT_EQ(*back, text);
  }
}

TEST(Tokenizer, LearnsTheMergesOfTheWordsSeenMostOften) {
  // The words of Sennrich et al. 2016: "es" and "st" stand in newest and widest, 9 times; "lo" in low and lower, 7
  // times.
  std::string text;
  for (const auto& [word, count] : {std::pair{" low", 5}, {" lower", 2}, {" newest", 6}, {" widest", 3}})
    for (int i = 0; i < count; ++i) text += word;
  const auto tokenizer = Tokenizer::train_byte_level_bpe(std::vector{text}, 257 + 5, "<|end|>");
  ASSERT_OK(tokenizer);
  EXPECT_EQ(tokenizer->token(257), "es");
  EXPECT_EQ(tokenizer->token(258), "est");
  EXPECT_EQ(tokenizer->token(259), "lo");
  EXPECT_EQ(tokenizer->token(260), "Ġlo");  // Ġ is a space; as often as "lo" "w", of smaller ids
  EXPECT_EQ(tokenizer->token(261), "Ġlow");
  EXPECT_EQ(tokenizer->vocabulary_size(), 262);
}

TEST(Tokenizer, TrainsWithTheEndTokenFirstAndAllBytesAfterIt) {
  const Tokenizer tokenizer = test::small_tokenizer();
  EXPECT_EQ(tokenizer.token_id("<|end|>"), 0);
  EXPECT_EQ(tokenizer.token(0), "<|end|>");
  EXPECT_EQ(tokenizer.vocabulary_size(), 280);
  for (int id = 1; id <= 256; ++id) {
    const auto token = tokenizer.token(id);
    ASSERT_TRUE(token.has_value());
    EXPECT_LE(token->size(), 2u) << *token;  // one character: ASCII or Latin
  }
  EXPECT_EQ(tokenizer.token(280), std::nullopt);
  EXPECT_EQ(tokenizer.token(-1), std::nullopt);
  EXPECT_EQ(tokenizer.token_id("no such token"), std::nullopt);
}

TEST(Tokenizer, TrainsToTheSameFileEveryTimeOnAnyNumberOfThreads) {
  Rng rng({.seed = 2, .stream = stream_id("tokenizer test")});
  for (int round = 0; round < 5; ++round) {
    std::vector<std::string> texts;  // few letters: many ties between pairs
    for (int i = 0; i < 60; ++i) {
      texts.emplace_back();
      for (int k = 0; k < 200; ++k) texts.back() += "abc def\n"[rng.below(8)];
    }
    const Files files;
    std::string first;
    for (const int threads : {1, 2, 3, 1}) {
      const auto tokenizer = Tokenizer::train_byte_level_bpe(texts, 600, "<|end|>", threads);
      ASSERT_OK(tokenizer);
      ASSERT_OK(tokenizer->save(files.folder() / "tokenizer.json"));
      const auto bytes = read_file(files.folder() / "tokenizer.json");
      ASSERT_OK(bytes);
      if (first.empty()) first = *bytes;
      EXPECT_EQ(*bytes == first, true) << "round " << round << ", threads " << threads;
    }
  }
}

TEST(Tokenizer, StopsEarlyWhenNoPairStandsTwice) {
  const auto tokenizer = Tokenizer::train_byte_level_bpe(std::vector<std::string>{"abcdef"}, 5000, "<|end|>");
  ASSERT_OK(tokenizer);
  EXPECT_EQ(tokenizer->vocabulary_size(), 257);
}

TEST(Tokenizer, RefusesToTrainOnNothingOrToTooFewTokens) {
  const std::vector<std::string> texts = {"text"};
  expect_error(Tokenizer::train_byte_level_bpe(texts, 256, "<|end|>"), ErrorKind::InvalidInput,
               {"256", "at least 257"});
  expect_error(Tokenizer::train_byte_level_bpe(texts, 300, "e"), ErrorKind::InvalidInput, {"end token", "\"e\""});
  expect_error(Tokenizer::train_byte_level_bpe(std::vector<std::string>{"", ""}, 300, "<|end|>"),
               ErrorKind::InvalidInput, {"no text"});
  expect_error(Tokenizer::train_byte_level_bpe(std::vector<std::string>{"ok", "bad \xFF"}, 300, "<|end|>"),
               ErrorKind::InvalidInput, {"text 1", "not UTF-8 at byte 4"});
}

TEST(Tokenizer, RecognizesItsEndTokenAndSkipsItIfAsked) {
  const Tokenizer tokenizer = test::small_tokenizer();
  const auto ids = tokenizer.encode("the dog<|end|>the fox");
  ASSERT_OK(ids);
  EXPECT_EQ(std::count(ids->begin(), ids->end(), 0), 1);
  EXPECT_EQ(tokenizer.decode(*ids), "the dog<|end|>the fox");
  EXPECT_EQ(tokenizer.decode(*ids, true), "the dogthe fox");
}

TEST(Tokenizer, EncodesABatchAsItEncodesEach) {
  const Tokenizer tokenizer = test::small_tokenizer();
  Rng rng({.seed = 3, .stream = stream_id("tokenizer test")});
  std::vector<std::string> texts;
  for (int i = 0; i < 200; ++i) texts.push_back(test::random_text(rng, 40));
  for (const int threads : {0, 1, 2, 7}) {
    const auto batch = tokenizer.encode_batch(texts, threads);
    ASSERT_OK(batch);
    ASSERT_EQ(batch->size(), texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ((*batch)[i], *tokenizer.encode(texts[i]));
  }
  EXPECT_EQ(tokenizer.encode_batch(std::vector<std::string>{})->size(), 0u);
  EXPECT_EQ(tokenizer.encode_batch(std::vector<std::string>{"", ""}).value(), (std::vector<Ids>{{}, {}}));
}

TEST(Tokenizer, RefusesTextThatIsNotUtf8) {
  const Tokenizer tokenizer = test::small_tokenizer();
  expect_error(tokenizer.encode("abc\xC3"), ErrorKind::InvalidInput, {"not UTF-8 at byte 3"});
  expect_error(tokenizer.encode_batch(std::vector<std::string>{"fine", "\xFF"}), ErrorKind::InvalidInput, {"text 1"});
}

TEST(Tokenizer, RefusesIdsOutsideTheVocabulary) {
  const Tokenizer tokenizer = test::small_tokenizer();
  expect_error(tokenizer.decode(Ids{5, 300}), ErrorKind::InvalidInput, {"300"});
  expect_error(tokenizer.decode(Ids{-1}), ErrorKind::InvalidInput, {"-1"});
  EXPECT_EQ(tokenizer.decode(Ids{}), "");
}

TEST(Tokenizer, DecodesAHalfCharacterAsAReplacement) {
  const Tokenizer tokenizer = test::small_tokenizer();
  const auto ids = tokenizer.encode("\xC3\xA9");  // é: two bytes that the training texts never join
  ASSERT_OK(ids);
  ASSERT_EQ(ids->size(), 2u);
  EXPECT_EQ(tokenizer.decode(Ids{ids->front()}), "\xEF\xBF\xBD");
}

TEST(Tokenizer, IsTheSameAfterSavingAndLoading) {
  const Tokenizer tokenizer = test::small_tokenizer();
  const Files files;
  const Path path = files.folder() / "tokenizer.json";
  ASSERT_OK(tokenizer.save(path));
  const auto loaded = Tokenizer::load(path);
  ASSERT_OK(loaded);
  EXPECT_EQ(loaded->vocabulary_size(), tokenizer.vocabulary_size());
  Rng rng({.seed = 4, .stream = stream_id("tokenizer test")});
  for (int round = 0; round < 50; ++round) {
    const std::string text = test::random_text(rng, 60);
    EXPECT_EQ(*loaded->encode(text), *tokenizer.encode(text));
  }
}

TEST(Tokenizer, SaysWhatIsWrongWithAFile) {
  const Files files;
  const Path path = files.folder() / "tokenizer.json";
  expect_error(Tokenizer::load(path), ErrorKind::NotFound, {"tokenizer.json"});
  ASSERT_OK(test::small_tokenizer().save(path));
  const std::string whole = *read_file(path);
  for (const std::size_t kept : {std::size_t{1}, whole.size() / 2, whole.size() - 3})
    expect_error(Tokenizer::load(files.write("cut.json", whole.substr(0, kept))), ErrorKind::Corrupt,
                 {"cut.json", "cut short"});
  expect_error(Tokenizer::load(files.write("a.json", "{\"a\": 1}")), ErrorKind::Corrupt, {"no object `model`"});
  expect_error(Tokenizer::load(files.write("b.json", "GGUF\x03")), ErrorKind::Corrupt, {"not JSON"});
  expect_error(Tokenizer::load(files.write("c.json", "")), ErrorKind::Corrupt, {"c.json"});
  expect_error(Tokenizer::load(files.write("d.json", R"({"model": {"type": "Unheard"}, "version": "1.0"})")),
               ErrorKind::Corrupt, {"d.json"});
}

TEST(Tokenizer, SurvivesAnyDamageToItsFile) {
  const Files files;
  const Path path = files.folder() / "tokenizer.json";
  ASSERT_OK(test::small_tokenizer().save(path));
  const std::string whole = *read_file(path);
  Rng rng({.seed = 5, .stream = stream_id("tokenizer test")});
  int refused = 0;
  for (int round = 0; round < 200; ++round) {
    std::string damaged = whole;
    for (std::uint64_t i = 1 + rng.below(3); i > 0; --i) {
      const std::size_t at = rng.below(damaged.size());
      if (rng.below(2) == 0)
        damaged.erase(at, rng.below(200));
      else
        damaged[at] = "0{}[],:\"xn"[rng.below(10)];
    }
    const auto loaded = Tokenizer::load(files.write("damaged.json", damaged));
    refused += !loaded;
    if (loaded) {
      (void)loaded->encode("the quick brown fox");  // must return, whatever it says
    } else {
      EXPECT_EQ(loaded.error().kind, ErrorKind::Corrupt);
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(Tokenizer, TurnsAPanicOfTheLibraryIntoAnError) {
  const Files files;
  const Path path = files.folder() / "tokenizer.json";
  ASSERT_OK(test::small_tokenizer().save(path));
  Json json = *parse_json(*read_file(path), "tokenizer.json");
  json["model"]["continuing_subword_prefix"] = "a prefix longer than the tokens of the merges";
  testing::internal::CaptureStderr();
  expect_error(Tokenizer::load(files.write("panic.json", to_line(json))), ErrorKind::Corrupt,
               {"panic.json", "internal fault at"});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Tokenizer, IgnoresTruncationPaddingAndDropoutOfTheFile) {
  const Files files;
  const Path path = files.folder() / "tokenizer.json";
  const Tokenizer plain = test::small_tokenizer();
  ASSERT_OK(plain.save(path));
  Json json = *parse_json(*read_file(path), "tokenizer.json");
  json["truncation"] = {{"direction", "Right"}, {"max_length", 4}, {"strategy", "LongestFirst"}, {"stride", 0}};
  json["padding"] = {{"strategy", {{"Fixed", 64}}},
                     {"direction", "Right"},
                     {"pad_to_multiple_of", nullptr},
                     {"pad_id", 0},
                     {"pad_type_id", 0},
                     {"pad_token", "<|end|>"}};
  json["model"]["dropout"] = 0.5;
  const auto changed = Tokenizer::load(files.write("changed.json", to_line(json)));
  ASSERT_OK(changed);
  const std::string text = "the quick brown fox jumps over the lazy dog; the newest and the widest";
  for (int round = 0; round < 10; ++round) EXPECT_EQ(*changed->encode(text), *plain.encode(text));
}

TEST(Tokenizer, MayBeUsedFromSeveralThreadsAtOnce) {
  const Tokenizer tokenizer = test::small_tokenizer();
  const std::string text = test::training_texts()[0];
  const Ids expected = *tokenizer.encode(text);
  std::vector<int> wrong(4, 0);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) {
          wrong[t] += *tokenizer.encode(text) != expected;
          wrong[t] += *tokenizer.decode(expected) != text;
        }
      });
  }
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

/// About `bytes` bytes of lines of every sort: blank, with spaces around, with newlines in rows, in several scripts.
std::string long_text(std::uint64_t seed, std::size_t bytes) {
  Rng rng({.seed = seed, .stream = stream_id("long text")});
  static const std::vector<std::string> parts = {"the fox",    " runs", "\n",    "\n\n",    " \n",       "\r\n",
                                                 "\n  ",       ";\n",   "don't", "42",      "été",       "ありがとう",
                                                 "\xC2\xA0\n", ")\n)",  "\t",    "e\u0301", "a\n\u0301", "x\ny"};
  std::string text;
  while (text.size() < bytes) text += parts[rng.below(parts.size())];
  return text;
}

// The bridge cuts long texts to use all cores; the ids must be those of the whole. A text with no place to cut stays
// whole.
void expect_cuts_change_nothing(const Tokenizer& tokenizer) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const std::string text = long_text(seed, 3 << 17);
    const auto cut = tokenizer.encode_batch(std::vector{text}, 2);
    ASSERT_OK(cut);
    const auto whole = tokenizer.encode(text, true);  // with special tokens, of which these have none: never cut
    ASSERT_OK(whole);
    EXPECT_EQ((*cut)[0] == *whole, true) << "seed " << seed;
  }
}

TEST(Tokenizer, GivesTheSameIdsForALongTextCutIntoPieces) {
  const auto tokenizer = Tokenizer::train_byte_level_bpe(std::vector{long_text(9, 1 << 16)}, 400, "<|end|>");
  ASSERT_OK(tokenizer);
  expect_cuts_change_nothing(*tokenizer);
  const std::string text = long_text(1, 1 << 18);
  EXPECT_EQ(*tokenizer->decode(*tokenizer->encode(text)) == text, true);
}

TEST(Tokenizer, GivesTheSameIdsForALongTextWithPublishedTokenizers) {
  const Path data = test::shared_data();
  SKIP_WITHOUT_SHARED_DATA(data);
  for (const char* name : {"20B_tokenizer.json", "allenai_dolma2.json"}) {
    const auto tokenizer = Tokenizer::load(data / "tokenizers/hf_json" / name);
    ASSERT_OK(tokenizer);
    SCOPED_TRACE(name);
    expect_cuts_change_nothing(*tokenizer);
  }
}

TEST(Tokenizer, TakesAMillionSpacesAndAMillionLettersInItsStride) {
  const Tokenizer tokenizer = test::small_tokenizer();
  for (const std::string& text :
       {std::string(1 << 20, ' ') + "x", std::string(1 << 20, 'q'), std::string(1 << 20, '\n')}) {
    const auto ids = tokenizer.encode(text);
    ASSERT_OK(ids);
    EXPECT_EQ(*tokenizer.decode(*ids) == text, true);
  }
}

struct Recorded {
  std::vector<std::string> texts;
  std::vector<Ids> ids;
};

/// llama.cpp's vocabulary tests: strings, and the ids that Hugging Face's AutoTokenizer gave for them.
Recorded read_recorded(const Path& data, const std::string& name) {
  const Path folder = data / "tokenizers/llamacpp_vocab";
  const std::string input = *read_file(folder / ("ggml-vocab-" + name + ".gguf.inp"));
  static const std::string separator = "\n__ggml_vocab_test__\n";
  Recorded recorded;
  for (std::size_t start = 0; start < input.size();) {
    const std::size_t end = input.find(separator, start);
    if (end == std::string::npos) break;
    recorded.texts.push_back(input.substr(start, end - start));
    start = end + separator.size();
  }
  std::istringstream lines(*read_file(folder / ("ggml-vocab-" + name + ".gguf.out")));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream numbers(line);
    recorded.ids.emplace_back(std::istream_iterator<TokenId>(numbers), std::istream_iterator<TokenId>());
  }
  return recorded;
}

void expect_recorded_ids(const Tokenizer& tokenizer, const Recorded& recorded) {
  ASSERT_GE(recorded.texts.size(), 40u);
  ASSERT_LE(recorded.texts.size(), recorded.ids.size());
  for (std::size_t i = 0; i < recorded.texts.size(); ++i)
    EXPECT_EQ(*tokenizer.encode(recorded.texts[i]), recorded.ids[i]) << "string " << i << ": " << recorded.texts[i];
}

TEST(Tokenizer, GivesTheRecordedIdsOfGptNeoX) {
  const Path data = test::shared_data();
  SKIP_WITHOUT_SHARED_DATA(data);
  const auto tokenizer = Tokenizer::load(data / "tokenizers/hf_json/20B_tokenizer.json");
  ASSERT_OK(tokenizer);
  EXPECT_EQ(tokenizer->vocabulary_size(), 50277);
  expect_recorded_ids(*tokenizer, read_recorded(data, "mpt"));
}

/// A tokenizer.json made of a vocabulary, merges ("a b" each) and a pre-tokenizer.
Json tokenizer_of(Json vocabulary, Json merges, Json pre_tokenizer, Json normalizer) {
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", Json::array()},
          {"normalizer", std::move(normalizer)},
          {"pre_tokenizer", std::move(pre_tokenizer)},
          {"post_processor", nullptr},
          {"decoder", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", false}}},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", nullptr},
            {"continuing_subword_prefix", nullptr},
            {"end_of_word_suffix", nullptr},
            {"fuse_unk", false},
            {"vocab", std::move(vocabulary)},
            {"merges", std::move(merges)}}}};
}

Json merges_of(const std::string& text) {
  Json merges = Json::array();
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (!line.empty() && !line.starts_with("#version")) merges.push_back(line);
  return merges;
}

TEST(Tokenizer, GivesTheRecordedIdsOfGpt2) {
  const Path data = test::shared_data();
  SKIP_WITHOUT_SHARED_DATA(data);
  const Path folder = data / "tokenizers/gpt2";
  const Json json = tokenizer_of(*parse_json(*read_file(folder / "encoder.json"), "encoder.json"),
                                 merges_of(*read_file(folder / "vocab.bpe")),
                                 {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}}, nullptr);
  const Files files;
  const auto tokenizer = Tokenizer::load(files.write("tokenizer.json", to_line(json)));
  ASSERT_OK(tokenizer);
  EXPECT_EQ(tokenizer->vocabulary_size(), 50257);
  expect_recorded_ids(*tokenizer, read_recorded(data, "gpt-2"));
}

TEST(Tokenizer, GivesTheRecordedIdsOfQwen2) {
  const Path data = test::shared_data();
  SKIP_WITHOUT_SHARED_DATA(data);
  const Path folder = data / "tokenizers/qwen2";
  const Json split = {
      {"type", "Split"},
      {"pattern",
       {{"Regex", R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
                  R"(|\s*[\r\n]+|\s+(?!\S)|\s+)"}}},
      {"behavior", "Isolated"},
      {"invert", false}};
  const Json bytes = {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", false}, {"use_regex", false}};
  const Json json = tokenizer_of(*parse_json(*read_file(folder / "vocab.json"), "vocab.json"),
                                 merges_of(*read_file(folder / "merges.txt")),
                                 {{"type", "Sequence"}, {"pretokenizers", {split, bytes}}}, {{"type", "NFC"}});
  const Files files;
  const auto tokenizer = Tokenizer::load(files.write("tokenizer.json", to_line(json)));
  ASSERT_OK(tokenizer);
  expect_recorded_ids(*tokenizer, read_recorded(data, "qwen2"));
  expect_cuts_change_nothing(*tokenizer);
}

TEST(Tokenizer, RoundTripsRealTextWithDolma2) {
  const Path data = test::shared_data();
  SKIP_WITHOUT_SHARED_DATA(data);
  const auto tokenizer = Tokenizer::load(data / "tokenizers/hf_json/allenai_dolma2.json");
  ASSERT_OK(tokenizer);
  EXPECT_EQ(tokenizer->vocabulary_size(), 100278);
  for (const std::string& text : read_recorded(data, "mpt").texts)
    EXPECT_EQ(*tokenizer->decode(*tokenizer->encode(text)), text);
}

}  // namespace
}  // namespace pegbox::text
