// Tests of the numbers of rows.
#include "text/data_report.h"

#include <gtest/gtest.h>

#include "text/test_support.h"

namespace pegbox::text {
namespace {

TEST(DataReport, CountsTokensLabelsAndEnds) {
  const Tokenizer tokenizer = test::small_tokenizer();
  const std::string text = test::training_texts()[0];
  const std::vector<Row> rows = {{.text = text}, {.prompt = "the", .text = " fox"}, {.prompt = "the", .text = text}};
  const auto data = tokenize_rows(tokenizer, rows, {.sequence_length = 20});
  ASSERT_OK(data);
  const TokenReport report = report_tokens(*data, 0, std::nullopt);
  EXPECT_EQ(report.rows, data->size());
  EXPECT_EQ(report.texts, 3);
  EXPECT_EQ(report.ended_texts, 2) << "the last text is truncated";
  EXPECT_EQ(report.tokens, data->total_tokens());
  EXPECT_EQ(report.label_tokens, data->total_label_tokens());
  EXPECT_EQ(report.double_begins, 0);
  EXPECT_EQ(data->longest, std::ssize(*tokenizer.encode(text)) + std::ssize(*tokenizer.encode("the")) + 1)
      << "before it is cut, with its prompt and end";
  EXPECT_EQ(data->longest_truncated, data->longest);
}

TEST(DataReport, FindsBeginTokensThatAreThereTwice) {
  const Tokenizer tokenizer = test::small_tokenizer();
  const TokenId begin = *tokenizer.token_id("a");
  const std::vector<Row> rows = {{.text = "abc"}, {.text = "xabc"}};
  const auto data = tokenize_rows(tokenizer, rows, {.begin_token = begin});
  ASSERT_OK(data);
  EXPECT_EQ(report_tokens(*data, 0, begin).double_begins, 1);
  EXPECT_EQ(report_tokens(*data, 0, std::nullopt).double_begins, 0);
}

TEST(DataReport, FindsRowsOfTheSameContent) {
  const std::vector<Row> train = {{.text = "a  b"}, {.text = "a b"}, {.prompt = "a", .text = "b"}, {.text = "c"}};
  const std::vector<Row> validation = {{.text = "c\n"}, {.text = "d"}, {.prompt = "a", .text = "b"}};
  const Overlap overlap = overlap_of(train, validation);
  EXPECT_EQ(overlap.repeated, 1);
  EXPECT_EQ(overlap.shared, 2);
}

TEST(DataReport, DecodesARowInPiecesThatAreLearnedOrNot) {
  const Tokenizer tokenizer = test::small_tokenizer();
  const std::vector<Row> rows = {{.prompt = "the quick", .text = " fox"}};
  const auto data = tokenize_rows(tokenizer, rows, {});
  ASSERT_OK(data);
  const auto pieces = pieces_of(tokenizer, *data, 0);
  ASSERT_OK(pieces);
  ASSERT_EQ(pieces->size(), 2u);
  EXPECT_EQ((*pieces)[0].text, "the quick");
  EXPECT_FALSE((*pieces)[0].is_learned);
  EXPECT_EQ((*pieces)[1].text, " fox<|end|>");
  EXPECT_TRUE((*pieces)[1].is_learned);
}

}  // namespace
}  // namespace pegbox::text
