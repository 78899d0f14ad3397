// Tests of teachers: what they say of rows is what their logits are, and reaches the labels that it is of.
#include "train/teacher.h"

#include <gmock/gmock.h>

#include <numeric>

#include "train/gradients.h"
#include "train/run.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using ::testing::HasSubstr;
using testing::must;
using testing::relative_difference;

constexpr std::int64_t kPlenty = 1 << 30;

/// A model of whose tokens each sees itself alone: cutting rows changes nothing of what it says.
ModelConfig without_context() {
  ModelConfig config = testing::llama_config();
  config.windows = {1, 1};
  return config;
}

class Teaching : public ::testing::Test {
 protected:
  std::vector<std::int64_t> all_rows() const {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(rows_.size()));
    std::iota(rows.begin(), rows.end(), 0);
    return rows;
  }
  /// A run that learns from `teacher` alone, but for `fields`.
  std::unique_ptr<TrainingRun> run(const BaseModel& student, Teacher& teacher, const Json& fields, Lanes& lanes) {
    Json all = {{"method", "lora"}, {"rank", 4},           {"learning_rate", 3e-3}, {"batch_size", 4},
                {"seed", 3},        {"distill_weight", 1}, {"distill_top", 0},      {"tokens", 4000}};
    all.update(fields);
    const TrainConfig config = must(read_train_config(Json::object(), all, "test"));
    return must(TrainingRun::create(student, config, rows_, lanes, {},
                                    must(teacher.answers(rows_, soft_label_form(config, *student.decoder)))));
  }

  text::TokenizedRows rows_ = testing::random_rows({9, 30, 4, 17, 66, 12, 8, 25, 40, 5, 3, 31, 22}, 61, 5, 0.4);
  BaseModel model_ = testing::random_model(testing::llama_config());
  PlainNetwork network_{model_.decoder->layout(), model_.weights};
  Lanes one_{1}, two_{2};
};

TEST_F(Teaching, AnswersAreOfTheDataAndNotOfTheirPlace) {
  Teacher teacher(*model_.decoder, network_, kPlenty);
  const SoftLabelForm form{.temperature = 1, .top = 0, .vocabulary = 61};
  text::TokenizedRows place = rows_;
  const auto first = must(teacher.answers(place, form));
  EXPECT_EQ(must(teacher.answers(place, form)), first);
  place =
      testing::random_rows({9, 30, 4}, 61, 6, 0.4);  // as where the next run's rows get the memory of the last one's
  EXPECT_NE(must(teacher.answers(place, form)), first);
}

TEST_F(Teaching, AnswersAreTheTeachersProbabilities) {
  Teacher teacher(*model_.decoder, network_, kPlenty);
  for (const auto& [temperature, top] : {std::pair(1.0, 0), {2.5, 0}, {1.0, 5}, {0.7, 5}, {1.0, 61}}) {
    const auto answers =
        must(teacher.answers(rows_, {.temperature = temperature, .top = top, .vocabulary = 61}))->of(all_rows(), two_);
    for (std::int64_t row = 0; row < rows_.size(); ++row) {
      const SoftLabels& soft = *answers[static_cast<std::size_t>(row)];
      const Batch batch = to_batch(text::pack(rows_, std::array{row}));
      DropoutSource none;
      const Tensor logits = model_.decoder->logits(network_, model_.decoder->hidden(network_, batch, none));
      const Tensor exact = at::softmax(logits.to(at::kDouble) / temperature, -1);
      ASSERT_EQ(soft.logarithms.size(0), rows_.label_tokens(row));
      Tensor found = soft.logarithms.to(at::kDouble).exp();
      if (soft.tokens.defined()) {
        const Tensor expected = std::get<0>(at::topk(exact, top, -1));
        EXPECT_LT(relative_difference(exact.gather(1, soft.tokens.to(at::kLong)), expected), 1e-6);
        EXPECT_LT(relative_difference(soft.rest.to(at::kDouble).exp(), 1 - expected.sum(-1)), 1e-4);
        EXPECT_LT(relative_difference(found, expected), 2e-3);
      } else {
        EXPECT_LT(relative_difference(found, exact), 2e-3);  // logarithms have 11 bits
      }
    }
  }
}

/// But for roundings to 16 bits; what is said of another label is off by a nat and more.
TEST_F(Teaching, AStudentLikeItsTeacherHasNothingToLearnWhereverItsLabelsAre) {
  const BaseModel base = testing::random_model(without_context());
  const PlainNetwork network(base.decoder->layout(), base.weights);
  Teacher teacher(*base.decoder, network, kPlenty);
  for (const char* divergence : {"forward_kl", "reverse_kl", "jensen_shannon"})
    for (const int top : {0, 7})
      for (const int start : {0, 6}) {
        const Json fields = {{"distill_divergence", divergence}, {"distill_top", top},    {"sequence_start", start},
                             {"sequence_ramp_fraction", 1},      {"sequence_length", 66}, {"batch_size", 13}};
        const auto alone = run(base, teacher, fields, two_), other = run(base, teacher, fields, two_);
        other->learner().set_micro_batch(40);
        TrainingRun* const pool[] = {alone.get(), other.get()};
        std::vector<Lesson> lessons;
        std::vector<StepBatch> batches{alone->begin_step(), other->begin_step()};
        for (int i = 0; i < 2; ++i) lessons.push_back({&pool[i]->learner(), &batches[static_cast<std::size_t>(i)]});
        for (const double loss : leave_gradients(lessons, two_)) EXPECT_LT(std::abs(loss), 1e-4) << to_line(fields);
      }
}

