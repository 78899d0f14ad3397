// Splits: what trials are judged by is not what the best is tested on.
#include "app/data_splits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pegbox {
namespace {

using ::testing::HasSubstr;

class DataSplits : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& bytes) const {
    EXPECT_TRUE(replace_file(folder_.path() / name, bytes));
    return (folder_.path() / name).string();
  }

  static TrialSection trial_of(const Json& data, const Json& evaluate = {}) {
    TrialSection trial;
    trial.trainer = {{"data", data}};
    if (evaluate.is_null()) return trial;
    const Document document{.json = evaluate, .name = "evaluate", .lines = {}};
    trial.evaluations = *TrialEvaluation::read(document.root(), "");
    return trial;
  }

  TemporaryFolder folder_ = *TemporaryFolder::create("pegbox-splits");
};

const std::string kRows = R"({"prompt": "a", "completion": "1"})"
                          "\n"
                          R"({"prompt": "b", "completion": "2"})"
                          "\n";

TEST_F(DataSplits, RefuseToJudgeTrialsByTheTestData) {
  const std::string train = write("train.jsonl", "{\"text\": \"x\"}\n"), test = write("test.jsonl", kRows);
  const std::string other = write("other.jsonl", kRows + "{\"prompt\": \"c\", \"completion\": \"3\"}\n");
  const std::string copy = write("copy.jsonl", kRows);
  EXPECT_TRUE(check_splits(trial_of({{"train", train}, {"validation", other}, {"test", test}})));
  const auto message = [](const TrialSection& trial) {
    const auto checked = check_splits(trial);
    return checked ? "no error" : checked.error().message;
  };
  EXPECT_THAT(message(trial_of({{"train", train}, {"validation", test}, {"test", test}})),
              HasSubstr("these are the test data, on which nothing is tuned"));
  EXPECT_THAT(message(trial_of({{"train", train}, {"validation", {other, copy}}, {"test", test}})),
              HasSubstr("the bytes of"))
      << "under another name";
  EXPECT_THAT(
      message(trial_of({{"train", train}, {"test", folder_.path().string()}}, {{"metrics", "bleu"}, {"data", copy}})),
      HasSubstr("evaluate: data"))
      << "in a folder of test data";
  EXPECT_THAT(message(trial_of({{"train", train}, {"test", test}}, {{"metrics", "bleu"}, {"data", other}})),
              "no error");
  EXPECT_THAT(message(trial_of(train)), "no error");
}

TEST_F(DataSplits, FindTestRowsAmongThoseThatTrialsAreJudgedBy) {
  const std::string train = write("train.jsonl", "{\"prompt\": \"a\", \"completion\": \"1\"}\n");
  const std::string test = write("test.jsonl", kRows + "{\"prompt\": \"d\", \"completion\": \"4\"}\n");
  const std::string valid =
      write("valid.jsonl", "{\"prompt\": \"c\", \"completion\": \"3\"}\n{\"completion\": \"2\", \"prompt\": \"b\"}\n");
  const auto found = find_test_overlap(trial_of({{"train", train}, {"validation", valid}, {"test", test}}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->test_rows, 3);
  EXPECT_EQ(found->shared, 1) << "the row of the training data is another matter, which `checks` finds";
  EXPECT_THAT(found->place, HasSubstr("valid.jsonl:2"));
  const auto split = find_test_overlap(trial_of({{"train", train}, {"test", test}}));
  ASSERT_TRUE(split);
  EXPECT_EQ(split->shared, 1) << "validation rows would be split off the training data";
  const auto evaluated =
      find_test_overlap(trial_of({{"validation", train}, {"test", test}}, {{"metrics", "bleu"}, {"data", valid}}));
  ASSERT_TRUE(evaluated);
  EXPECT_EQ(evaluated->shared, 2);
  EXPECT_FALSE(find_test_overlap(trial_of({{"train", train}, {"validation", valid}})));
}

}  // namespace
}  // namespace pegbox
