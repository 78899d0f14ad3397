// Tests of learning to learn: the order of tasks, an initialization that adapts, pauses that change no bit, and what is
// refused.
#include "train/meta.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "train/method/method.h"
#include "train/run.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using ::testing::HasSubstr;
using testing::must;
using testing::same_bits;

/// Sets of 10 rows of 16 tokens, in which each token follows from the one before by a rule of the set.
text::TokenizedRows rows_of_tasks(std::size_t count) {
  text::TokenizedRows rows = testing::rows_in_turn(std::vector<std::int64_t>(count, 10));
  rows.groups_in_turn = false;
  return rows;
}

TrainConfig meta_config(Json fields) {
  const Json defaults = {{"method", "full"}, {"meta", "reptile"}, {"inner_steps", 3},     {"meta_batch", 2},
                         {"batch_size", 4},  {"tokens", 4800},    {"learning_rate", 3e-3}};
  return must(read_train_config(defaults, fields, "test"));
}

std::string tasks_refusal(const Json& fields, const text::TokenizedRows& rows) {
  const auto tasks = tasks_of(meta_config(fields), rows);
  return tasks ? "" : tasks.error().message;
}

class Meta : public ::testing::Test {
 protected:
  std::unique_ptr<TrainingRun> run(const Json& fields, const text::TokenizedRows& rows) {
    return must(TrainingRun::create(model_, meta_config(fields), rows, lanes_));
  }
  BaseModel model_ = testing::random_model(testing::llama_config());
  Lanes lanes_{1};
};

TEST_F(Meta, TasksComeInTurnEachOnceInARound) {
  const text::TokenizedRows rows = rows_of_tasks(4);
  const auto parameters = must(make_method(meta_config({}), model_))->initial_parameters(0);
  const auto meta = must(MetaLearning::create(meta_config({}), rows, parameters));
  std::vector<std::int32_t> order;
  for (int task = 0; task < 12; ++task) {
    std::set<std::int32_t> seen;
    for (int step = 0; step < 3; ++step) {
      for (const std::int64_t row : meta->next(4)) seen.insert(rows.groups[static_cast<std::size_t>(row)]);
      EXPECT_EQ(meta->end_step({}, 1), step == 2);
    }
    ASSERT_EQ(seen.size(), 1u) << "a batch is of one task";
    order.push_back(*seen.begin());
  }
  for (int round = 0; round < 3; ++round)
    EXPECT_EQ(std::set(order.begin() + 4 * round, order.begin() + 4 * round + 4).size(), 4u) << round;
}

TEST_F(Meta, TheInitializationMovesToTheMeanOfWhatTasksLearned) {
  const text::TokenizedRows rows = rows_of_tasks(4);
  std::vector<Parameter> parameters{{.name = "w", .value = at::ones({2, 2}), .decay = true}};
  const auto meta = must(MetaLearning::create(meta_config({{"outer_rate", 0.5}}), rows, parameters));
  const auto learn = [&](double change, double factor) {
    for (int step = 0; step < 3; ++step) {
      parameters[0].value.add_(change / 3);
      meta->end_step({at::ones({2, 2})}, factor);
    }
  };
  learn(2, 0.5);
  EXPECT_FALSE(meta->has_moved());
  EXPECT_TRUE(at::allclose(parameters[0].value, at::ones({2, 2})));
  learn(6, 0.5);  // 1 + 0.5 * 0.5 * (2 + 6) / 2
  EXPECT_TRUE(meta->has_moved());
  EXPECT_TRUE(at::allclose(parameters[0].value, at::full({2, 2}, 2.0)));
  EXPECT_TRUE(at::allclose(meta->initialization()[0], at::full({2, 2}, 2.0)));
}

TEST_F(Meta, FirstOrderMamlMovesByTheGradientsAtTheEndOfTasks) {
  const text::TokenizedRows rows = rows_of_tasks(4);
  std::vector<Parameter> parameters{{.name = "w", .value = at::ones({2, 2}), .decay = true}};
  const Json fields = {{"meta", "fomaml"},  {"optimizer", "sgd"},   {"momentum", 0},
                       {"weight_decay", 0}, {"learning_rate", 0.1}, {"outer_rate", 3}};
  const auto meta = must(MetaLearning::create(meta_config(fields), rows, parameters));
  for (const double gradient : {1.0, 4.0})
    for (int step = 0; step < 4; ++step) {
      EXPECT_EQ(meta->is_query(), step == 3);
      meta->end_step({at::full({2, 2}, step == 3 ? gradient : 100.0)}, 1);
    }
  EXPECT_TRUE(at::allclose(parameters[0].value, at::full({2, 2}, 1 - 0.3 * 2.5)));
}

TEST_F(Meta, APauseInTheMidstOfATaskChangesNoBit) {
  const text::TokenizedRows rows = rows_of_tasks(3);
  for (const char* kind : {"reptile", "fomaml"}) {
    const Json fields = {{"meta", kind}};
    const auto whole = run(fields, rows), first = run(fields, rows), second = run(fields, rows);
    must(whole->train_until(3000));
    must(first->train_until(64 * 14));
    must(second->restore(first->snapshot()));
    must(second->train_until(3000));
    const Snapshot a = whole->snapshot(), b = second->snapshot();
    ASSERT_EQ(a.tensors.size(), b.tensors.size());
    for (const auto& [name, tensor] : a.tensors) EXPECT_TRUE(same_bits(tensor, b.tensors.at(name))) << name;
    EXPECT_EQ(a.state, b.state);
  }
}