TEST_F(Teaching, AStudentComesNearToItsTeacher) {
  const BaseModel student = testing::random_model(testing::gpt2_config(), 7);
  Teacher teacher(*model_.decoder, network_, kPlenty);
  const auto learning = run(student, teacher, {{"method", "full"}, {"batch_size", 13}, {"schedule", "constant"}}, two_);
  const double before = must(learning->step()).loss;
  double after = before;
  while (!learning->finished()) after = must(learning->step()).loss;
  EXPECT_LT(after, 0.5 * before);
}

TEST_F(Teaching, RowsWithoutRoomAreAskedAboutAgainWithTheSameBits) {
  Teacher rich(*model_.decoder, network_, kPlenty), poor(*model_.decoder, network_, 5000);
  const SoftLabelForm form{.temperature = 1, .top = 5, .vocabulary = 61};
  const auto kept = must(rich.answers(rows_, form)), asked = must(poor.answers(rows_, form));
  const auto first = kept->of(all_rows(), two_);
  EXPECT_EQ(kept->bytes(), rows_.total_label_tokens() * form.bytes_per_label());
  for (int time = 0; time < 2; ++time) {
    const auto again = asked->of(all_rows(), one_);
    for (std::size_t i = 0; i < first.size(); ++i)
      EXPECT_TRUE(testing::same_bits(again[i]->logarithms, first[i]->logarithms)) << i;
  }
  EXPECT_GT(asked->bytes(), 4000 - 34 * 66);
  EXPECT_LE(asked->bytes(), 5000);
  EXPECT_EQ(kept->of(all_rows(), two_), first) << "what is kept is not asked about again";
}

TEST_F(Teaching, AnswersThatNoRunAsksForMakeWay) {
  Teacher teacher(*model_.decoder, network_, rows_.total_label_tokens() * 34 + 100);
  const SoftLabelForm form{.temperature = 1, .top = 5, .vocabulary = 61};
  auto first = must(teacher.answers(rows_, form));
  first->of(all_rows(), two_);
  SoftLabelForm other = form;
  other.temperature = 2;
  const auto second = must(teacher.answers(rows_, other));
  second->of(all_rows(), two_);
  EXPECT_LT(second->bytes(), first->bytes()) << "the first ones are still in use";
  EXPECT_EQ(must(teacher.answers(rows_, form)), first);
  first.reset();
  second->of(all_rows(), two_);
  EXPECT_EQ(second->bytes(), rows_.total_label_tokens() * 34);
}

TEST_F(Teaching, ARunThatGoesOnElsewhereHasTheSameBits) {
  Teacher here(*model_.decoder, network_, kPlenty), there(*model_.decoder, network_, 0);
  const BaseModel student = testing::random_model(testing::llama_config(), 7);
  const Json fields = {{"distill_weight", 0.7}, {"distill_top", 6}, {"distill_temperature", 2}, {"dropout", 0.1}};
  const auto whole = run(student, here, fields, two_), first = run(student, here, fields, two_);
  for (int step = 0; step < 4; ++step) must(first->step());
  const auto second = run(student, there, fields, two_);
  must(second->restore(first->snapshot()));
  for (int step = 0; step < 8; ++step) {
    const double loss = must(whole->step()).loss;
    if (step < 4) continue;
    EXPECT_EQ(must(second->step()).loss, loss);
  }
}

TEST_F(Teaching, ItsAnswersAreInTheAccountOfMemory) {
  Teacher teacher(*model_.decoder, network_, kPlenty);
  const auto answers = must(teacher.answers(rows_, {.temperature = 1, .top = 0, .vocabulary = 61}));
  const auto learning = run(model_, teacher, {{"tokens", rows_.total_tokens()}}, two_);
  const double predicted = learning->memory_need().teacher_bytes;
  EXPECT_EQ(predicted, static_cast<double>(rows_.total_label_tokens() * (2 * 61 + 4)));
  EXPECT_EQ(answers->bytes(), 0);
  while (!learning->finished()) must(learning->step());
  EXPECT_NEAR(static_cast<double>(answers->bytes()), predicted, 1);
  const auto pass = testing::peak_bytes([&] {
    Teacher(*model_.decoder, network_, 0)
        .answers(rows_, answers->form())
        .value()
        ->of(std::array<std::int64_t, 1>{4}, one_);
  });
  EXPECT_LE(static_cast<double>(pass), answers->need(1, 1).pass_bytes);
  EXPECT_GE(static_cast<double>(pass), 0.4 * answers->need(1, 1).pass_bytes);
}

TEST_F(Teaching, RefusesWhatItDoesNotKnow) {
  Teacher teacher(*model_.decoder, network_, kPlenty);
  const SoftLabelForm form{.temperature = 1, .top = 5, .vocabulary = 61};
  const auto long_rows = testing::random_rows({257}, 61, 5), other_rows = testing::random_rows({40}, 300, 5);
  const auto too_long = teacher.answers(long_rows, form), unknown = teacher.answers(other_rows, form);
  ASSERT_FALSE(too_long || unknown);
  EXPECT_THAT(too_long.error().message, HasSubstr("at most 256"));
  EXPECT_THAT(unknown.error().message, HasSubstr("no embedding"));
  const auto nobody = TrainingRun::create(
      model_, must(read_train_config(Json::object(), {{"distill_weight", 0.5}}, "test")), rows_, one_);
  ASSERT_FALSE(nobody);
  EXPECT_THAT(nobody.error().message, HasSubstr("distill_weight 0.5 and no teacher"));
}

}  // namespace
}  // namespace pegbox::train
