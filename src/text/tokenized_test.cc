// Tests of rows as ids: end tokens, labels, cutting, truncation.
#include "text/tokenized.h"

#include <gtest/gtest.h>

#include "text/test_support.h"

namespace pegbox::text {
namespace {

using test::expect_error;
using Ids = std::vector<TokenId>;

Ids row_of(const TokenizedRows& rows, std::int64_t row) { return {rows.row(row).begin(), rows.row(row).end()}; }

Ids with_end(Ids ids) {
  ids.push_back(0);
  return ids;
}

TEST(TokenizedRows, EndTextRowsWithTheEndToken) {
  const Tokenizer tokenizer = test::small_tokenizer();
  const std::vector<Row> rows = {{.text = "the dog"}, {.text = "the lazy fox runs"}};
  const auto data = tokenize_rows(tokenizer, rows, {});
  ASSERT_OK(data);
  ASSERT_EQ(data->size(), 2);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(row_of(*data, i), with_end(*tokenizer.encode(rows[i].text)));
    EXPECT_EQ(data->label_starts[i], 1);
    EXPECT_EQ(data->label_tokens(i), data->length(i) - 1);
  }
  EXPECT_EQ(data->total_tokens(), data->length(0) + data->length(1));
  EXPECT_EQ(data->total_label_tokens(), data->total_tokens() - 2);
}

TEST(TokenizedRows, CutLongTextIntoRowsThatJoinToTheWhole) {
  const Tokenizer tokenizer = test::small_tokenizer();
  const std::string text = test::training_texts()[0];
  const Ids whole = with_end(*tokenizer.encode(text));
  for (const std::int64_t length : {2, 3, 7, 16, 1000}) {
    const auto data = tokenize_rows(tokenizer, std::vector<Row>{{.text = text}}, {.sequence_length = length});
    ASSERT_OK(data);
    const auto size = static_cast<std::int64_t>(whole.size());
    const bool loses_one = size > length && size % length == 1;  // the last piece would be the end token alone
    EXPECT_EQ(data->ids, Ids(whole.begin(), whole.end() - loses_one));
    EXPECT_EQ(data->dropped_rows, loses_one);
    EXPECT_EQ(data->cut_rows, size > length);
    for (std::int64_t row = 0; row < data->size(); ++row) {
      EXPECT_LE(data->length(row), length);
      EXPECT_EQ(data->label_starts[row], 1);
      if (row + 1 < data->size()) {
        EXPECT_EQ(data->length(row), length);
      }
    }
  }
}

TEST(TokenizedRows, NameTheTextThatEachRowIsAPieceOf) {
  const Tokenizer tokenizer = test::small_tokenizer();
  const std::string text = test::training_texts()[0];
  const std::vector<Row> rows{{.text = text}, {.prompt = text, .text = "lost"}, {.text = text}};
  const auto data = tokenize_rows(tokenizer, rows, {.sequence_length = 7});
  ASSERT_OK(data);
  ASSERT_EQ(data->dropped_rows % 2, 1) << "the prompt fills the sequence";
  ASSERT_EQ(std::ssize(data->sources), data->size());
  const auto half = data->size() / 2;
  for (std::int64_t row = 0; row < data->size(); ++row) EXPECT_EQ(data->sources[row], row < half ? 0 : 2);
}

TEST(TokenizedRows, LabelOnlyTheCompletionAndItsEnd) {
  const Tokenizer tokenizer = test::small_tokenizer();
  const std::vector<Row> rows = {{.prompt = "the quick", .text = " brown fox"}};
  const auto data = tokenize_rows(tokenizer, rows, {});
  ASSERT_OK(data);
  Ids expected = *tokenizer.encode("the quick");
  const auto prompt_size = static_cast<std::int64_t>(expected.size());
  const Ids completion = *tokenizer.encode(" brown fox");
  expected.insert(expected.end(), completion.begin(), completion.end());
  EXPECT_EQ(row_of(*data, 0), with_end(expected));
  EXPECT_EQ(data->label_starts[0], prompt_size);
  EXPECT_EQ(data->label_tokens(0), static_cast<std::int64_t>(completion.size()) + 1);
}

TEST(TokenizedRows, TruncateCompletionsAndDropPromptsThatFillTheSequence) {
  const Tokenizer tokenizer = test::small_tokenizer();
  const auto prompt_size = static_cast<std::int64_t>(tokenizer.encode("xyzxyz")->size());
  const std::vector<Row> rows = {{.prompt = "xyzxyz", .text = " brown fox"}, {.prompt = "a", .text = "b"}};
  const auto at = [&](std::int64_t length) { return tokenize_rows(tokenizer, rows, {.sequence_length = length}); };
  const auto truncated = at(prompt_size + 1);
  ASSERT_OK(truncated);
  EXPECT_EQ(truncated->size(), 2);
  EXPECT_EQ(truncated->truncated_rows, 1);
  EXPECT_EQ(truncated->label_tokens(0), 1);
  const auto dropped = at(prompt_size);
  ASSERT_OK(dropped);
  EXPECT_EQ(dropped->size(), 1);
  EXPECT_EQ(dropped->dropped_rows, 1);
  EXPECT_EQ(dropped->truncated_rows, 0);
  EXPECT_EQ(dropped->cut_rows, 0);
}

TEST(TokenizedRows, BeginWithABeginTokenOnlyIfAskedFor) {
  const Tokenizer tokenizer = test::small_tokenizer();
  const std::vector<Row> rows = {{.text = "a"}, {.prompt = "b", .text = "c"}};
  const auto data = tokenize_rows(tokenizer, rows, {.begin_token = 9});
  ASSERT_OK(data);
  EXPECT_EQ(row_of(*data, 0), (Ids{9, *tokenizer.token_id("a"), 0}));
  EXPECT_EQ(row_of(*data, 1), (Ids{9, *tokenizer.token_id("b"), *tokenizer.token_id("c"), 0}));
  EXPECT_EQ(data->label_starts, (std::vector<std::int64_t>{1, 2}));
}

TEST(TokenizedRows, HaveAHashOfTheirContent) {
  const Tokenizer tokenizer = test::small_tokenizer();
  const auto hash = [&](const std::vector<Row>& rows, int threads) {
    return tokenize_rows(tokenizer, rows, {.threads = threads})->content_hash;
  };
  const std::uint64_t first = hash({{.text = "ab"}, {.text = "cd"}}, 1);
  EXPECT_EQ(first, hash({{.text = "ab"}, {.text = "cd"}}, 3));
  EXPECT_NE(first, hash({{.text = "cd"}, {.text = "ab"}}, 1));
  EXPECT_NE(hash({{.prompt = "a", .text = "bc"}}, 1),
            hash({{.prompt = "ab", .text = "c"}}, 1));  // same ids, other labels
}

TEST(TokenizedRows, AreTheSameHoweverManyThreadsMakeThem) {
  const Tokenizer tokenizer = test::small_tokenizer();
  Rng rng({.seed = 1, .stream = stream_id("tokenized test")});
  std::vector<Row> rows;
  for (int i = 0; i < 500; ++i) {
    const std::string prompt = rng.below(2) == 0 ? "" : test::random_text(rng, 20);
    rows.push_back({.prompt = prompt, .text = "x" + test::random_text(rng, 60)});
  }
  const auto one = tokenize_rows(tokenizer, rows, {.sequence_length = 32, .threads = 1});
  const auto three = tokenize_rows(tokenizer, rows, {.sequence_length = 32, .threads = 3});
  ASSERT_OK(one);
  ASSERT_OK(three);
  EXPECT_EQ(one->ids, three->ids);
  EXPECT_EQ(one->offsets, three->offsets);
  EXPECT_EQ(one->content_hash, three->content_hash);
  for (std::int64_t row = 0; row < one->size(); ++row) {
    EXPECT_GE(one->label_starts[row], 1);
    EXPECT_GE(one->label_tokens(row), 1);
    EXPECT_LE(one->length(row), 32);
  }
}

TEST(TokenizedRows, RefuseImpossibleOptionsAndRowsWithoutLabels) {
  const Tokenizer tokenizer = test::small_tokenizer();
  const std::vector<Row> rows = {{.prompt = "a long enough prompt", .text = "x"}};
  expect_error(tokenize_rows(tokenizer, rows, {.sequence_length = 1}), ErrorKind::InvalidInput, {"at least 2"});
  expect_error(tokenize_rows(tokenizer, rows, {.end_token = 300}), ErrorKind::InvalidInput, {"300", "279"});
  expect_error(tokenize_rows(tokenizer, rows, {.begin_token = -1}), ErrorKind::InvalidInput, {"-1"});
  expect_error(tokenize_rows(tokenizer, rows, {.sequence_length = 2}), ErrorKind::InvalidInput, {"1 rows", "fill"});
  expect_error(tokenize_rows(tokenizer, {}, {}), ErrorKind::InvalidInput, {"0 rows"});
}

}  // namespace
}  // namespace pegbox::text
