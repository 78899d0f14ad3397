// Tests of LoRA's places and first values: which layers are adapted, and what the factors are before the first step.
#include "train/method/lora_plan.h"

#include <gmock/gmock.h>

#include "train/method/lora_start.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::must;
using testing::relative_difference;

std::string message_of(const ModelLayout& layout, const std::string& target, std::int64_t rank) {
  const auto plan = LoraPlan::create(layout, target, {.rank = rank});
  return plan ? "accepted" : plan.error().message;
}

TEST(LoraTargets, ThatDoNotExistAreRefusedByName) {
  const ModelLayout layout = layout_of(testing::llama_config());
  EXPECT_THAT(message_of(layout, "q_proj,c_attn", 2), HasSubstr("c_attn"));
  EXPECT_THAT(message_of(layout, "q_proj,c_attn", 2), HasSubstr("down_proj"));
  EXPECT_THAT(message_of(layout, "", 2), HasSubstr("no linear layer"));
}

TEST(LoraTargets, AreLayersOrKindsOfLayers) {
  const ModelLayout layout = layout_of(testing::llama_config());
  const auto first_layer = [&](const std::string& target) {
    std::vector<std::string> names;
    for (const std::string& module : must(LoraPlan::create(layout, target, {.rank = 2})).modules())
      if (module.find(".0.") != std::string::npos) names.push_back(module.substr(module.rfind('.') + 1));
    return names;
  };
  EXPECT_THAT(first_layer("attention"), ElementsAre("q_proj", "k_proj", "v_proj", "o_proj"));
  EXPECT_THAT(first_layer("mlp"), ElementsAre("gate_proj", "up_proj", "down_proj"));
  EXPECT_THAT(first_layer("feed_forward"), ElementsAre("gate_proj", "up_proj", "down_proj"));
  EXPECT_THAT(first_layer(" up_proj , v_proj"), ElementsAre("v_proj", "up_proj"));
  EXPECT_EQ(first_layer("all").size(), 7u);
}

TEST(LoraRank, AboveTheDimensionsOfEveryMatrixIsRefused) {
  const ModelLayout layout = layout_of(testing::llama_config());  // width 32, feed-forward 48, keys and values 16
  EXPECT_EQ(message_of(layout, "all", 32), "accepted");
  EXPECT_THAT(message_of(layout, "all", 33), HasSubstr("at most 32"));
  EXPECT_THAT(message_of(layout, "k_proj,v_proj", 17), HasSubstr("at most 16"));
}

class LoraStart : public ::testing::Test {
 protected:
  std::vector<LoraPlan::GroupTensors> start(const std::string& name, std::uint64_t seed = 3) const {
    const auto weight = [&](std::size_t group) {
      return model_.weights[std::size_t(model_.decoder->layout().groups[group].weight)];
    };
    return lora_start(plan_, name, weight, seed);
  }
  /// The weight of the first adapted layer (queries), which is the first part of the first group.
  Tensor weight() const {
    return model_.weights[std::size_t(model_.decoder->layout().groups[0].weight)].narrow(0, 0, 32);
  }

  BaseModel model_ = testing::random_model(testing::llama_config());
  LoraPlan plan_ = must(LoraPlan::create(model_.decoder->layout(), "all", {.rank = 5, .scale = 1.5}));
};

TEST_F(LoraStart, RandomOnesHavePeftsSpread) {
  double sum = 0, squares = 0, largest = 0, count = 0;
  const auto collect = [&](const std::string& name, std::int64_t inputs) {
    sum = squares = largest = count = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed)
      for (const auto& group : start(name, seed)) {
        if (group.a.size(1) != inputs) continue;
        EXPECT_EQ(group.b.abs().max().item<float>(), 0);
        sum += group.a.sum().item<double>();
        squares += group.a.pow(2).sum().item<double>();
        largest = std::max(largest, group.a.abs().max().item<double>());
        count += static_cast<double>(group.a.numel());
      }
  };
  collect("kaiming", 32);
  EXPECT_LE(largest, 1 / std::sqrt(32.0));
  EXPECT_GT(largest, 0.999 / std::sqrt(32.0));
  EXPECT_NEAR(squares / count, 1.0 / (3 * 32), 0.02 / (3 * 32));  // a uniform distribution's variance
  collect("gaussian", 32);
  EXPECT_NEAR(squares / count, 1.0 / 25, 0.02 / 25);
  EXPECT_NEAR(sum / count, 0, 4 * 0.2 / std::sqrt(count));
}

TEST_F(LoraStart, OfPissaIsTheBestApproximationOfTheWeight) {
  const auto first = start("pissa").front();
  const Tensor product = 1.5 * at::mm(first.b.narrow(0, 0, 32), first.a.narrow(0, 0, 5));
  const Tensor singular = at::linalg_svdvals(weight());
  // Eckart and Young: what is left has the other singular values, and no product of rank 5 leaves less.
  EXPECT_LT(relative_difference(at::linalg_svdvals(weight() - product).narrow(0, 0, 27), singular.narrow(0, 5, 27)),
            1e-4);
  EXPECT_LT(at::linalg_svdvals(product)[5].item<double>(), 1e-4);
  // The two factors share the singular values alike.
  EXPECT_LT(relative_difference(at::norm(first.a.narrow(0, 0, 5), 2, 1), at::norm(first.b.narrow(0, 0, 32), 2, 0)),
            1e-4);
}

TEST_F(LoraStart, OfOloraIsOrthonormalAndAPartOfTheDecomposition) {
  const auto first = start("olora").front();
  const Tensor a = first.a.narrow(0, 0, 5), b = first.b.narrow(0, 0, 32);
  EXPECT_LT(relative_difference(at::mm(b.t(), b), at::eye(5)), 1e-5);
  EXPECT_LT(relative_difference(at::mm(b.t(), weight()), a), 1e-4);             // Qᵀ W = R
  EXPECT_LT(at::tril(a.narrow(1, 0, 5), -1).abs().max().item<double>(), 1e-6);  // upper triangular
}

}  // namespace
}  // namespace pegbox::train
