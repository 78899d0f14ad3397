// Tests of DataCheck: each kind of finding on rows made for it, and planted duplicates and leaks in real text.
#include "text/data_check.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"
#include "base/sha256.h"
#include "text/row_index.h"
#include "text/row_source.h"
#include "text/test_support.h"

namespace pegbox::text {
namespace {

using test::Files;

std::string row_of(const std::string& text) { return to_line(Json{{"text", text}}) + "\n"; }

/// Words that are in no other text of the same test.
std::string words_of_its_own(Rng& rng, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    for (int letter = 0; letter < 6; ++letter) text += static_cast<char>('a' + rng.below(26));
    text += i + 1 < count ? " " : ".";
  }
  return text;
}

class DataCheckTest : public testing::Test {
 protected:
  CheckReport check(const std::vector<DataPart>& parts, int threads = 2) {
    auto report = check_data(parts, {.threads = threads});
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : CheckReport();
  }
  CheckReport check_rows(const std::string& rows, const std::string& name = "a.jsonl") {
    return check({{"train", {files_.write(name, rows)}}});
  }
  static const Finding* find(const CheckReport& report, CheckKind kind, const std::string& part = "train") {
    const auto found = std::ranges::find_if(
        report.findings, [&](const Finding& each) { return each.kind == kind && each.part == part; });
    return found == report.findings.end() ? nullptr : &*found;
  }
  static std::int64_t count(const CheckReport& report, CheckKind kind, const std::string& part = "train") {
    const Finding* finding = find(report, kind, part);
    return finding ? finding->count : 0;
  }

