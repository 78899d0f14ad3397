// Tests of DataSplit: sizes, what stays together, and that nothing leaks.
#include "text/data_split.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/rng.h"
#include "text/test_support.h"

namespace pegbox::text {
namespace {

using test::Files;

class DataSplitTest : public testing::Test {
 protected:
  std::string words(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += fmt::format("w{} ", rng_.below(1'000'000));
    return text;
  }
  Result<SplitReport> split(const std::string& rows, const SplitOptions& options, const std::string& folder = "parts") {
    const DataPart data{"data", {files_.write("in.jsonl", rows)}};
    return split_data(data, files_.folder() / folder, options);
  }
  /// The rows of a part that were written.
  std::vector<Json> rows_of(const std::string& part, const std::string& folder = "parts") const {
    std::vector<Json> rows;
    const std::string bytes = *read_file(files_.folder() / folder / (part + ".jsonl"));
    for (std::size_t start = 0; start < bytes.size();) {
      const std::size_t end = bytes.find('\n', start);
      rows.push_back(*parse_json(std::string_view(bytes).substr(start, end - start), part));
      start = end + 1;
    }
    return rows;
  }

  Files files_;
  Rng rng_{{3, stream_id("test"), 0}};
};

TEST_F(DataSplitTest, KeepsFractionsAndLetsNothingLeak) {
  std::string rows;
  for (int i = 0; i < 300; ++i) {
    const std::string text = words(60);
    for (int copy = 0; copy <= i % 3; ++copy) rows += to_line(Json{{"text", text + words(copy)}}) + "\n";
  }
  const auto report = split(rows, {.fractions = {0.8, 0.1, 0.1}});
  ASSERT_OK(report);
  EXPECT_EQ(report->rows, 600);
  EXPECT_EQ(report->groups, 300);
  EXPECT_EQ(report->largest_group, 3);
  EXPECT_NEAR(report->parts[0].rows, 480, 3);
  EXPECT_NEAR(report->parts[1].rows, 60, 3);
  EXPECT_EQ(report->parts[0].rows + report->parts[1].rows + report->parts[2].rows, 600);
  const Path parts = files_.folder() / "parts";
  const std::vector<DataPart> named = {{"train", {parts / "train.jsonl"}},
                                       {"validation", {parts / "validation.jsonl"}},
                                       {"test", {parts / "test.jsonl"}}};
  const auto checked = check_data(named, {});
  ASSERT_OK(checked);
  for (const Finding& finding : checked->findings) EXPECT_NE(finding.kind, CheckKind::Leakage);
}

TEST_F(DataSplitTest, IsAFunctionOfTheSeed) {
  std::string rows;
  for (int i = 0; i < 100; ++i) rows += to_line(Json{{"text", words(5)}}) + "\n";
  for (const auto& [folder, seed] : {std::pair{"a", 1}, {"b", 1}, {"c", 2}})
    ASSERT_OK(split(rows, {.fractions = {0.5, 0.5}, .seed = static_cast<std::uint64_t>(seed)}, folder));
  EXPECT_EQ(rows_of("train", "a"), rows_of("train", "b"));
  EXPECT_NE(rows_of("train", "a"), rows_of("train", "c"));
}

TEST_F(DataSplitTest, KeepsRowsOfOneFieldTogetherAndDividesAnotherEvenly) {
  std::string rows;
  for (int i = 0; i < 400; ++i)
    rows += to_line(Json{{"text", words(5)}, {"author", i / 4}, {"kind", i % 400 < 100 ? "verse" : "prose"}}) + "\n";
  ASSERT_OK(split(rows, {.fractions = {0.75, 0.25}, .by = "author", .stratify = "kind"}));
  std::map<std::string, std::set<std::int64_t>> authors;
  std::map<std::string, int> verses;
  for (const std::string part : {"train", "validation"})
    for (const Json& row : rows_of(part)) {
      authors[part].insert(row["author"].get<std::int64_t>());
      verses[part] += row["kind"] == "verse";
    }
  for (const std::int64_t author : authors["validation"]) EXPECT_FALSE(authors["train"].contains(author));
  EXPECT_NEAR(verses["validation"], 25, 3);
}

TEST_F(DataSplitTest, DividesManySmallClassesAsLargeOnes) {
  std::string rows;
  for (int i = 0; i < 500; ++i) rows += to_line(Json{{"text", words(5)}, {"label", i % 100}}) + "\n";
  for (int i = 0; i < 60; ++i) rows += to_line(Json{{"text", words(5)}, {"label", 1000 + i}}) + "\n";  // alone
  const auto report = split(rows, {.fractions = {0.9, 0.1}, .stratify = "label"});
  ASSERT_OK(report);
  EXPECT_NEAR(report->parts[1].rows, 56, 1) << "as many as the fraction says";
  std::map<std::int64_t, int> validation;
  for (const Json& row : rows_of("validation")) ++validation[row["label"].get<std::int64_t>()];
  for (const auto& [label, count] : validation) EXPECT_EQ(count, 1) << label;
}

TEST_F(DataSplitTest, RefusesWhatItCannotDivide) {
  const std::string row = "{\"text\": \"a\"}\n";
  test::expect_error(split(row + row, {.fractions = {0.5, 0.5}}), ErrorKind::InvalidInput, {"would get no row"});
  test::expect_error(split(row, {.fractions = {0.5, 0.4}}), ErrorKind::InvalidInput, {"0.5,0.4", "sum to 1"});
  test::expect_error(split("{broken\n", {.fractions = {0.5, 0.5}}), ErrorKind::InvalidInput, {"in.jsonl:1", "no row"});
  test::expect_error(split(row, {.fractions = {0.5, 0.5}, .by = "author"}), ErrorKind::InvalidInput, {"author"});
  files_.write("parts/train.jsonl", "mine");
  test::expect_error(split(row, {.fractions = {0.5, 0.5}}), ErrorKind::InvalidInput, {"train.jsonl", "exists"});
}

}  // namespace
}  // namespace pegbox::text