TEST_F(Meta, WhatIsShownIsTheInitializationInTheMidstOfATask) {
  const text::TokenizedRows rows = rows_of_tasks(3);
  const Json fields = {{"adapt_steps", 0}};
  const auto moving = run(fields, rows), still = run(fields, rows);
  const double before = must(still->evaluate(rows)).loss;
  must(moving->train_until(64 * 2));  // two steps of the first task
  EXPECT_EQ(must(moving->evaluate(rows)).loss, before);
  must(moving->train_until(64 * 6));  // both tasks of a batch
  EXPECT_NE(must(moving->evaluate(rows)).loss, before);
}

TEST_F(Meta, AnEvaluationAdaptsToEachSetAndLeavesTheRunAsItIs) {
  const text::TokenizedRows rows = rows_of_tasks(3);
  const auto adapting = run({{"adapt_steps", 5}}, rows), plain = run({{"adapt_steps", 0}}, rows);
  must(adapting->train_until(64 * 7));
  must(plain->train_until(64 * 7));
  const Snapshot before = adapting->snapshot();
  const Evaluation adapted = must(adapting->evaluate(rows)), direct = must(plain->evaluate(rows));
  for (const auto& [name, loss] : direct.set_losses) EXPECT_LT(adapted.set_losses.at(name), loss) << name;
  EXPECT_EQ(must(adapting->evaluate(rows)).loss, adapted.loss);
  const Snapshot after = adapting->snapshot();
  for (const auto& [name, tensor] : before.tensors) EXPECT_TRUE(same_bits(tensor, after.tensors.at(name))) << name;
}

TEST_F(Meta, WhatIsKeptIsCountedToTheByte) {
  const text::TokenizedRows rows = rows_of_tasks(3);
  for (const char* kind : {"reptile", "fomaml"}) {
    const auto learned = run({{"meta", kind}}, rows);
    must(learned->train_until(64 * 5));
    EXPECT_EQ(static_cast<double>(learned->bytes()), learned->memory_need().parameters_bytes()) << kind;
  }
}

TEST_F(Meta, BothKindsLearnToAdapt) {
  const text::TokenizedRows rows = rows_of_tasks(3);
  for (const char* kind : {"reptile", "fomaml"}) {
    const auto learned = run({{"meta", kind}, {"adapt_steps", 3}, {"tokens", 12'000}}, rows);
    const double before = must(learned->evaluate(rows)).loss;
    must(learned->train_until(12'000));
    EXPECT_LT(must(learned->evaluate(rows)).loss, before - 0.5) << kind;
  }
}

TEST(Tasks, AreTheSetsAndThoseOfWeight0AreHeldOut) {
  text::TokenizedRows rows = rows_of_tasks(3);
  rows.group_weights = {{"a", 1}, {"b", 0}, {"c", 1}};
  const std::vector<Task> all = must(tasks_of(meta_config({}), rows));
  ASSERT_EQ(all.size(), 3u);
  EXPECT_FALSE(all[0].is_held_out);
  EXPECT_TRUE(all[1].is_held_out);
  EXPECT_EQ(all[2].rows.front(), 20);
}

TEST(Tasks, RefuseWhatIsNoSetOfTasks) {
  text::TokenizedRows rows = rows_of_tasks(3);
  rows.group_weights = {{"a", 1}, {"b", 2}, {"c", 1}};
  EXPECT_THAT(tasks_refusal({}, rows), HasSubstr("tasks come in turn, all alike"));
  rows.group_weights = {{"a", 1}, {"b", 0}, {"c", 0}};
  EXPECT_THAT(tasks_refusal({}, rows), HasSubstr("several tasks; got 1 to learn"));
  rows.group_weights.clear();
  rows.groups_in_turn = true;
  EXPECT_THAT(tasks_refusal({}, rows), HasSubstr("a stream is learned set by set"));
  EXPECT_THAT(tasks_refusal({}, testing::random_rows({4, 5}, 61, 1)), HasSubstr("and there are none"));
}

TEST(Tasks, RefuseFieldsThatActOnARunOfOneKindOfSteps) {
  const auto refusal_of = [](Json fields) {
    fields["meta"] = fields.value("meta", "reptile");
    const auto config = read_train_config({{"method", "full"}}, fields, "test");
    return config ? "" : config.error().message;
  };
  EXPECT_THAT(refusal_of({{"average", "ema"}}), HasSubstr("meta reptile begins again with each task; got average ema"));
  EXPECT_THAT(refusal_of({{"optimizer", "schedule_free"}}), HasSubstr("schedule_free"));
  EXPECT_THAT(refusal_of({{"spike_deviations", 6}}), HasSubstr("tasks have losses of their own"));
  EXPECT_THAT(refusal_of({{"meta", "none"}, {"inner_steps", 7}}), HasSubstr("meta none has no inner_steps"));
}

}  // namespace
}  // namespace pegbox::train
