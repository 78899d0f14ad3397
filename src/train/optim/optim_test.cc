// Tests of optimizers, clipping and schedules against their formulas.
#include <cmath>

#include "train/optim/clipping.h"
#include "train/optim/optimizer.h"
#include "train/optim/schedule.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

/// PyTorch's formula for one number, in double: torch.optim.AdamW's documentation.
struct ReferenceAdamW {
  double rate, beta1, beta2, epsilon, decay, value, mean = 0, square = 0;
  int steps = 0;
  void step(double gradient) {
    ++steps;
    value -= rate * decay * value;
    mean = beta1 * mean + (1 - beta1) * gradient;
    square = beta2 * square + (1 - beta2) * gradient * gradient;
    value -=
        rate * (mean / (1 - std::pow(beta1, steps))) / (std::sqrt(square / (1 - std::pow(beta2, steps))) + epsilon);
  }
};

TEST(AdamW, FollowsTheFormula) {
  TrainConfig config{.weight_decay = 0.1, .beta1 = 0.9, .beta2 = 0.95, .epsilon = 1e-8};
  const Tensor matrix = at::tensor({0.5f, -1.25f}).unsqueeze(0), vector = at::tensor({2.0f});
  std::vector<ReferenceAdamW> expected = {
      {0.01, 0.9, 0.95, 1e-8, 0.1, 0.5}, {0.01, 0.9, 0.95, 1e-8, 0.1, -1.25}, {0.01, 0.9, 0.95, 1e-8, 0, 2.0}};
  const auto optimizer = make_optimizer(config, {{"matrix", matrix, true}, {"vector", vector, false}});
  for (int step = 0; step < 20; ++step) {
    const float a = 0.3f * static_cast<float>(std::sin(step)), b = 1e-3f * static_cast<float>(step), c = -2.0f;
    optimizer->step({at::tensor({a, b}).unsqueeze(0), at::tensor({c})}, 0.01);
    expected[0].step(a);
    expected[1].step(b);
    expected[2].step(c);
  }
  EXPECT_NEAR(matrix[0][0].item<double>(), expected[0].value, 2e-6);
  EXPECT_NEAR(matrix[0][1].item<double>(), expected[1].value, 2e-6);
  EXPECT_NEAR(vector[0].item<double>(), expected[2].value, 2e-6);
}

