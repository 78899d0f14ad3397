// What a study file may say after `search:`.
#include "search/samplers/table.h"

#include <gtest/gtest.h>

#include <set>

#include "search/history_for_test.h"

namespace pegbox {
namespace {

Result<std::unique_ptr<Sampler>> make(const std::string& rest) {
  return make_sampler(HistoryForTest(R"({"space": {"x": {"range": [0, 1]}}, )" + rest + "}").spec());
}

std::string chosen_by(const HistoryForTest& study) {
  const auto sampler = make_sampler(study.spec());
  EXPECT_TRUE(sampler) << sampler.error().message;
  const auto suggestions = (*sampler)->suggest(study.history(), 1, {});
  EXPECT_TRUE(suggestions) << suggestions.error().message;
  return suggestions->at(0).reason.value("by", "");
}

TEST(SamplerTable, HasNamesHelpAndAFactoryInEveryRow) {
  std::set<std::string_view> names;
  for (const SamplerRow& row : sampler_table()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
    ASSERT_NE(row.make, nullptr) << row.name;
    for (const FieldRow& option : row.options) EXPECT_FALSE(option.help.empty()) << row.name << "." << option.name;
  }
  for (const char* name : {"grid", "random", "sobol", "gp"}) EXPECT_TRUE(names.contains(name)) << name;
}

TEST(SamplerTable, MakesEveryRowByItsNameAndItSaysSoInItsReasons) {
  for (const SamplerRow& row : sampler_table())
    EXPECT_EQ(
        chosen_by(HistoryForTest(R"({"space": {"x": {"range": [0, 1]}}, "search": ")" + std::string(row.name) + "\"}")),
        row.name);
}

TEST(SamplerTable, TakesAutoAsGridWhereEveryConfigurationCanBeTried) {
  EXPECT_EQ(
      chosen_by(HistoryForTest(R"({"space": {"n": {"range": [1, 9], "integer": true}}, "budget": {"trials": 9}})")),
      "grid");
  EXPECT_EQ(
      chosen_by(HistoryForTest(R"({"space": {"n": {"range": [1, 9], "integer": true}}, "budget": {"trials": 8}})")),
      "gp");
  EXPECT_EQ(
      chosen_by(HistoryForTest(R"({"space": {"n": {"range": [1, 9], "integer": true}}, "budget": {"time": 60}})")),
      "gp");
  EXPECT_EQ(chosen_by(HistoryForTest(R"({"space": {"x": {"range": [1, 9]}}, "search": "auto"})")), "gp");
}

TEST(SamplerTable, NamesTheNearestStrategyForAnUnknownOne) {
  const auto made = make(R"("search": "sobel")");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::InvalidInput);
  EXPECT_NE(made.error().message.find("'sobol'"), std::string::npos) << made.error().message;
}

TEST(SamplerTable, NamesTheNearestOptionForAnUnknownOne) {
  const auto made = make(R"("search": {"name": "gp", "prior_wieght": 3})");
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("prior_weight"), std::string::npos) << made.error().message;
}

TEST(SamplerTable, RefusesOptionsOutOfTheirRange) {
  EXPECT_FALSE(make(R"("search": {"name": "grid", "points": 0})"));
  EXPECT_FALSE(make(R"("search": {"name": "grid", "order": "sideways"})"));
  EXPECT_FALSE(make(R"("search": {"name": "gp", "initial": -1})"));
  EXPECT_FALSE(make(R"("search": {"name": "random", "points": 3})"));
}

}  // namespace
}  // namespace pegbox
