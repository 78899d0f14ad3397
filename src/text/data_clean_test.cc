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

TEST_F(DataCleanTest, ComparesWithRowsThatStay) {
  // Each is near the one before it, and far from the one before that.
  std::string text;
  for (int i = 0; i < 120; ++i) text += "word" + std::to_string(i * 7919 % 1000) + " ";
  std::vector<std::string> chain = {text};
  for (int step = 0; step < 12; ++step) {
    std::string next = chain.back();
    for (int i = 0; i < 2; ++i) {
      const std::string word = "word" + std::to_string((step * 10 + i * 5) * 7919 % 1000) + " ";
      next.replace(next.find(word), word.size(), "new" + std::to_string(step * 2 + i) + " ");
    }
    chain.push_back(next);
  }
  std::string rows;
  for (const std::string& each : chain) rows += json_row(each);
  const auto report = clean(rows);
  ASSERT_OK(report);
  EXPECT_GT(removed(*report, CheckKind::NearDuplicates), 4);
  EXPECT_GE(report->kept, 2) << "the last is not like the first";
  for (const Finding& finding : report->removed)
    for (const Example& example : finding.examples) {
      const auto line = std::stoul(example.detail.substr(example.detail.rfind(':') + 1));
      EXPECT_NE(out().find(json_row(chain[line - 1])), std::string::npos) << example.detail << " was removed itself";
    }
}

TEST_F(DataCleanTest, RemovesADuplicateAfterAContradiction) {
  const std::string a = R"({"text": "so so", "label": "good"})"
                        "\n",
                    b = R"({"text": "so so", "label": "bad"})"
                        "\n";
  const auto report = clean(a + b + b + a);
  ASSERT_OK(report);
  EXPECT_EQ(out(), a + b);
  EXPECT_EQ(removed(*report, CheckKind::Duplicates), 2);
}

TEST_F(DataCleanTest, RemovesOtherLanguagesIfAsked) {
  const std::string german = json_row("Das Museum ist heute bis um sechs Uhr offen, und der Eintritt kostet nichts.");
  const std::string english = json_row("The museum is closed on Monday, and on Tuesday it opens late.") +
                              json_row("The museum is open every day, and children need no ticket.");
  CleanOptions options;
  ASSERT_OK(clean(german + english, options));
  EXPECT_EQ(out(), german + english);
  options.remove[static_cast<std::size_t>(CheckKind::Language)] = true;
  std::filesystem::remove(files_.folder() / "out.jsonl");
  const Path test = files_.write("test.jsonl", german + german + german);
  const auto report = clean(german + english, options, {{"test", {test}}});
  ASSERT_OK(report);
  EXPECT_EQ(removed(*report, CheckKind::Language), 1) << "most of these rows are in English";
  EXPECT_EQ(out(), english);
  options.language = "de";
  std::filesystem::remove(files_.folder() / "out.jsonl");
  ASSERT_OK(clean(german + english, options));
  EXPECT_EQ(out(), german);
}

TEST_F(DataCleanTest, RemovesRowsOfAnotherShape) {
  const std::string other = "{\"prompt\": \"a\", \"completion\": \"b\"}\n";
  const auto report = clean(json_row("one") + other + json_row("two"));
  ASSERT_OK(report);
  EXPECT_EQ(out(), json_row("one") + json_row("two"));
  EXPECT_EQ(removed(*report, CheckKind::Unreadable), 1);
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