TEST(AdamW, FirstStepHasTheSizeOfTheRate) {
  TrainConfig config{.weight_decay = 0, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
  const Tensor value = at::zeros({3});
  make_optimizer(config, {{"x", value, true}})->step({at::tensor({1e-3f, -5.0f, 0.0f})}, 0.1);
  EXPECT_LT(testing::relative_difference(value, at::tensor({-0.1f, 0.1f, 0.0f})), 1e-4);
}

TEST(Clipping, LimitsEachValue) {
  const Tensors gradients = {at::tensor({3.0f, -0.2f, -9.0f})};
  clip_values(gradients, 0.5);
  EXPECT_LT(testing::relative_difference(gradients[0], at::tensor({0.5f, -0.2f, -0.5f})), 1e-6);
  clip_values(gradients, 0);
  EXPECT_EQ(gradients[0][2].item<double>(), -0.5);
}

TEST(Clipping, BesideTheWeightsLimitsEachRow) {
  const Tensor weights = testing::random_tensor({4, 3}, 1), gradient = testing::random_tensor({4, 3}, 2, 0.1);
  weights[1].fill_(0);
  gradient[2].fill_(0);
  gradient[3].mul_(1e-6);
  const Tensor expected = gradient.clone();
  for (std::int64_t row = 0; row < 4; ++row) {
    double weight = 0, slope = 0;
    for (std::int64_t j = 0; j < 3; ++j) {
      weight += std::pow(weights[row][j].item<double>(), 2);
      slope += std::pow(gradient[row][j].item<double>(), 2);
    }
    const double most = 0.01 * std::max(1e-3, std::sqrt(weight));
    if (std::sqrt(slope) > most) expected[row].mul_(most / std::sqrt(slope));
  }
  const Tensor vector = at::tensor({3.0f, 4.0f}), steep = at::tensor({6.0f, 8.0f}), table = gradient.clone();
  clip_adaptively({{.name = "m", .value = weights},
                   {.name = "v", .value = vector, .kind = ParameterKind::Norm},
                   {.name = "t", .value = weights, .kind = ParameterKind::Table}},
                  {gradient, steep, table}, 0.01);
  EXPECT_LT(testing::relative_difference(gradient, expected), 1e-5);
  EXPECT_EQ(gradient[2].abs().sum().item<double>(), 0);
  EXPECT_NEAR(steep.norm().item<double>(), 0.05, 1e-6);
  EXPECT_GT(table.norm().item<double>(), 0.1);
}

TEST(Clipping, LimitsTheGlobalNormAndKeepsTheDirection) {
  const Tensors gradients = {at::tensor({3.0f, 0.0f}), at::tensor({4.0f})};
  EXPECT_NEAR(clip_gradients(gradients, 1.0), 5.0, 1e-6);
  EXPECT_NEAR(gradients[0][0].item<double>(), 0.6, 1e-5);
  EXPECT_NEAR(gradients[1][0].item<double>(), 0.8, 1e-5);
  EXPECT_NEAR(clip_gradients(gradients, 2.0), 1.0, 1e-5);  // below the limit: left alone
  EXPECT_NEAR(gradients[1][0].item<double>(), 0.8, 1e-5);
  const Tensors large = {at::tensor({300.0f})};
  EXPECT_NEAR(clip_gradients(large, 0), 300.0, 1e-3);
  EXPECT_EQ(large[0][0].item<double>(), 300.0);
}

TEST(Schedule, WarmsUpFromZeroToOne) {
  for (const std::string_view name : schedule_names()) {
    const bool own_rise = name == "one_cycle";
    EXPECT_NEAR(schedule_factor(name, 0, {0.1, 0.2}), own_rise ? 1 / 25.0 : 0, 1e-12) << name;
    EXPECT_NEAR(schedule_factor(name, 0.05, {0.1, 0.2}), own_rise ? 0.52 : 0.5, 1e-12) << name;
    EXPECT_NEAR(schedule_factor(name, 0.1, {0.1, 0.2}), 1, 1e-12) << name;
    EXPECT_NEAR(schedule_factor(name, 0, {0, 0.2}), 1, 1e-12) << name << ": no warmup";
  }
}

TEST(Schedule, FollowsItsCurve) {
  const ScheduleShape shape{0.1, 0.2};
  EXPECT_DOUBLE_EQ(schedule_factor("constant", 0.99, shape), 1);
  EXPECT_NEAR(schedule_factor("linear", 0.55, shape), 0.5, 1e-12);
  EXPECT_NEAR(schedule_factor("linear", 1, shape), 0, 1e-12);
  EXPECT_NEAR(schedule_factor("cosine", 0.55, shape), 0.5, 1e-12);
  EXPECT_NEAR(schedule_factor("cosine", 0.325, shape), 0.5 * (1 + std::sqrt(0.5)), 1e-12);
  EXPECT_NEAR(schedule_factor("cosine", 1, shape), 0, 1e-12);
  EXPECT_NEAR(schedule_factor("wsd", 0.8, shape), 1, 1e-12);
  EXPECT_NEAR(schedule_factor("wsd", 0.9, shape), 0.5, 1e-12);
  EXPECT_NEAR(schedule_factor("wsd", 1, shape), 0, 1e-12);
}

/// transformers' lambdas of (step, warmup steps, all steps), as its documentation and source give them.
TEST(Schedule, EqualsTransformersAtEachStep) {
  const int warmup = 20, steps = 200;
  const ScheduleShape shape{.warmup_fraction = 0.1, .cycles = 3, .power = 2.5};
  for (int step = warmup; step <= steps; ++step) {
    const double progress = static_cast<double>(step) / steps,
                 after = (step - warmup) / static_cast<double>(steps - warmup);
    const double restarts = after >= 1 ? 0 : std::max(0.0, 0.5 * (1 + std::cos(M_PI * std::fmod(3 * after, 1.0))));
    if (std::abs(3 * after - std::round(3 * after)) > 1e-9 || after >= 1) {  // at a restart rounding decides the side
      EXPECT_NEAR(schedule_factor("cosine_restarts", progress, shape), restarts, 1e-9) << step;
    }
    EXPECT_NEAR(schedule_factor("polynomial", progress, shape), std::pow(1 - after, 2.5), 1e-9) << step;
    EXPECT_NEAR(schedule_factor("inverse_sqrt", progress, shape), 1 / std::sqrt(step / static_cast<double>(warmup)),
                1e-9)
        << step;
  }
}

TEST(Schedule, OfOneCycleRisesAndFallsByCosines) {
  const ScheduleShape shape{.warmup_fraction = 0.3};
  const double start = 1 / 25.0, end = start / 1e4;
  EXPECT_NEAR(schedule_factor("one_cycle", 0.1, shape), 1 + (start - 1) / 2 * (1 + std::cos(M_PI / 3)), 1e-12);
  EXPECT_NEAR(schedule_factor("one_cycle", 0.3, shape), 1, 1e-12);
  EXPECT_NEAR(schedule_factor("one_cycle", 0.65, shape), (1 + end) / 2, 1e-12);
  EXPECT_NEAR(schedule_factor("one_cycle", 1, shape), end, 1e-15);
}

TEST(Schedule, EndsAtTheFinalRate) {
  const ScheduleShape shape{.warmup_fraction = 0.1, .decay_fraction = 0.2, .final_rate = 0.1};
  for (const char* name : {"linear", "cosine", "cosine_restarts", "polynomial", "wsd"})
    EXPECT_NEAR(schedule_factor(name, 1, shape), 0.1, 1e-12) << name;
  EXPECT_NEAR(schedule_factor("linear", 0.55, shape), 0.55, 1e-12);
}

TEST(Schedule, StableTrunkDoesNotDependOnTheHorizon) {
  for (double progress = 0.02; progress < 0.8; progress += 0.1)
    EXPECT_DOUBLE_EQ(schedule_factor("wsd", progress, {0.02, 0.2}), 1);
}

}  // namespace
}  // namespace pegbox::train
