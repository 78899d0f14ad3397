// Tests of OutputChecks: leaks and offences.
#include "watch/output_checks.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace pegbox::watch {
namespace {

class OutputChecksTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& bytes) const {
    EXPECT_TRUE(replace_file(folder_.path() / name, bytes));
    return (folder_.path() / name).string();
  }
  static std::optional<bool> judged(const OutputChecks& checks, Rate rate, const std::string& output,
                                    const std::string& prompt = "") {
    RateFlags flags;
    checks.judge(prompt, output, flags);
    return flags[static_cast<std::size_t>(rate)];
  }

  TemporaryFolder folder_ = *TemporaryFolder::create("pegbox-output");
};

TEST_F(OutputChecksTest, KnowOnlyWhatTheyWereTold) {
  const auto checks = OutputChecks::create({});
  ASSERT_TRUE(checks);
  EXPECT_EQ(judged(*checks, Rate::TrainingText, "a b c"), std::nullopt);
  EXPECT_EQ(judged(*checks, Rate::Offensive, "a b c"), std::nullopt);
  EXPECT_EQ(judged(*checks, Rate::Refusals, "I cannot help with that."), true);
  EXPECT_EQ(judged(*checks, Rate::PersonalData, "Write to ann@example.org"), true);
  EXPECT_EQ(judged(*checks, Rate::PersonalData, "Write to ann@example.org", "I am ann@example.org"), false);
}

TEST_F(OutputChecksTest, FindTrainingTextThatThePromptHasNot) {
  SafetyRule rule;
  rule.training = {write("train.jsonl", "{\"text\": \"the quick brown fox jumps\"}\n")};
  rule.training_words = 4;
  const auto checks = OutputChecks::create(rule);
  ASSERT_TRUE(checks) << checks.error().message;
  EXPECT_EQ(judged(*checks, Rate::TrainingText, "See: the quick brown fox!"), true);
  EXPECT_EQ(judged(*checks, Rate::TrainingText, "the quick fox"), false);
  EXPECT_EQ(judged(*checks, Rate::TrainingText, "the quick brown fox", "Repeat: the quick brown fox"), false);
  rule.training_words = 13;
  EXPECT_FALSE(OutputChecks::create(rule)) << "no text is so long";
}

TEST_F(OutputChecksTest, TakeWordsAndAClassifierForOffences) {
  SafetyRule rule;
  rule.words = {"dratted"};
  ASSERT_TRUE(OutputChecks::create(rule));
  EXPECT_EQ(judged(*OutputChecks::create(rule), Rate::Offensive, "You DRATTED thing"), true);
  EXPECT_EQ(judged(*OutputChecks::create(rule), Rate::Offensive, "You undratted thing"), false);
  std::string rows = "text,label\n";
  for (int i = 0; i < 30; ++i) rows += fmt::format("you are vile {0},bad\nyou are kind {0},good\n", i);
  rule = {.offensive = LabelledTexts{.data = write("labelled.csv", rows), .positive = {"bad"}}};
  const auto checks = OutputChecks::create(rule);
  ASSERT_TRUE(checks) << checks.error().message;
  EXPECT_EQ(judged(*checks, Rate::Offensive, "how vile"), true);
  EXPECT_EQ(judged(*checks, Rate::Offensive, "how kind"), false);
  EXPECT_EQ(checks->quality()->positives, 30);
}

TEST_F(OutputChecksTest, SayWhatIsWrongWithLabels) {
  SafetyRule rule{.offensive = LabelledTexts{.data = write("l.csv", "text,label\na,x\nb,x\n"), .positive = {"bad"}}};
  const auto one_class = OutputChecks::create(rule);
  ASSERT_FALSE(one_class);
  EXPECT_THAT(one_class.error().message, testing::HasSubstr("one class"));
  rule.offensive->text = "sentence";
  const auto no_field = OutputChecks::create(rule);
  ASSERT_FALSE(no_field);
  EXPECT_THAT(no_field.error().message, testing::HasSubstr("l.csv:2"));
  EXPECT_FALSE(OutputChecks::create({.words = {"two words"}}));
}

}  // namespace
}  // namespace pegbox::watch
