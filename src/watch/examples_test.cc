// Tests of examples: feedback as training data.
#include "watch/examples.h"

#include <gmock/gmock.h>

#include "watch/watch_kit_for_test.h"

namespace pegbox::watch {
namespace {

using testing::HasSubstr;

TEST_F(WatchTest, MakesExamplesOfCorrectionsAndGoodRatings) {
  append(R"({"prompt": "a", "output": "x", "rating": 5})"
         "\n"
         R"({"prompt": "b", "output": "x", "rating": 1, "correction": "y for ann@example.org"})"
         "\n"
         R"({"prompt": "c", "output": "x", "rating": 1})"
         "\n"
         R"({"prompt": "d", "output": "x", "rating": 4})"
         "\n"
         R"({"prompt": "e", "output": "x", "rating": 3})"
         "\n"
         R"({"prompt": "f", "output": "x"})"
         "\n"
         R"({"output": "no prompt", "rating": 5})"
         "\n");
  const WatchConfig rules = config(R"("feedback": {"good": 4, "bad": 2})");
  const std::atomic<bool> never = false;
  const auto report = write_examples(rules, folder() / "examples", never);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(*read_file(folder() / "examples" / "corrections.jsonl"),
            "{\"prompt\":\"b\",\"completion\":\"y for [EMAIL]\",\"weight\":1.0}\n");
  EXPECT_EQ(*read_file(folder() / "examples" / "kept.jsonl"),
            "{\"prompt\":\"a\",\"completion\":\"x\",\"weight\":1.5}\n{\"prompt\":\"d\",\"completion\":\"x\",\"weight\":"
            "1.0}\n");
  EXPECT_EQ(report->records, 7);
  EXPECT_EQ(report->bad, 1);
  EXPECT_EQ(report->kept.weight, 2.5);
  const auto again = write_examples(rules, folder() / "examples", never);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr("corrections.jsonl"));
}

TEST_F(WatchTest, MakesNoFileOfNoExamples) {
  append("{\"prompt\": \"a\", \"output\": \"x\"}\n");
  const std::atomic<bool> never = false;
  const auto report = write_examples(config(), folder() / "examples", never);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->kept.file.empty());
  EXPECT_TRUE(std::filesystem::is_empty(folder() / "examples"));
}

}  // namespace
}  // namespace pegbox::watch
