// Tests of splitting rows and cutting long ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "text/dataset.h"
#include "text/test_support.h"

namespace pegbox::text {
namespace {

using test::expect_error;

std::vector<Row> numbered_rows(int count) {
  std::vector<Row> rows;
  for (int i = 0; i < count; ++i) rows.push_back({.text = "document number " + std::to_string(i), .line = i + 1});
  return rows;
}

const std::vector<double> kFractions = {0.8, 0.15, 0.05};

std::map<std::string, std::size_t> part_by_text(std::span<const Row> rows, std::uint64_t seed) {
  std::map<std::string, std::size_t> parts;
  const auto split = split_rows(rows, kFractions, seed);
  EXPECT_TRUE(split.has_value());
  for (std::size_t part = 0; part < split->size(); ++part)
    for (const Row& row : (*split)[part]) parts[row.text] = part;
  return parts;
}

TEST(Split, GivesEveryRowToOnePartNearTheFractions) {
  const auto split = split_rows(numbered_rows(20000), kFractions, 1);
  ASSERT_OK(split);
  ASSERT_EQ(split->size(), 3u);
  std::set<std::string> seen;
  for (std::size_t part = 0; part < 3; ++part) {
    const double size = static_cast<double>((*split)[part].size());
    const double expected = 20000 * kFractions[part];
    EXPECT_NEAR(size, expected, 5 * std::sqrt(expected * (1 - kFractions[part])));  // 5 standard deviations
    for (std::size_t i = 1; i < (*split)[part].size(); ++i)
      EXPECT_LT((*split)[part][i - 1].line, (*split)[part][i].line);
    for (const Row& row : (*split)[part]) EXPECT_TRUE(seen.insert(row.text).second);
  }
  EXPECT_EQ(seen.size(), 20000u);
}

TEST(Split, DoesNotMoveRowsWhenOthersAreAddedOrReordered) {
  const std::vector<Row> rows = numbered_rows(2000);
  const auto before = part_by_text(std::span(rows).first(1000), 7);
  std::vector<Row> reversed(rows.rbegin(), rows.rend());
  const auto after = part_by_text(reversed, 7);
  for (const auto& [text, part] : before) EXPECT_EQ(after.at(text), part);
}

TEST(Split, DependsOnTheSeed) {
  const std::vector<Row> rows = numbered_rows(1000);
  EXPECT_NE(part_by_text(rows, 1), part_by_text(rows, 2));
  EXPECT_EQ(part_by_text(rows, 1), part_by_text(rows, 1));
}

TEST(Split, StaysAsItIsBetweenVersions) {
  const auto parts = part_by_text(numbered_rows(100), 1);
  std::string seen;
  for (int i = 0; i < 40; ++i) seen += std::to_string(parts.at("document number " + std::to_string(i)));
  EXPECT_EQ(seen, "0100001001001020011000100001010010210000");
}

TEST(Split, KeepsDuplicatesTogetherButForWhiteSpace) {
  std::vector<Row> rows = numbered_rows(300);
  for (int i = 0; i < 300; ++i) {
    Row copy = rows[i];
    copy.text = "  document   number\n\t" + std::to_string(i) + "\r\n";
    rows.push_back(copy);
  }
  const auto split = split_rows(rows, kFractions, 3);
  ASSERT_OK(split);
  for (const auto& part : *split) {
    std::map<int, int> copies;
    for (const Row& row : part) ++copies[row.line];
    for (const auto& [line, count] : copies) EXPECT_EQ(count, 2) << line;
  }
}

TEST(Split, TellsPromptFromCompletion) {
  const auto is_in_first_half = [](const Row& row, std::uint64_t seed) {
    std::vector<Row> rows = numbered_rows(20);
    rows.push_back(row);
    const auto split = split_rows(rows, std::vector{0.5, 0.5}, seed);
    EXPECT_TRUE(split.has_value());
    return std::any_of((*split)[0].begin(), (*split)[0].end(), [](const Row& each) { return !each.prompt.empty(); });
  };
  int different = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed)
    different +=
        is_in_first_half({.prompt = "ab", .text = "c"}, seed) != is_in_first_half({.prompt = "a", .text = "bc"}, seed);
  EXPECT_GT(different, 25);
  EXPECT_LT(different, 75);
}

TEST(Split, RefusesFractionsThatMakeNoWhole) {
  const std::vector<Row> rows = numbered_rows(10);
  expect_error(split_rows(rows, std::vector{0.5, 0.4}, 1), ErrorKind::InvalidInput, {"0.9", "sum of 1"});
  expect_error(split_rows(rows, std::vector{1.5, -0.5}, 1), ErrorKind::InvalidInput, {"-0.5"});
  expect_error(split_rows(rows, std::vector<double>{}, 1), ErrorKind::InvalidInput, {"sum"});
  expect_error(split_rows(rows, std::vector{std::nan(""), 1.0}, 1), ErrorKind::InvalidInput, {"nan"});
}

TEST(Split, SaysWhichPartWouldBeEmpty) {
  expect_error(split_rows(numbered_rows(1), std::vector{0.9, 0.1}, 1), ErrorKind::InvalidInput,
               {"gets no row", "cut it"});
  expect_error(split_rows({}, std::vector{1.0}, 1), ErrorKind::InvalidInput, {"part 1"});
}

TEST(CutLongRows, CutsAtLinesAndLosesNothing) {
  Rng rng({.seed = 1, .stream = stream_id("cut test")});
  for (int round = 0; round < 200; ++round) {
    const Row row = {.text = test::random_text(rng, 300), .file = 3, .line = 4};
    const std::int64_t piece_bytes = 1 + static_cast<std::int64_t>(rng.below(60));
    std::string joined;
    for (const Row& piece : cut_long_rows(std::vector{row}, piece_bytes)) {
      joined += piece.text;
      EXPECT_EQ(piece.file, 3);
      EXPECT_EQ(piece.line, 4);
      EXPECT_FALSE(piece.text.empty());
      EXPECT_LE(piece.text.size(), std::max<std::size_t>(piece_bytes, 4));  // a character may have 4 bytes
    }
    EXPECT_EQ(joined, row.text);
  }
}

TEST(CutLongRows, PrefersTheLastEndOfALineThatFits) {
  const auto pieces = cut_long_rows(std::vector<Row>{{.text = "ab\ncd\nefghijklmn\no"}}, 8);
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[0].text, "ab\ncd\n");
  EXPECT_EQ(pieces[1].text, "efghijkl");
  EXPECT_EQ(pieces[2].text, "mn\no");
}

TEST(CutLongRows, LeavesPromptsWhole) {
  const std::vector<Row> rows = {{.prompt = "long prompt", .text = "long completion"}};
  const auto pieces = cut_long_rows(rows, 3);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(pieces[0].text, "long completion");
}

}  // namespace
}  // namespace pegbox::text
