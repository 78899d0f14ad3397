// Tests of the checksum against the values of RFC 3720, appendix B.4.
#include "search/stores/checksum.h"

#include <gtest/gtest.h>

#include <string>

#include "base/rng.h"

namespace pegbox {
namespace {

TEST(Checksum, IsThatOfTheStandard) {
  std::string rising;
  for (int i = 0; i < 32; ++i) rising += static_cast<char>(i);
  for (auto* function : {crc32c, crc32c_portable}) {
    EXPECT_EQ(function("123456789", 0), 0xE3069283u);
    EXPECT_EQ(function(std::string(32, '\0'), 0), 0x8A9136AAu);
    EXPECT_EQ(function(std::string(32, '\xFF'), 0), 0x62A8AB43u);
    EXPECT_EQ(function(rising, 0), 0x46DD794Eu);
    EXPECT_EQ(function("", 0), 0u);
  }
}

TEST(Checksum, OfPartsIsThatOfTheWhole) {
  Rng rng({.seed = 1});
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (auto left = rng.below(100); left > 0; --left) text += static_cast<char>(rng.below(256));
    const auto cut = rng.below(text.size() + 1);
    const std::string_view view = text;
    EXPECT_EQ(crc32c(view.substr(cut), crc32c(view.substr(0, cut))), crc32c(text));
    EXPECT_EQ(crc32c(text), crc32c_portable(text));
  }
}

TEST(Checksum, ChangesWithEveryBit) {
  const std::string text = R"({"trial": 17, "step": 400, "metrics": {"validation_loss": 2.3145678}})";
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string damaged = text;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(crc32c(damaged), crc32c(text));
  }
}

}  // namespace
}  // namespace pegbox
