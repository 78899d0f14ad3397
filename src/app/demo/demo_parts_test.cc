// Tests of the demo's parts: its text, its study, its comparison.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/demo/comparison.h"
#include "app/demo/demo_text.h"
#include "app/demo/recipe.h"
#include "app/yaml_document.h"
#include "base/rng.h"
#include "search/study_spec.h"

namespace pegbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(DemoText, TakesReadableTextInTheOrderOfItsPaths) {
  const auto folder = TemporaryFolder::create("demo-text");
  ASSERT_TRUE(folder);
  const Path root = folder->path();
  const auto write = [&](const std::string& name, const std::string& text) {
    ASSERT_TRUE(make_folder((root / name).parent_path()));
    ASSERT_TRUE(replace_file(root / name, text));
  };
  write("b.py", "second");
  write("a/z.py", "first");
  write("c.txt", "another kind");
  write("empty.py", " \n");
  write("binary.py", std::string("a\0b", 3));
  write("latin.py", "caf\xE9");
  write("test/t.py", "left out");
  write("__pycache__/p.py", "left out");
  EXPECT_THAT(documents_below(root, {".py"}, {"test"}), ElementsAre("first", "second"));
  EXPECT_EQ(documents_below(root, {}, {}).size(), 4u);
  EXPECT_TRUE(documents_below(root / "nowhere", {}, {}).empty());
}

TEST(DemoText, IsTheSameEachTimeAndKeepsItsPartsApart) {
  const auto folder = TemporaryFolder::create("demo-text");
  ASSERT_TRUE(folder);
  const DemoSizes sizes{
      .base_bytes = 200'000, .domain_bytes = 200'000, .validation_bytes = 40'000, .test_bytes = 40'000};
  const auto once = write_demo_text(folder->path() / "once", sizes);
  if (!once) GTEST_SKIP() << once.error().message;
  const auto again = write_demo_text(folder->path() / "again", sizes);
  ASSERT_TRUE(again);
  EXPECT_EQ(*read_file(once->train), *read_file(again->train));
  EXPECT_EQ(*read_file(once->test), *read_file(again->test));
  EXPECT_GT(once->test_documents, 1);
  const std::string train = *read_file(once->train), test = *read_file(once->test);
  EXPECT_LE(test.size(), 100'000u);
  for (std::size_t start = 0; start < test.size();) {
    const std::size_t end = test.find('\n', start);
    EXPECT_EQ(train.find(test.substr(start, end - start)), std::string::npos)
        << "a test document is in the training data";
    start = end + 1;
  }
}

TEST(DemoRecipe, IsAStudyThatCanBeReadAndTriesTheDefaultsFirst) {
  const DemoText text{.base_train = "a", .base_validation = "b", .train = "c", .validation = "d", .test = "e"};
  for (const DemoRecipe& recipe : {DemoRecipe::full(), DemoRecipe::quick()}) {
    Document document{.json = recipe.study(text, "base", 3), .name = "demo", .lines = {}};
    document.json["space"]["learning_rate"].erase("prior");  // a law, which the trainer completes when it is there
    const auto spec = StudySpec::read(document);
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->seed, 3u);
    ASSERT_EQ(spec->try_first.size(), 1u);
    const Json defaults = recipe.defaults_config(text, "base", "out", 1000, 3);
    for (const auto& [name, value] : spec->try_first[0]) EXPECT_EQ(defaults[name], to_json(value)) << name;
    EXPECT_EQ(to_line(document.json).find("\"e\""), std::string::npos) << "the study never hears of the test file";
  }
}

std::vector<DocumentLoss> losses_of(int count, double shift, std::uint64_t stream) {
  Rng shared({7, stream_id("documents"), 0}), own({7, stream_id("noise"), stream});
  std::vector<DocumentLoss> losses;
  for (int i = 0; i < count; ++i)
    losses.push_back({.loss = 3 + shared.normal() + shift + 0.05 * own.normal(), .label_tokens = 100.0 + 10 * (i % 7)});
  return losses;
}

TEST(Comparison, SeesASmallGainThroughLargeDifferencesBetweenDocuments) {
  const auto comparison = compare(losses_of(80, -0.1, 1), losses_of(80, 0, 2), 0);
  ASSERT_TRUE(comparison);
  EXPECT_NEAR(comparison->gain, 0.1, 0.03);
  EXPECT_NEAR(comparison->gain, comparison->other_loss - comparison->loss, 1e-12);
  EXPECT_GT(comparison->interval.low, 0.05);
  EXPECT_LT(comparison->interval.high, 0.15);
  EXPECT_EQ(comparison->documents, 80);
}

TEST(Comparison, IsUnsureWhereThereIsNoGain) {
  const auto comparison = compare(losses_of(80, 0, 1), losses_of(80, 0, 2), 0);
  ASSERT_TRUE(comparison);
  EXPECT_LT(comparison->interval.low, 0);
  EXPECT_GT(comparison->interval.high, 0);
}

TEST(Comparison, WeighsDocumentsByTheirTokens) {
  const auto comparison = compare({{1, 100}, {2, 300}, {9, 0}}, {{1, 100}, {4, 300}, {1, 0}}, 0);
  ASSERT_TRUE(comparison) << comparison.error().message;
  EXPECT_DOUBLE_EQ(comparison->loss, 1.75);
  EXPECT_DOUBLE_EQ(comparison->gain, 1.5);
  EXPECT_EQ(comparison->documents, 2);
}

TEST(Comparison, RefusesDifferentDocuments) {
  EXPECT_FALSE(compare({{1, 100}, {2, 300}}, {{1, 100}, {2, 200}}, 0));
  EXPECT_FALSE(compare({{1, 100}, {2, 300}}, {{1, 100}}, 0));
  EXPECT_FALSE(compare({{1, 100}}, {{1, 100}}, 0));
}

TEST(Comparison, ReadsWhatTheTrainerWrites) {
  const auto folder = TemporaryFolder::create("losses");
  ASSERT_TRUE(folder);
  const Path path = folder->path() / "rows.jsonl";
  ASSERT_TRUE(replace_file(
      path, "{\"row\":0,\"loss\":2.5,\"label_tokens\":10}\n{\"row\":1,\"loss\":\"nan\",\"label_tokens\":0}\n"));
  const auto losses = read_document_losses(path);
  ASSERT_TRUE(losses) << losses.error().message;
  ASSERT_EQ(losses->size(), 2u);
  EXPECT_EQ((*losses)[0].loss, 2.5);
  EXPECT_EQ((*losses)[1].label_tokens, 0);
  ASSERT_TRUE(replace_file(path, "{\"row\":0}\n"));
  EXPECT_FALSE(read_document_losses(path));
}

}  // namespace
}  // namespace pegbox
