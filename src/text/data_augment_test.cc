// Tests of DataAugment: what is changed of rows of each shape, what is marked, and that nothing else changes.
#include "text/data_augment.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "base/sha256.h"
#include "text/augmented_row.h"
#include "text/row_shapes.h"
#include "text/test_support.h"

namespace pegbox::text {
namespace {

using test::expect_error;
using test::Files;

class DataAugmentTest : public testing::Test {
 protected:
  Result<AugmentReport> augment(const std::string& rows, const AugmentOptions& options,
                                const std::string& output = "out.jsonl") {
    return augment_data({"data", {files_.write("in.jsonl", rows)}}, files_.folder() / output, options);
  }
  std::vector<Json> out(const std::string& name = "out.jsonl") const {
    std::istringstream lines(*read_file(files_.folder() / name));
    std::vector<Json> rows;
    for (std::string line; std::getline(lines, line);) rows.push_back(*parse_json(line, "row"));
    return rows;
  }
  static AugmentOptions by(AugmentMethod method, std::int64_t copies = 1, double strength = 0.3) {
    return {.dataset = {}, .plan = {.methods = {method}, .strength = strength, .copies = copies}, .fields = {}};
  }

  Files files_;
};

TEST_F(DataAugmentTest, PutsMarkedCopiesBehindEachRow) {
  const std::string first =
      "{ \"prompt\": \"What is the capital of France?\",  \"completion\": \"Paris it is.\", \"id\": 7 }\n";
  const std::string second = "{\"prompt\":\"Name a long river\",\"completion\":\"Nile\"}\n";
  const auto report = augment(first + second, by(AugmentMethod::DeleteWords, 2));
  ASSERT_OK(report);
  EXPECT_EQ(report->rows, 2);
  EXPECT_EQ(report->copy_count(), 4);
  const std::string bytes = *read_file(files_.folder() / "out.jsonl");
  EXPECT_TRUE(bytes.starts_with(first)) << "as it stood";
  EXPECT_NE(bytes.find("\n" + second), std::string::npos);
  const auto rows = out();
  ASSERT_EQ(rows.size(), 6u);
  EXPECT_FALSE(rows[0].contains("augmented"));
  for (const int copy : {1, 2}) {
    const Json& row = rows[static_cast<std::size_t>(copy)];
    EXPECT_NE(row["prompt"], rows[0]["prompt"]);
    EXPECT_EQ(row["completion"], "Paris it is.");
    EXPECT_EQ(row["id"], 7);
    EXPECT_EQ(row["augmented"], (Json{{"method", "delete_words"},
                                      {"strength", 0.3},
                                      {"row", (files_.folder() / "in.jsonl").string() + ":1"},
                                      {"copy", copy}}));
  }
  EXPECT_EQ(report->sha256, *sha256_of_file(files_.folder() / "out.jsonl"));
  EXPECT_EQ(*read_file(files_.folder() / "in.jsonl"), first + second);
  ASSERT_EQ(report->examples.size(), 1u);
  EXPECT_EQ(report->examples[0].before, "What is the capital of France?");
}

TEST_F(DataAugmentTest, ChangesWhatIsGivenAndNeverWhatIsLearned) {
  const auto copy_of = [&](const std::string& row) {
    std::filesystem::remove(files_.folder() / "out.jsonl");
    const auto report = augment(row + "\n", by(AugmentMethod::DeleteWords, 1, 1));
    if (!report) throw std::runtime_error(report.error().message);
    Json copy = out().back();
    copy.erase("augmented");
    return copy;
  };
  const auto has_words = [](const Json& text) { return text.get<std::string>().find(' ') != std::string::npos; };
  Json row = copy_of(R"({"instruction": "add two numbers", "input": "one and two", "output": "that is three"})");
  EXPECT_FALSE(has_words(row["instruction"]) || has_words(row["input"]));
  EXPECT_EQ(row["output"], "that is three");
  row = copy_of(R"({"text": "a fine old film", "label": "very good"})");
  EXPECT_FALSE(has_words(row["text"]));
  EXPECT_EQ(row["label"], "very good");
  row = copy_of(
      R"({"messages": [{"role": "system", "content": "be kind now"}, {"role": "user", "content": "who are you"}, )"
      R"({"role": "assistant", "content": "I am a model"}, {"role": "user", "content": [{"type": "text", "text": "say it again"}]}]})");
  EXPECT_EQ(row["messages"][0]["content"], "be kind now");
  EXPECT_EQ(row["messages"][2]["content"], "I am a model");
  EXPECT_FALSE(has_words(row["messages"][1]["content"]) || has_words(row["messages"][3]["content"][0]["text"]));
  row = copy_of(
      R"({"conversations": [{"from": "human", "value": "who are you"}, {"from": "gpt", "value": "a new model"}]})");
  EXPECT_FALSE(has_words(row["conversations"][0]["value"]));
  EXPECT_EQ(row["conversations"][1]["value"], "a new model");
  row = copy_of(
      R"({"prompt": [{"role": "user", "content": "who are you"}], "completion": [{"role": "assistant", "content": "a new model"}]})");
  EXPECT_FALSE(has_words(row["prompt"][0]["content"]));
  EXPECT_EQ(row["completion"][0]["content"], "a new model");
}

TEST_F(DataAugmentTest, ChangesNamedFieldsOnlyWhenAsked) {
  AugmentOptions options = by(AugmentMethod::DeleteWords, 1, 1);
  expect_error(augment("{\"text\": \"a plain document\"}\n", options), ErrorKind::InvalidInput,
               {"in.jsonl:1", "--fields text"});
  EXPECT_FALSE(std::filesystem::exists(files_.folder() / "out.jsonl"));
  options.fields = {"completion"};
  ASSERT_OK(augment("{\"prompt\": \"one two\", \"completion\": \"three four\"}\n", options));
  EXPECT_EQ(out()[1]["prompt"], "one two");
  EXPECT_NE(out()[1]["completion"], "three four");
  options.fields = {"notes"};
  expect_error(augment("{\"prompt\": \"one two\", \"completion\": \"three\"}\n", options, "o.jsonl"),
               ErrorKind::InvalidInput, {"in.jsonl:1", "`notes`"});
}

TEST_F(DataAugmentTest, LeavesMarkedRowsAndCopiesThatAreAsTheirRow) {
  const std::string marked =
      "{\"prompt\":\"one two three\",\"completion\":\"x\",\"augmented\":{\"method\":\"typos\"}}\n";
  const auto report =
      augment(marked + "{\"prompt\":\"alone\",\"completion\":\"x\"}\n{\"prompt\":\"one two\",\"completion\":\"x\"}\n",
              by(AugmentMethod::DeleteWords, 3));
  ASSERT_OK(report);
  EXPECT_EQ(report->marked, 1);
  EXPECT_EQ(report->unchanged, 3) << "a text of one word";
  EXPECT_EQ(report->copy_count(), 2) << "either word is left out";
  EXPECT_EQ(report->equal, 1);
  expect_error(augment(marked, by(AugmentMethod::DeleteWords), "none.jsonl"), ErrorKind::InvalidInput,
               {"nothing was made", "1 of them made before"});
}

TEST_F(DataAugmentTest, IsTheSameWithAnyThreadsAndRowsAroundIt) {
  std::string rows;
  for (int i = 0; i < 300; ++i)
    rows += to_line(Json{{"prompt",
                          "the question number " + std::string(static_cast<std::size_t>(1 + i % 26), 'q') + " is long"},
                         {"completion", std::to_string(i)}}) +
            "\n";
  AugmentOptions options = by(AugmentMethod::Typos, 3);
  options.plan.methods = {AugmentMethod::Typos, AugmentMethod::SwapWords, AugmentMethod::DeleteWords};
  const auto one = augment(rows, options, "one.jsonl");
  options.threads = 3;
  const auto three = augment(rows, options, "three.jsonl");
  ASSERT_OK(one);
  ASSERT_OK(three);
  EXPECT_EQ(one->sha256, three->sha256);
  options.only_copies = true;
  ASSERT_OK(augment("{\"prompt\": \"a new first row\", \"completion\": \"x\"}\n" + rows, options, "more.jsonl"));
  auto all = out("one.jsonl"), more = out("more.jsonl");
  std::erase_if(all, [](const Json& row) { return !row.contains("augmented"); });
  std::erase_if(more, [](const Json& row) { return row["completion"] == "x"; });
  ASSERT_EQ(all.size(), more.size());
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i]["prompt"], more[i]["prompt"]);
  options.plan.seed = 1;
  EXPECT_NE(augment(rows, options, "seed.jsonl")->sha256, one->sha256);
}

