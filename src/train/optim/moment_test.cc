// Tests of Moment: bf16 rounds without bias and moves by small steps, int8 is the dynamic type, zero stays zero.
#include "train/optim/moment.h"

#include <cmath>

#include "train/testing.h"

namespace pegbox::train {
namespace {

Moment moment_of(const std::string& precision, const Tensor& like, std::int64_t seed = 1) {
  return {TrainConfig{.state_precision = precision, .seed = seed}, like, "moment", DynamicRange::Signed};
}

TEST(Moment, BeginsAtZero) {
  const Tensor like = at::ones({3, 100});
  for (const char* precision : {"fp32", "bf16", "int8"}) {
    const Tensor values = moment_of(precision, like).values();
    EXPECT_EQ(values.sizes(), like.sizes());
    EXPECT_EQ(values.scalar_type(), at::kFloat);
    EXPECT_EQ(values.abs().sum().item<double>(), 0) << precision;
  }
}

TEST(Moment, OfFp32IsWorkedOnInPlace) {
  const Moment moment = moment_of("fp32", at::zeros({4}));
  moment.values().fill_(3);
  EXPECT_EQ(moment.values()[0].item<double>(), 3);
}

TEST(Moment, OfBf16RoundsToANeighbourAndOnAverageToTheValue) {
  const double value = -(1 + 0.3 / 128);  // between -1 and -1 - 1/128, nearer to the first
  const Tensor like = at::full({40001}, value);
  Moment moment = moment_of("bf16", like), same = moment_of("bf16", like), other = moment_of("bf16", like, 2);
  for (Moment* each : {&moment, &same, &other}) each->keep(like);
  const Tensor kept = moment.values();
  EXPECT_TRUE(((kept == -1) | (kept == -1 - 1.0 / 128)).all().item<bool>());
  const double deviation = std::sqrt(0.3 * 0.7 / 40001) / 128;
  EXPECT_NEAR(kept.mean(at::kDouble).item<double>(), value, 4 * deviation);
  EXPECT_TRUE(at::equal(same.values(), kept));
  EXPECT_FALSE(at::equal(other.values(), kept));
  moment.keep(like);
  EXPECT_FALSE(at::equal(moment.values(), kept)) << "every rounding has its own bits";
}

TEST(Moment, OfBf16MovesByStepsThatRoundingToTheNearestWouldLose) {
  const Tensor like = at::zeros({10000});
  Moment moment = moment_of("bf16", like);
  Tensor nearest = at::ones({1}, at::kBFloat16);
  moment.keep(at::ones({10000}));
  for (int step = 0; step < 300; ++step) {  // a mean square with beta2 0.999, of gradients that are now 0.5
    const Tensor values = moment.values();
    moment.keep(values.lerp_(at::full_like(values, 0.25), 0.001));
    nearest = nearest.to(at::kFloat).lerp(at::full({1}, 0.25f), 0.001).to(at::kBFloat16);
  }
  const double exact = 0.25 + 0.75 * std::pow(0.999, 300);
  EXPECT_NEAR(moment.values().mean(at::kDouble).item<double>(), exact, 2e-3);
  EXPECT_EQ(nearest.item<double>(), 1);
}

TEST(Moment, OfInt8IsTheDynamicTypeInBlocks) {
  const Tensor values = testing::random_tensor({5, 120}, 3);  // the last block is not whole
  Moment moment = moment_of("int8", values);
  moment.keep(values);
  NamedTensors state;
  moment.add_to(state);
  ASSERT_EQ(state.size(), 2u);
  EXPECT_EQ(state.at("moment").sizes(), values.sizes());
  EXPECT_EQ(state.at("moment").scalar_type(), at::kByte);
  EXPECT_EQ(state.at("moment.scales").numel(), 3);
  const Tensor apart = (moment.values() - values).abs().reshape({-1});
  for (std::int64_t i = 0; i < values.numel(); ++i)  // half of the widest distance of two levels, 0.9 / 64
    EXPECT_LE(apart[i].item<double>(), 0.00704 * state.at("moment.scales")[i / 256].item<double>());
}

}  // namespace
}  // namespace pegbox::train
