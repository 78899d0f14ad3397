// Which configurations a study has already.
#include "search/samplers/taken_configs.h"

#include <gtest/gtest.h>

#include "search/history_for_test.h"

namespace pegbox {
namespace {

TEST(TakenConfigs, KeysAreTheSameForTheSameConfigurationInAnyOrder) {
  EXPECT_EQ(config_key({{"a", std::int64_t{2}}, {"b", std::string("x")}}),
            config_key({{"b", std::string("x")}, {"a", 2.0}}));
}

TEST(TakenConfigs, KeysDifferForValuesThatDiffer) {
  const Config two{{"a", std::int64_t{2}}};
  EXPECT_NE(config_key(two), config_key({{"a", std::string("2")}}));
  EXPECT_NE(config_key(two), config_key({{"a", 2.0000000000000004}}));
  EXPECT_NE(config_key(two), config_key({{"b", std::int64_t{2}}}));
  EXPECT_NE(config_key({{"a", true}}), config_key({{"a", std::string("true")}}));
  EXPECT_NE(config_key({{"a", true}}), config_key({{"a", std::int64_t{1}}}));
  EXPECT_NE(config_key({}), config_key(two));
}

TEST(TakenConfigs, FollowAHistoryAndForgetSuggestions) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 9], "integer": true}}})");
  const auto at = [](std::int64_t x) { return Config{{"x", x}}; };
  TakenConfigs taken;
  study.create(at(1));
  taken.update(study.history());
  taken.add(at(2));
  EXPECT_TRUE(taken.contains(at(1)) && taken.contains(at(2)));
  study.failed({at(3), {}});
  taken.update(study.history());
  EXPECT_TRUE(taken.contains(at(1)) && taken.contains(at(3)));
  EXPECT_FALSE(taken.contains(at(2)));
}

TEST(TakenConfigs, ReadAnotherHistoryAnew) {
  HistoryForTest one(R"({"space": {"x": {"range": [0, 9], "integer": true}}})"), shorter(one), other(one);
  for (const std::int64_t x : {1, 2, 3}) one.create(Config{{"x", x}});
  shorter.create(Config{{"x", std::int64_t{1}}});
  for (const std::int64_t x : {5, 6, 7, 8}) other.create(Config{{"x", x}});
  TakenConfigs taken;
  for (const HistoryForTest* study : {&one, &shorter, &other}) {
    taken.update(study->history());
    EXPECT_EQ(taken.contains(Config{{"x", std::int64_t{2}}}), study == &one);
    EXPECT_EQ(taken.contains(Config{{"x", std::int64_t{8}}}), study == &other);
  }
}

}  // namespace
}  // namespace pegbox
