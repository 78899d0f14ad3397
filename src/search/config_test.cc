// Config: values compare as a person would, and survive JSON with their types.
#include "search/config.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace pegbox {
namespace {

TEST(Value, IsTheSameAcrossNumberTypesButNotAcrossKinds) {
  EXPECT_TRUE(same_value(std::int64_t{2}, 2.0));
  EXPECT_TRUE(same_value(2.0, std::int64_t{2}));
  EXPECT_FALSE(same_value(std::int64_t{2}, std::string("2")));
  EXPECT_FALSE(same_value(std::int64_t{1}, true));
  EXPECT_FALSE(same_value(1.0, true));
  EXPECT_TRUE(same_value(true, true));
  EXPECT_FALSE(same_value(std::int64_t{2}, 2.5));
  EXPECT_FALSE(same_value(std::nan(""), std::nan("")));
}

TEST(Value, ComparesLargeIntegersExactlyWithDoubles) {
  const std::int64_t odd = (std::int64_t{1} << 53) + 1;
  EXPECT_FALSE(same_value(odd, 9007199254740992.0));
  EXPECT_TRUE(same_value(odd - 1, 9007199254740992.0));
  EXPECT_FALSE(same_value(std::numeric_limits<std::int64_t>::max(), 9223372036854775808.0));
  EXPECT_TRUE(same_value(std::numeric_limits<std::int64_t>::min(), -9223372036854775808.0));
  EXPECT_FALSE(same_value(std::int64_t{0}, std::numeric_limits<double>::infinity()));
}

TEST(Value, KeepsItsTypeThroughAJsonLine) {
  const std::vector<Value> values{true,
                                  false,
                                  std::int64_t{2},
                                  2.0,
                                  -0.5,
                                  1e22,
                                  1e-310,
                                  0.1,
                                  std::numeric_limits<std::int64_t>::max(),
                                  std::numeric_limits<std::int64_t>::min(),
                                  std::string("caf\u00e9 \"\\\n"),
                                  std::string()};
  for (const Value& value : values) {
    const auto parsed = parse_json(to_line(to_json(value)), "test");
    ASSERT_TRUE(parsed) << parsed.error().message;
    const auto back = value_from_json(*parsed);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, value) << to_text(value);
  }
}

TEST(Value, IsNoListObjectNullOrHugeInteger) {
  for (const char* text : {"null", "[1]", "{}", "18446744073709551615"}) {
    const auto value = value_from_json(Json::parse(text));
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().kind, ErrorKind::InvalidInput);
  }
}

TEST(Value, ReadsAsANumberWhereItIsOne) {
  EXPECT_EQ(as_number(true), 1);
  EXPECT_EQ(as_number(std::int64_t{-3}), -3);
  EXPECT_EQ(as_number(0.25), 0.25);
  EXPECT_TRUE(std::isnan(as_number(std::string("1"))));
  EXPECT_FALSE(is_number(true));
  EXPECT_TRUE(is_number(std::int64_t{1}));
}

TEST(Config, FindsReplacesAndAppendsInOrder) {
  Config config{{"rank", std::int64_t{8}}};
  config.set("method", std::string("lora"));
  config.set("rank", std::int64_t{16});
  EXPECT_EQ(config.size(), 2u);
  EXPECT_EQ(config.to_text(), "rank=16 method=lora");
  EXPECT_EQ(*config.find("rank"), Value(std::int64_t{16}));
  EXPECT_EQ(config.find("ran"), nullptr);
}

TEST(Config, IsEqualInAnyOrderAndOnlyWithTheSameNames) {
  const Config a{{"x", 1.0}, {"y", std::int64_t{2}}};
  const Config b{{"y", 2.0}, {"x", std::int64_t{1}}};
  EXPECT_EQ(a, b);
  EXPECT_FALSE((a == Config{{"x", 1.0}}));
  EXPECT_FALSE((a == Config{{"x", 1.0}, {"z", std::int64_t{2}}}));
  EXPECT_FALSE((a == Config{{"x", 1.0}, {"y", 2.5}}));
}

TEST(Config, SurvivesJsonInItsOrder) {
  const Config config{{"b", 1.0}, {"a", std::int64_t{1}}, {"c", true}, {"d", std::string("x")}};
  const auto back = Config::from_json(config.to_json());
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, config);
  EXPECT_EQ(back->to_text(), config.to_text());
  EXPECT_EQ(to_line(config.to_json()), R"({"b":1.0,"a":1,"c":true,"d":"x"})");
}

TEST(Config, NamesTheMemberThatIsNoValue) {
  const auto config = Config::from_json(Json::parse(R"({"rank": [8]})"));
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().message.find("rank"), std::string::npos) << config.error().message;
  EXPECT_FALSE(Config::from_json(Json::parse("[1]")));
}

}  // namespace
}  // namespace pegbox
