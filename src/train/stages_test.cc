// Tests of the stages of a run: which rows are read when, and which streams are refused.
#include "train/stages.h"

#include "train/stage_lengths.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "train/testing.h"

namespace pegbox::train {
namespace {

using ::testing::HasSubstr;
using testing::must;
using testing::rows_in_turn;

TrainConfig stream_config(Json fields = Json::object()) {
  fields["batch_size"] = fields.value("batch_size", 4);
  return must(read_train_config(Json::object(), fields, "test"));
}

std::string refusal(const Json& fields, const text::TokenizedRows& rows) {
  const auto stages = Stages::create(stream_config(fields), rows);
  return stages ? "" : stages.error().message;
}

/// Tokens, where stages are 100 tokens each, at which the stage is over.
std::vector<double> lengths(const Json& fields, const text::TokenizedRows& rows) {
  const auto stages = must(Stages::create(stream_config(fields), rows));
  std::vector<double> lengths;
  std::int64_t before = 0;
  for (std::int64_t tokens = 0; tokens <= 960; ++tokens) {
    if (!stages->is_over(tokens)) continue;
    lengths.push_back(static_cast<double>(tokens - before));
    EXPECT_DOUBLE_EQ(stages->progress(static_cast<double>(before + tokens) / 2), 0.5);
    before = tokens;
    stages->advance();
    EXPECT_EQ(stages->progress(static_cast<double>(tokens)), 0);
  }
  return lengths;
}

TEST(Stages, HaveTheSharesOfTheirSets) {
  text::TokenizedRows rows = rows_in_turn({30, 10, 20});  // 960 tokens
  EXPECT_EQ(lengths(Json::object(), rows), (std::vector<double>{480, 160}));
  rows.group_weights = {{"a", 1}, {"b", 1}, {"c", 2}};
  EXPECT_EQ(lengths(Json::object(), rows), (std::vector<double>{240, 240}));
  EXPECT_EQ(lengths({{"mixture", {{"a", 0.5}, {"b", 0.25}, {"c", 0.25}}}}, rows), (std::vector<double>{480, 240}));
}

TEST(Stages, ReadTheirOwnSetAndReplayTheEarlierOnes) {
  const text::TokenizedRows rows = rows_in_turn({30, 10, 20});
  const auto shares = [&](Stages& stages) {
    std::vector<double> shares(3);
    for (const std::int64_t row : stages.next(2000)) shares[static_cast<std::size_t>(rows.groups[row])] += 1.0 / 2000;
    return shares;
  };
  const auto plain = must(Stages::create(stream_config(), rows));
  EXPECT_NEAR(shares(*plain)[0], 1, 1e-9);
  plain->advance();
  EXPECT_NEAR(shares(*plain)[1], 1, 1e-9);
  const auto replaying = must(Stages::create(stream_config({{"replay", 0.3}}), rows));
  EXPECT_NEAR(shares(*replaying)[0], 1, 1e-9);
  replaying->advance();
  EXPECT_NEAR(shares(*replaying)[0], 0.3, 0.002);
  replaying->advance();
  const std::vector<double> last = shares(*replaying);
  EXPECT_NEAR(last[0], 0.15, 0.002);
  EXPECT_NEAR(last[1], 0.15, 0.002);
  EXPECT_NEAR(last[2], 0.7, 0.002);
}

TEST(Stages, SampleTheirOwnSetWithoutRepetition) {
  const text::TokenizedRows rows = rows_in_turn({30, 10, 20});
  const auto stages = must(Stages::create(stream_config(), rows));
  stages->advance();
  const std::vector<std::int64_t> some = stages->sample(6), all = stages->sample(1000);
  EXPECT_EQ(some.size(), 6u);
  EXPECT_EQ(std::set(some.begin(), some.end()).size(), 6u);
  EXPECT_EQ(all.size(), 10u);
  for (const std::int64_t row : all) EXPECT_EQ(rows.groups[row], 1);
  EXPECT_EQ(stages->sample(6), some);
}

TEST(Stages, GoOnWhereTheyWere) {
  const text::TokenizedRows rows = rows_in_turn({30, 10, 20});
  const auto config = stream_config({{"replay", 0.2}});
  const auto through = must(Stages::create(config, rows)), after = must(Stages::create(config, rows));
  through->note_losses(0, {{"a", 1}, {"b", 2}, {"c", 3}});
  through->next(50);
  through->advance();
  through->next(7);
  after->restore(through->state(), through->position());
  EXPECT_EQ(after->number(), 1u);
  EXPECT_EQ(after->next(40), through->next(40));
  EXPECT_EQ(after->state(), through->state());
  EXPECT_FALSE(after->losses().rows().empty());
}

TEST(Stages, WantLossesBeforeTheFirstAndAfterEach) {
  const text::TokenizedRows rows = rows_in_turn({30, 10});  // ends at 480 and 640
  const auto stages = must(Stages::create(stream_config(), rows));
  const auto note = [&](std::int64_t tokens, double loss) {
    EXPECT_TRUE(stages->wants_losses(tokens)) << tokens;
    stages->note_losses(tokens, {{"a", loss}, {"b", loss + 1}});
    EXPECT_FALSE(stages->wants_losses(tokens)) << "once";
  };
  note(0, 5);
  EXPECT_FALSE(stages->wants_losses(479));
  stages->note_losses(479, {{"a", 0}, {"b", 0}});
  note(490, 2);
  stages->advance();
  EXPECT_FALSE(stages->wants_losses(490));
  EXPECT_TRUE(stages->measures(600).empty());
  note(645, 3);
  EXPECT_EQ(stages->measures(645).at("forgetting"), 1);
}

TEST(Stages, AreOneWithoutAStream) {
  text::TokenizedRows rows = rows_in_turn({30, 10});
  rows.groups_in_turn = false;
  const auto stages = must(Stages::create(stream_config(), rows));
  EXPECT_FALSE(stages->is_stream());
  EXPECT_FALSE(stages->wants_losses(0));
  EXPECT_FALSE(stages->is_over(1 << 20));
  EXPECT_EQ(stages->progress(320), 0.5);
  EXPECT_THAT(refusal({{"replay", 0.1}}, rows), HasSubstr("replay 0.1; expected data with a stream"));
  EXPECT_THAT(refusal({{"consolidation", "ewc"}}, rows), HasSubstr("consolidation ewc; expected data with a stream"));
}

TEST(Stages, OfAStreamThatCannotBeAreRefusedWithNumbers) {
  const text::TokenizedRows rows = rows_in_turn({30, 10});
  EXPECT_EQ(refusal(Json::object(), rows), "");
  EXPECT_THAT(refusal({{"batch_size", 11}}, rows),
              HasSubstr("160 tokens of 640 for b, and batches of up to 176 (11 sequences of up to 16)"));
  EXPECT_EQ(refusal({{"batch_size", 10}}, rows), "");
  EXPECT_THAT(refusal({{"mixture", {{"a", 1}, {"b", 0}}}}, rows), HasSubstr("0 tokens of 640 for b"));
  const auto has_no_room = [&](const Json& fields) {
    const auto stages = Stages::create(stream_config(fields), rows);
    return !stages && leaves_no_room(stages.error(), stream_config(fields), rows);
  };
  EXPECT_TRUE(has_no_room({{"mixture", {{"a", 1}, {"b", 0}}}}));
  EXPECT_FALSE(has_no_room(Json::object()));
  EXPECT_FALSE(has_no_room({{"early_stop", 3}, {"evaluate_every", 10}, {"batch_size", 11}}))
      << "wrong in another way, too";
  EXPECT_THAT(refusal({{"early_stop", 3}, {"evaluate_every", 10}}, rows), HasSubstr("early_stop"));
  EXPECT_THAT(refusal({{"balance", 0.5}}, rows), HasSubstr("a stream is read set by set"));
  const auto too_much = read_train_config(Json::object(), {{"replay", 1.5}}, "test");
  ASSERT_FALSE(too_much);
  EXPECT_THAT(too_much.error().message, HasSubstr("1.5"));
  EXPECT_THAT(too_much.error().message, HasSubstr("0.95"));
  const auto unread = read_train_config(Json::object(), {{"ewc_strength", 2}}, "test");
  ASSERT_FALSE(unread);
  EXPECT_THAT(unread.error().message, HasSubstr("ewc_strength only with consolidation ewc"));
}

}  // namespace
}  // namespace pegbox::train
