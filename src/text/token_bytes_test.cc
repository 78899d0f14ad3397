// Bytes of tokens.
#include "text/token_bytes.h"

#include <gtest/gtest.h>

#include "text/test_support.h"

namespace pegbox::text {
namespace {

TEST(TokenBytes, AddUpToTheText) {
  const std::vector<std::string> texts = {"The whale was white, and it was large.", "naïve café 東京 😀\n\tx"};
  const auto tokenizer = Tokenizer::train_byte_level_bpe(texts, 280, "<|end|>");
  ASSERT_OK(tokenizer);
  TokenBytes bytes(*tokenizer);
  for (const std::string text : {"A naïve whale in 東京", "😀é", " white"}) {
    std::int64_t sum = 0;
    const auto ids = tokenizer->encode(text);
    ASSERT_OK(ids);
    for (const TokenId id : *ids) {
      const auto count = bytes.of(id);
      ASSERT_OK(count);
      sum += *count;
    }
    EXPECT_EQ(sum, static_cast<std::int64_t>(text.size())) << text << ": its characters are several tokens";
  }
  EXPECT_FALSE(bytes.of(100000));
}

}  // namespace
}  // namespace pegbox::text