  Files files_;
  Rng rng_{{7, stream_id("test"), 0}};
};

constexpr std::string_view kGerman = "Das Museum ist heute bis um sechs Uhr offen, und der Eintritt kostet nichts.";

TEST_F(DataCheckTest, FindsRowsInAnotherLanguage) {
  std::string rows;
  for (const char* day : {"Monday", "Tuesday", "Friday"})
    rows += row_of(std::string("The museum is closed on ") + day + ", and on the following day it opens late.");
  rows += row_of("ok") + row_of(std::string(kGerman));
  const std::vector<DataPart> parts = {{"train", {files_.write("a.jsonl", rows)}},
                                       {"test", {files_.write("b.jsonl", row_of(std::string(kGerman) + " Ja."))}}};
  const CheckReport by_most = check(parts);
  ASSERT_EQ(count(by_most, CheckKind::Language), 1);
  EXPECT_NE(find(by_most, CheckKind::Language)->examples[0].place.find("a.jsonl:5"), std::string::npos);
  EXPECT_EQ(find(by_most, CheckKind::Language)->examples[0].detail, "de, where most are en");
  EXPECT_EQ(count(by_most, CheckKind::Language, "test"), 1) << "held against the training rows";
  const auto expected = check_data(parts, {.language = "de"});
  ASSERT_OK(expected);
  EXPECT_EQ(count(*expected, CheckKind::Language), 3);
  EXPECT_EQ(find(*expected, CheckKind::Language)->examples[0].detail, "en, where de is expected");
  EXPECT_EQ(count(*expected, CheckKind::Language, "test"), 0);
}

TEST_F(DataCheckTest, FindsConversationsInWhichTheAssistantSaysNothing) {
  const auto conversation = [](const std::string& turns) {
    return R"({"messages": [{"role": "user", "content": "hi"}, )" + turns + "]}\n";
  };
  const std::string answer = R"({"role": "assistant", "content": "hello"})";
  const CheckReport report = check_rows(
      conversation(answer) +
      conversation(R"({"role": "assistant", "content": " "}, {"role": "user", "content": "so"}, )" + answer) +
      conversation(R"({"role": "assistant", "content": null, "tool_calls": [{"id": "1"}]})") +
      conversation(R"({"role": "user", "content": "well"})"));
  ASSERT_EQ(count(report, CheckKind::Empty), 2);
  EXPECT_NE(find(report, CheckKind::Empty)->examples[0].detail.find("message 2"), std::string::npos);
  EXPECT_NE(find(report, CheckKind::Empty)->examples[1].detail.find("no message is the assistant's"),
            std::string::npos);
}

TEST_F(DataCheckTest, ComparesConversationsByWhatTheySay) {
  const std::string hello = R"([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}])",
                    turned = R"([{"content": "hi", "role": "user"}, {"content": "hello", "role": "assistant"}])",
                    tool = R"([{"type": "function", "function": {"name": "clock"}}])";
  const CheckReport report = check_rows(R"({"messages": )" + hello + "}\n" + R"({"messages": )" + turned + "}\n" +
                                        R"({"messages": )" + hello + R"(, "tools": )" + tool + "}\n");
  ASSERT_EQ(count(report, CheckKind::Duplicates), 1) << "tools make another row";
  EXPECT_NE(find(report, CheckKind::Duplicates)->examples[0].place.find(":2"), std::string::npos);
}

TEST_F(DataCheckTest, FindsRowsThatAreThereTwiceOrNearlySo) {
  const std::string text = words_of_its_own(rng_, 200);
  std::string nearly = text;
  nearly.replace(0, 6, "banana");
  const CheckReport report =
      check_rows(row_of(text) + row_of(words_of_its_own(rng_, 200)) + row_of("  " + text) + row_of(nearly));
  ASSERT_EQ(count(report, CheckKind::Duplicates), 1);
  ASSERT_EQ(count(report, CheckKind::NearDuplicates), 1);
  EXPECT_EQ(report.parts[0].rows, 4);
  const Finding& finding = *find(report, CheckKind::NearDuplicates);
  EXPECT_DOUBLE_EQ(finding.fraction, 0.25);
  EXPECT_TRUE(finding.examples[0].place.ends_with("a.jsonl:4"));
  EXPECT_TRUE(finding.examples[0].detail.ends_with("a.jsonl:1"));
}

TEST_F(DataCheckTest, FindsLeaksFromOnePartToAnother) {
  const std::string text = words_of_its_own(rng_, 100), other = words_of_its_own(rng_, 100);
  const Path train = files_.write("train.jsonl", row_of(text));
  const CheckReport report = check({{"train", {train}},
                                    {"validation", {files_.write("v.jsonl", row_of(text + " More.") + row_of(other))}},
                                    {"test", {files_.write("t.jsonl", row_of(other))}}});
  EXPECT_EQ(count(report, CheckKind::Leakage, "validation"), 1);
  EXPECT_EQ(count(report, CheckKind::Leakage, "test"), 1) << "a validation row";
  EXPECT_EQ(count(report, CheckKind::Leakage, "train"), 0);
  EXPECT_EQ(report.parts[0].files[0].sha256, *sha256_of_file(train));
}

TEST_F(DataCheckTest, GoesOnAfterWhatItCannotRead) {
  const CheckReport report = check_rows(
      "{\"text\": \"fine\"}\n{broken\n{\"text\": \"caf\xE9\"}\n{\"text\": \"\"}\n{\"text\": \"  \"}\n"
      "{\"prompt\": \"a\", \"completion\": \"b\"}\n{\"other\": 1}\n");
  EXPECT_EQ(report.parts[0].rows, 7);
  EXPECT_EQ(count(report, CheckKind::Unreadable), 3) << "broken, of another shape, without our fields";
  EXPECT_EQ(count(report, CheckKind::Encoding), 1);
  EXPECT_EQ(count(report, CheckKind::Empty), 2);
}

TEST_F(DataCheckTest, ComparesWhatIsARowsOwnAndNotItsTemplate) {
  std::string rows;
  for (int i = 0; i < 20; ++i)
    rows += to_line(Json{{"instruction", words_of_its_own(rng_, 3)}, {"output", words_of_its_own(rng_, 2)}}) + "\n";
  EXPECT_EQ(count(check_rows(rows), CheckKind::NearDuplicates), 0) << "Alpaca's prompt is in all of them";
  const auto chat = [&](const std::string& text) {
    return to_line(Json{
               {"messages", {{{"role", "user"}, {"content", text}}, {{"role", "assistant"}, {"content", "Yes."}}}}}) +
           "\n";
  };
  const std::string text = words_of_its_own(rng_, 80);
  EXPECT_EQ(count(check_rows(chat(text) + chat(text + " please")), CheckKind::NearDuplicates), 1);
}

TEST_F(DataCheckTest, FindsLabelsThatAreRareOrContradictEachOther) {
  std::string rows;
  for (int i = 0; i < 30; ++i) rows += to_line(Json{{"text", words_of_its_own(rng_, 8)}, {"label", "good"}}) + "\n";
  rows += R"({"text": "so so", "label": "good"})"
          "\n"
          R"({"text": "so so", "label": "bad"})"
          "\n";
  const CheckReport report = check_rows(rows);
  ASSERT_EQ(count(report, CheckKind::Contradictions), 1);
  EXPECT_TRUE(find(report, CheckKind::Contradictions)->examples[0].detail.starts_with("bad here, good at"));
  ASSERT_EQ(count(report, CheckKind::Labels), 1);
  EXPECT_EQ(find(report, CheckKind::Labels)->examples[0].place, "class bad");
  EXPECT_EQ(count(check_rows("{\"text\": \"a\", \"label\": 1}\n"), CheckKind::Labels), 1) << "one class";
}

TEST_F(DataCheckTest, FindsTextsThatWereAllCutAtOneLength) {
  std::string rows;
  for (int i = 0; i < 100; ++i) rows += row_of(words_of_its_own(rng_, i % 5 == 0 ? 40 : 10 + i % 20));
  EXPECT_EQ(count(check_rows(rows), CheckKind::Truncated), 20);
}

TEST_F(DataCheckTest, DoesNotDependOnTheNumberOfThreads) {
  std::string rows;
  for (int i = 0; i < 300; ++i) rows += row_of(words_of_its_own(rng_, 3 + i % 7)) + (i % 9 == 0 ? "{bad\n" : "");
  const Path path = files_.write("many.jsonl", rows);
  EXPECT_EQ(to_json(check({{"train", {path}}}, 1)), to_json(check({{"train", {path}}}, 3)));
}

TEST_F(DataCheckTest, LooksOnlyForWhatItIsAskedAndCallsAFaultWhatItIsTold) {
  CheckOptions options;
  options.checks = *checks_of(std::vector<std::string>{"duplicates"}, "test");
  options.faults = options.checks;
  const std::vector<DataPart> parts = {{"train", {files_.write("a.jsonl", row_of("a\uFFFD") + row_of("a\uFFFD"))}}};
  const auto report = check_data(parts, options);
  ASSERT_OK(report);
  ASSERT_EQ(report->findings.size(), 1u);
  EXPECT_TRUE(report->has_fault());
  EXPECT_EQ(to_json(*report)["findings"][0]["severity"], "fault");
  test::expect_error(checks_of(std::vector<std::string>{"leakages"}, "--checks"), ErrorKind::InvalidInput,
                     {"leakages", "perhaps leakage", "near_duplicates"});
}

/// What was planted, and what was found.
struct Score {
  int planted = 0, found = 0, false_alarms = 0;
  double recall() const { return found / static_cast<double>(planted); }
  double precision() const { return found / static_cast<double>(found + false_alarms); }
};

/// Paragraphs of WikiText, and others with about every hundredth word changed: a similarity of about 0.9 (minhash.h).
class PlantedTest : public DataCheckTest {
 protected:
  static std::vector<std::string> paragraphs_of(const Path& file) {
    const std::string text = *read_file(file);
    std::vector<std::string> paragraphs;
    for (std::size_t start = 0; start < text.size();) {
      const std::size_t end = std::min(text.find('\n', start), text.size());
      if (end - start > 300) paragraphs.push_back(text.substr(start, end - start));
      start = end + 1;
    }
    return paragraphs;
  }
  std::string changed(const std::string& text) {
    std::string other;
    for (std::size_t start = 0; start < text.size();) {
      const std::size_t end = std::min(text.find(' ', start), text.size());
      other += rng_.below(100) == 0 ? std::string("changed") : text.substr(start, end - start);
      if (end < text.size()) other += ' ';
      start = end + 1;
    }
    return other;
  }
};

TEST_F(PlantedTest, QualityDuplicatesAndLeaksInRealTextAreFoundAndLittleElse) {
  const Path data = test::shared_data();
  SKIP_WITHOUT_SHARED_DATA(data);
  const auto texts = paragraphs_of(data / "text/wikitext2_valid_test/valid.txt");
  const auto others = paragraphs_of(data / "text/wikitext2_valid_test/test.txt");
  ASSERT_GT(texts.size(), 500u);
  RowIndex index;
  const RowInspector inspector({}, CheckOptions().checks);
  std::vector<RowNumber> meant;  // of each row the one that it was made of, else kNoRow
  const auto add = [&](const std::string& text, int part, RowNumber of) {
    const RawRow raw{0, index.size() + 1, row_of(text), false, ""};
    index.add(inspector.inspect(raw, "a.jsonl"), 0, part);
    meant.push_back(of);
  };
  for (const std::string& text : texts) add(text, 0, kNoRow);
  for (std::size_t i = 0; i < texts.size(); i += 5)
    add(i % 2 ? changed(texts[i]) : texts[i], 0, static_cast<RowNumber>(i));
  for (const std::string& text : others) add(text, 1, kNoRow);
  for (std::size_t i = 3; i < texts.size(); i += 5)
    add(i % 2 ? changed(texts[i]) : texts[i], 1, static_cast<RowNumber>(i));

  const auto similars = index.earlier_similars();
  Score duplicates, leaks;
  for (RowNumber row = 0; row < index.size(); ++row) {
    const auto at = static_cast<std::size_t>(row);
    Score& score = index.part(row) == 0 ? duplicates : leaks;
    const bool is_planted = meant[at] != kNoRow, is_found = similars[at] != kNoRow;
    score.planted += is_planted;
    score.found += is_planted && is_found;
    score.false_alarms += !is_planted && is_found;
  }
  for (const Score& score : {duplicates, leaks}) {
    RecordProperty("planted", score.planted);
    EXPECT_GT(score.planted, 100);
    EXPECT_GE(score.recall(), 0.95) << score.found << " of " << score.planted;
    EXPECT_GE(score.precision(), 0.95) << score.false_alarms << " false alarms";
  }
}

TEST_F(DataCheckTest, FindsDuplicatesBesideContradictionsAndLeaksBesideDuplicates) {
  const auto labelled = [](const std::string& label) {
    return to_line(Json{{"text", "so so"}, {"label", label}}) + "\n";
  };
  const CheckReport labels = check_rows(labelled("A") + labelled("B") + labelled("B"));
  EXPECT_EQ(count(labels, CheckKind::Contradictions), 2);
  EXPECT_EQ(count(labels, CheckKind::Duplicates), 1);

  const std::string text = words_of_its_own(rng_, 200);
  const Path train = files_.write("train.jsonl", row_of(text)),
             test = files_.write("test.jsonl", row_of(text + " more") + row_of(text + " more"));
  const CheckReport leaks = check({{"train", {train}}, {"test", {test}}});
  EXPECT_EQ(count(leaks, CheckKind::Leakage, "test"), 2);
}

}  // namespace
}  // namespace pegbox::text
