// Tests of augmented rows: what a run reads beside its data, and that its length, its pauses and its clones hold.
#include "train/augmented_rows.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "train/corpus.h"
#include "train/method/scratch_model.h"
#include "train/run.h"
#include "train/run_plan.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using ::testing::HasSubstr;
using testing::must;
using testing::same_bits;

DataRows question_rows() {
  DataRows rows;
  for (int i = 0; i < 40; ++i)
    rows.parts[0].push_back({.prompt = fmt::format("what is the name of river {} in the long valley? ", i),
                             .text = fmt::format("it is river {}", i),
                             .label = {}});
  rows.parts[1] = {{.prompt = "what is the name of it? ", .text = "it is new", .label = {}}};
  for (const std::size_t part : {0, 1}) {
    rows.files[part] = {"rows.jsonl"};
    rows.has[part] = true;
  }
  return rows;
}

text::ModelText small_text() {
  const std::vector<std::string> texts = {"what is the name of the river in the long valley? it is river 1 of 2 new"};
  return {.tokenizer = must(text::Tokenizer::train_byte_level_bpe(texts, 300, "<|end|>")),
          .end = {"<|end|>", 0},
          .begin = {},
          .pad = {},
          .chat_template = {}};
}

Corpus question_corpus(text::LossOn loss_on = text::LossOn::Completions) {
  return {small_text(), question_rows(), 1, loss_on};
}

TrainConfig config_with(const Json& more) {
  Json fields = {{"method", "scratch"},
                 {"width", 16},
                 {"layers", 1},
                 {"heads", 2},
                 {"batch_size", 4},
                 {"epochs", 3},
                 {"seed", 5},
                 {"learning_rate", 1e-3},
                 {"sequence_length", 64},
                 {"augment_strength", 0.2}};
  fields.update(more);
  return must(read_train_config({}, fields, "test"));
}

text::Augmentation plan_of(const TrainConfig& config) { return *must(augmentation_of(config)); }

TEST(AugmentedRows, AreDrawnByTheSeedAndOfWhatIsGiven) {
  const DataRows rows = question_rows();
  const auto copies = [&](const Json& more) {
    return copies_of(rows.parts[0], must(text::Augmenter::create(plan_of(config_with(more)))));
  };
  const auto two = copies({{"augment_copies", 2}}), again = copies({{"augment_copies", 2}});
  ASSERT_GE(two.size(), 78u) << "two of each row, but for equal ones";
  ASSERT_LE(two.size(), 80u);
  ASSERT_EQ(two.size(), again.size());
  std::size_t differ = 0;
  const auto others = copies({{"augment_copies", 2}, {"seed", 6}});
  for (std::size_t i = 0; i < two.size(); ++i) {
    EXPECT_EQ(two[i].prompt, again[i].prompt);
    const auto row = std::ranges::find(rows.parts[0], two[i].text, &text::Row::text);
    ASSERT_NE(row, rows.parts[0].end()) << "what is learned stays";
    EXPECT_NE(two[i].prompt, row->prompt);
    differ += i < others.size() && two[i].prompt != others[i].prompt;
  }
  EXPECT_GT(differ, 60u);
  EXPECT_FALSE(must(augmentation_of(config_with({{"augment_strength", 0}}))));
}

TEST(AugmentedRows, AreReadBesideTheDataAndCountNothing) {
  Corpus corpus = question_corpus();
  const TrainConfig config = config_with({{"augment_copies", 3}});
  const auto* const plain = must(corpus.tokenized(Part::Train, 64));
  const auto augmented = must(corpus.augmented(64, plan_of(config)));
  EXPECT_EQ(plain->size(), 40);
  EXPECT_LE(augmented->size(), 160);
  EXPECT_GE(augmented->size(), 150) << "all but copies that came out as their rows";
  EXPECT_NE(augmented->content_hash, plain->content_hash);
  EXPECT_EQ(augmented->data_hash(), plain->content_hash);
  EXPECT_EQ(total_tokens_of(config, *augmented), 3 * plain->total_tokens());
  EXPECT_EQ(corpus.tokenized(Part::Validation, 64).value()->size(), 1) << "validation never";
}

