// What a study file may say after `stop:`.
#include "search/schedulers/table.h"

#include <gtest/gtest.h>

#include <set>

#include "search/history_for_test.h"

namespace pegbox {
namespace {

constexpr std::string_view kSpace = R"("space": {"x": {"range": [0, 1]}})";

Result<std::unique_ptr<Scheduler>> make(const std::string& stop) {
  return make_scheduler(HistoryForTest("{" + std::string(kSpace) + R"(, "steps": 81, "stop": )" + stop + "}").spec());
}

TEST(SchedulerTable, HasNamesHelpAndAFactoryInEveryRow) {
  std::set<std::string_view> names;
  for (const SchedulerRow& row : scheduler_table()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
    ASSERT_NE(row.make, nullptr) << row.name;
    for (const FieldRow& option : row.options) EXPECT_FALSE(option.help.empty()) << row.name << "." << option.name;
  }
  EXPECT_TRUE(names.contains("none") && names.contains("median") && names.contains("freeze_thaw"));
}

TEST(SchedulerTable, MakesEveryRowByItsName) {
  for (const SchedulerRow& row : scheduler_table()) {
    Json entry = {{"name", row.name}};
    if (!row.example.empty()) entry.update(*parse_json(row.example, "example"));
    EXPECT_TRUE(make(to_line(entry))) << row.name;
    EXPECT_EQ(row.example.empty(), make('"' + std::string(row.name) + '"').has_value()) << row.name;
  }
}

TEST(SchedulerTable, TakesAutoAsAshaThatHalves) {
  const HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "steps": 96})");
  const auto scheduler = make_scheduler(study.spec());
  ASSERT_TRUE(scheduler);
  EXPECT_EQ((*scheduler)->next_rung(study.history(), Trial{}), 3);
}

TEST(SchedulerTable, TakesNoOptionsForAuto) { EXPECT_FALSE(make(R"({"name": "auto", "reduction": 4})")); }

TEST(SchedulerTable, LetsAutoRunEveryTrialToItsEndWhileTheLengthIsUnknown) {
  const HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}})");
  const auto scheduler = make_scheduler(study.spec());
  ASSERT_TRUE(scheduler);
  EXPECT_EQ((*scheduler)->next_rung(study.history(), Trial{}), 0);
}

TEST(SchedulerTable, NamesTheNearestRuleForAnUnknownOne) {
  const auto made = make(R"("medain")");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::InvalidInput);
  EXPECT_NE(made.error().message.find("'median'"), std::string::npos) << made.error().message;
}

TEST(SchedulerTable, NamesTheNearestOptionForAnUnknownOne) {
  const auto made = make(R"({"name": "asha", "reductoin": 4})");
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("reduction"), std::string::npos) << made.error().message;
}

TEST(SchedulerTable, RefusesOptionsOfARuleThatHasNone) { EXPECT_FALSE(make(R"({"name": "none", "grace": 4})")); }

TEST(SchedulerTable, RefusesAnOptionOutOfItsRange) {
  EXPECT_FALSE(make(R"({"name": "asha", "reduction": 1})"));
  EXPECT_FALSE(make(R"({"name": "asha", "reduction": "three"})"));
  EXPECT_FALSE(make(R"({"name": "median", "others": 0})"));
}

}  // namespace
}  // namespace pegbox
