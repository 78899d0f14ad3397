// Tests of DataClean: what goes, what stays as it stood, and that nothing is changed in place.
#include "text/data_clean.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/sha256.h"
#include "text/test_support.h"

namespace pegbox::text {
namespace {

using test::Files;

constexpr std::string_view kLong =
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty twenty-one twenty-two twenty-three twenty-four twenty-five twenty-six twenty-seven";

std::string json_row(const std::string& text) { return to_line(Json{{"text", text}}) + "\n"; }

class DataCleanTest : public testing::Test {
 protected:
  Result<CleanReport> clean(const std::string& rows, const CleanOptions& options = {},
                            const std::vector<DataPart>& against = {}) {
    const DataPart data{"data", {files_.write("in.jsonl", rows)}};
    return clean_data(data, against, files_.folder() / "out.jsonl", options);
  }
  std::string out() const { return *read_file(files_.folder() / "out.jsonl"); }
  static std::int64_t removed(const CleanReport& report, CheckKind kind) {
    const auto found = std::ranges::find(report.removed, kind, &Finding::kind);
    return found == report.removed.end() ? 0 : found->count;
  }

  Files files_;
};

TEST_F(DataCleanTest, KeepsTheFirstOfEachAndTheRestAsItStood) {
  const std::string odd = "{ \"text\":  \"it stays as it stood\", \"id\": 7 }\n";
  const std::string rows = json_row(std::string(kLong)) + odd + json_row("twice") + "{broken\n" + json_row("twice") +
                           json_row(std::string(kLong) + " more") + json_row("bad \uFFFD") + "{\"text\": \"\"}\n";
  const auto report = clean(rows);
  ASSERT_OK(report);
  EXPECT_EQ(out(), json_row(std::string(kLong)) + odd + json_row("twice"));
  EXPECT_EQ(report->kept, 3);
  EXPECT_EQ(report->data.rows, 8);
  for (const CheckKind kind :
       {CheckKind::Duplicates, CheckKind::NearDuplicates, CheckKind::Unreadable, CheckKind::Garbled, CheckKind::Empty})
    EXPECT_EQ(removed(*report, kind), 1) << text_of(kind).name;
  EXPECT_EQ(report->sha256, *sha256_of_file(files_.folder() / "out.jsonl"));
  EXPECT_EQ(*read_file(files_.folder() / "in.jsonl"), rows) << "nothing is changed in place";
}

TEST_F(DataCleanTest, RemovesWhatIsInTheDataThatItIsHeldAgainst) {
  const Path test = files_.write("test.jsonl", json_row(std::string(kLong)) + json_row("other"));
  const auto report =
      clean(json_row("mine") + json_row(std::string(kLong) + " again") + json_row("other"), {}, {{"test", {test}}});
  ASSERT_OK(report);
  EXPECT_EQ(out(), json_row("mine"));
  EXPECT_EQ(removed(*report, CheckKind::Leakage), 2);
}

TEST_F(DataCleanTest, AppliesTheRulesThatAreAskedForButThoseThatAreKept) {
  CleanOptions options;
  options.remove = *checks_of(std::vector<std::string>{"c4"}, "test");
  options.kept_rules = {"c4_sentences"};
  const std::string rows =
      json_row("Lorem ipsum dolor.") + json_row("if (x) { return; }") + json_row("fine") + json_row("fine");
  ASSERT_OK(clean(rows, options));
  EXPECT_EQ(out(), json_row("fine") + json_row("fine")) << "duplicates are not asked for";
  options.kept_rules = {"c4_brackets"};
  test::expect_error(clean(rows, options), ErrorKind::InvalidInput, {"c4_brackets", "c4_curly_bracket"});
}

TEST_F(DataCleanTest, KeepsTextsWithTwoLabels) {
  const std::string rows = R"({"text": "so so", "label": "good"})"
                           "\n"
                           R"({"text": "so so", "label": "bad"})"
                           "\n";
  ASSERT_OK(clean(rows));
  EXPECT_EQ(out(), rows);
}

TEST_F(DataCleanTest, RefusesToWriteOverAFileAndToLeaveNothing) {
  files_.write("out.jsonl", "mine");
  test::expect_error(clean(json_row("a")), ErrorKind::InvalidInput, {"out.jsonl", "exists"});
  EXPECT_EQ(out(), "mine");
  std::filesystem::remove(files_.folder() / "out.jsonl");
  test::expect_error(clean("{broken\n"), ErrorKind::InvalidInput, {"no row would stay"});
  CleanOptions options;
  options.remove = *checks_of(std::vector<std::string>{"labels"}, "test");
  test::expect_error(clean(json_row("a"), options), ErrorKind::InvalidInput, {"labels"});
}

}  // namespace
}  // namespace pegbox::text