TEST(AugmentedRows, OfAClassStayInIt) {
  DataRows rows;
  for (int i = 0; i < 20; ++i)
    rows.parts[0].push_back({.prompt = {},
                             .text = i % 2 == 0 ? "the river is long and new" : "it is the name of a valley",
                             .label = i % 2 == 0 ? "good" : "bad"});
  rows.parts[0][4].text = "what a long river";
  rows.files[0] = {"rows.jsonl"};
  rows.has[0] = true;
  Corpus corpus(small_text(), std::move(rows), 1, text::LossOn::Completions, {"bad", "good"});
  const TrainConfig config =
      config_with({{"task", "classify"}, {"augment_methods", "mix, swap_words"}, {"augment_strength", 0.5}});
  const auto augmented = must(corpus.augmented(64, plan_of(config)));
  ASSERT_GT(augmented->size(), 25);
  ASSERT_EQ(std::ssize(augmented->groups), augmented->size());
  for (std::int64_t row = 0; row < augmented->size(); ++row)
    EXPECT_EQ(augmented->row(row).back(), augmented->groups[static_cast<std::size_t>(row)]);
}

TEST(AugmentedRows, AreRefusedWhereNoiseWouldBeLearned) {
  const text::Augmentation plan = plan_of(config_with(Json::object()));
  EXPECT_THAT(question_corpus(text::LossOn::All).augmenter(plan).error().message, HasSubstr("loss_on all"));
  DataRows rows;
  rows.parts[0] = {{.prompt = {}, .text = "the river", .label = {}}};
  rows.files[0] = {"rows.jsonl"};
  rows.has[0] = true;
  Corpus plain(small_text(), std::move(rows), 1);
  EXPECT_THAT(plain.augmented(64, plan).error().message, HasSubstr("plain text"));
  for (const auto& [methods, fault] :
       {std::pair("typo", "no method"), std::pair("mix", "no classes"), std::pair("", "no method")}) {
    const auto config = read_train_config({}, {{"augment_strength", 0.1}, {"augment_methods", methods}}, "test");
    ASSERT_FALSE(config) << methods;
    EXPECT_THAT(config.error().message, HasSubstr(fault));
  }
}

/// A run whose rows live as long as it.
struct AugmentedRun {
  std::unique_ptr<text::TokenizedRows> rows;
  std::unique_ptr<TrainingRun> run;
};

class AugmentedTraining : public ::testing::Test {
 protected:
  AugmentedRun run(const Json& more = Json::object()) {
    const TrainConfig config = config_with(more);
    AugmentedRun made{.rows = must(corpus_.augmented(64, plan_of(config))), .run = nullptr};
    made.run = must(TrainingRun::create(model_, config, *made.rows, lanes_));
    return made;
  }
  static void expect_same(TrainingRun& a, TrainingRun& b) {
    const Snapshot x = a.snapshot(), y = b.snapshot();
    EXPECT_EQ(x.state, y.state);
    for (const auto& [name, tensor] : x.tensors) EXPECT_TRUE(same_bits(tensor, y.tensors.at(name))) << name;
  }

  Corpus corpus_ = question_corpus();
  Lanes lanes_{1};
  BaseModel model_ = must(scratch_model(config_with(Json::object()), corpus_.text().tokenizer.vocabulary_size(), 0));
};

TEST_F(AugmentedTraining, PausingChangesNoBit) {
  const AugmentedRun through = run(), before = run(), after = run();
  must(before.run->train_until(300));
  must(after.run->restore(before.run->snapshot()));
  must(after.run->train_until(900));
  must(through.run->train_until(900));
  expect_same(*through.run, *after.run);
}

TEST_F(AugmentedTraining, AClonePassesOverItsOwnFormsOfTheSameData) {
  const AugmentedRun parent = run({{"augment_copies", 4}});
  must(parent.run->train_until(2400));
  const Snapshot snapshot = parent.run->snapshot();
  ASSERT_GT(snapshot.state["index"], 40) << "further than the clone has rows in an epoch";
  const AugmentedRun clone = run({{"augment_copies", 1}, {"augment_strength", 0.5}, {"seed", 9}, {"tokens", 6000}});
  must(clone.run->restore(snapshot));
  EXPECT_EQ(clone.run->tokens(), parent.run->tokens());
  EXPECT_EQ(clone.run->snapshot().state["index"], 0);
  EXPECT_EQ(clone.run->snapshot().state["epoch"], 1);
  must(clone.run->train_until(2700));
  const auto plain = must(TrainingRun::create(model_, config_with({{"augment_strength", 0}}),
                                              *must(corpus_.tokenized(Part::Train, 64)), lanes_));
  must(plain->restore(snapshot));
}

}  // namespace
}  // namespace pegbox::train