TEST_F(DataAugmentTest, MixesTextsOfOneClass) {
  std::string rows;
  for (const char* text : {"g a a a", "g b b b", "g c c c"})
    rows += to_line(Json{{"text", text}, {"label", "good"}}) + "\n";
  rows += "{\"text\": \"h d d d\", \"label\": \"bad\"}\n";
  AugmentOptions options = by(AugmentMethod::Mix, 2, 0.5);
  options.only_copies = true;
  const auto report = augment(rows, options);
  ASSERT_OK(report);
  EXPECT_EQ(report->copy_count(), 6);
  EXPECT_EQ(report->unchanged, 2) << "the class of one text";
  for (const Json& row : out()) {
    const auto text = row["text"].get<std::string>();
    EXPECT_EQ(row["label"], "good");
    EXPECT_NE(text[2], text[4]) << text;
    EXPECT_EQ(text[4], text[6]) << text;
  }
  expect_error(augment("{\"prompt\": \"a b\", \"completion\": \"c\"}\n", options, "o.jsonl"), ErrorKind::InvalidInput,
               {"in.jsonl:1", "no text with a label"});
}

TEST_F(DataAugmentTest, NamesTheRowThatCannotBeRead) {
  expect_error(augment("{\"prompt\": \"a b\", \"completion\": \"c\"}\n{broken\n", by(AugmentMethod::SwapWords)),
               ErrorKind::InvalidInput, {"in.jsonl:2"});
  EXPECT_FALSE(std::filesystem::exists(files_.folder() / "out.jsonl"));
}

TEST(AugmentedRow, LeavesAlpacasWords) {
  const auto shout = [](std::string_view text) { return "<" + std::string(text) + ">"; };
  for (const auto& [instruction, input] : {std::pair("Add.", "2, 2"), std::pair("Add 2 and 2.", "")}) {
    const std::string prompt = alpaca_prompt(instruction, input);
    const std::string wanted = alpaca_prompt(shout(instruction), *input == '\0' ? std::string() : shout(input));
    EXPECT_EQ(changed_prompt(prompt, shout), wanted);
    const Row row{.prompt = prompt, .text = "4", .label = {}};
    EXPECT_EQ(changed_row(row, shout)->prompt, wanted);
    EXPECT_EQ(changed_row(row, shout)->text, "4");
  }
  EXPECT_EQ(changed_prompt("Add.", shout), "<Add.>");
  EXPECT_FALSE(changed_row(Row{.prompt = {}, .text = "a document", .label = {}}, shout));
  EXPECT_EQ(changed_row(Row{.prompt = {}, .text = "fine", .label = "good"}, shout)->text, "<fine>");
}

}  // namespace
}  // namespace pegbox::text
