// Tests of OutputChecks: leaks and offences.
#include "text/output_checks.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace pegbox::text {
namespace {

class OutputChecksTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& bytes) const {
    EXPECT_TRUE(replace_file(folder_.path() / name, bytes));
    return (folder_.path() / name).string();
  }
  static OutputFindings judged(const OutputChecks& checks, const std::string& output, const std::string& prompt = "") {
    return checks.judge(prompt, output);
  }

  TemporaryFolder folder_ = *TemporaryFolder::create("pegbox-output");
};

TEST_F(OutputChecksTest, KnowOnlyWhatTheyWereTold) {
  const auto checks = OutputChecks::create({});
  ASSERT_TRUE(checks);
  EXPECT_EQ(judged(*checks, "a b c").copies_training, std::nullopt);
  EXPECT_EQ(judged(*checks, "a b c").is_offensive, std::nullopt);
  EXPECT_EQ(judged(*checks, "I cannot help with that.").is_refusal, true);
  EXPECT_EQ(judged(*checks, "Write to ann@example.org").has_personal_data, true);
  EXPECT_EQ(judged(*checks, "Write to ann@example.org", "I am ann@example.org").has_personal_data, false);
}

TEST_F(OutputChecksTest, FindTrainingTextThatThePromptHasNot) {
  SafetyRule rule;
  rule.training = {write("train.jsonl", "{\"text\": \"the quick brown fox jumps\"}\n")};
  rule.training_words = 4;
  const auto checks = OutputChecks::create(rule);
  ASSERT_TRUE(checks) << checks.error().message;
  EXPECT_EQ(judged(*checks, "See: the quick brown fox!").copies_training, true);
  EXPECT_EQ(judged(*checks, "the quick fox").copies_training, false);
  EXPECT_EQ(judged(*checks, "the quick brown fox", "Repeat: the quick brown fox").copies_training, false);
  rule.training_words = 13;
  EXPECT_FALSE(OutputChecks::create(rule)) << "no text is so long";
}

TEST_F(OutputChecksTest, TakeWordsAndAClassifierForOffences) {
  SafetyRule rule;
  rule.words = {"dratted"};
  ASSERT_TRUE(OutputChecks::create(rule));
  EXPECT_EQ(judged(*OutputChecks::create(rule), "You DRATTED thing").is_offensive, true);
  EXPECT_EQ(judged(*OutputChecks::create(rule), "You undratted thing").is_offensive, false);
  std::string rows = "text,label\n";
  for (int i = 0; i < 30; ++i) rows += fmt::format("you are vile {0},bad\nyou are kind {0},good\n", i);
  rule = {.offensive = LabelledTexts{.data = write("labelled.csv", rows), .positive = {"bad"}}};
  const auto checks = OutputChecks::create(rule);
  ASSERT_TRUE(checks) << checks.error().message;
  EXPECT_EQ(judged(*checks, "how vile").is_offensive, true);
  EXPECT_EQ(judged(*checks, "how kind").is_offensive, false);
  EXPECT_EQ(checks->quality()->positives, 30);
  EXPECT_GT(judged(*checks, "how vile").offence_probability, judged(*checks, "how kind").offence_probability);
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
}  // namespace pegbox::text
