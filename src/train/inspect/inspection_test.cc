// Tests of inspections: what is seen beside a pass is what the pass did, and importance is what the loss says.
#include "train/inspect/inspection.h"

#include "text/packing.h"
#include "train/evaluate.h"
#include "train/inspect/layer_view.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using testing::must;
using testing::relative_difference;

class InspectionOf : public ::testing::TestWithParam<ModelConfig> {
 protected:
  InspectionOf() : model_(testing::random_model(GetParam())), network_(model_.decoder->layout(), model_.weights) {}

  Batch batch(const std::vector<std::int64_t>& rows) const { return to_batch(text::pack(rows_, rows)); }
  Inspection inspected(const InspectOptions& options = {}) {
    return must(inspect(model_, network_, rows_, nullptr, 61, lanes_, options));
  }
  const LayerSlots& slots(std::size_t layer) const { return model_.decoder->layout().layers[layer]; }
  Tensor& weight(int group) {
    return model_
        .weights[static_cast<std::size_t>(model_.decoder->layout().groups[static_cast<std::size_t>(group)].weight)];
  }
  /// The loss of each row of the data, with what a head says times `gate` in another way: in the matrix behind it.
  std::vector<double> losses_with_gate(std::size_t layer, std::int64_t head, double gate) {
    const Weights kept = model_.weights;
    Tensor& output = weight(slots(layer).attention_output);
    output = output.clone();
    output.narrow(1, head * GetParam().head_width, GetParam().head_width).mul_(gate);
    const PlainNetwork changed(model_.decoder->layout(), model_.weights);
    model_.weights = kept;
    std::vector<std::int64_t> all(static_cast<std::size_t>(rows_.size()));
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
    return row_losses(*model_.decoder, changed, rows_, all, lanes_, 2048);
  }

  BaseModel model_;
  PlainNetwork network_;
  Lanes lanes_{2};
  text::TokenizedRows rows_ = testing::random_rows({5, 70, 1, 33}, 61, 3, 0.5);
};

/// Sees that shares times values are what the heads say.
class ShareCheck final : public PassObserver {
 public:
  void attention(std::size_t /*layer*/, const Tensor& packed, const AttentionPlan& plan) override {
    const auto& shape = plan.shape;
    const std::int64_t width = shape.head_width, values_at = (shape.heads + shape.kv_heads) * width;
    const Tensor values = packed.narrow(1, values_at, shape.kv_heads * width);
    expected_ = at::zeros({packed.size(0), shape.heads * width});
    for_each_share(rotated(packed.contiguous(), plan), plan,
                   [&](std::size_t document, std::int64_t first, const Tensor& shares) {
                     for (std::int64_t head = 0; head < shape.heads; ++head) {
                       const std::int64_t source = head / (shape.heads / shape.kv_heads);
                       const Tensor own =
                           values.narrow(0, plan.offsets[document], shares.size(2)).narrow(1, source * width, width);
                       expected_.narrow(0, plan.offsets[document] + first, shares.size(1))
                           .narrow(1, head * width, width)
                           .copy_(at::mm(shares[head], own));
                     }
                   });
  }
  Tensor heads(std::size_t layer, const Tensor& mixed) override {
    EXPECT_LT(relative_difference(expected_, mixed), 1e-5) << "layer " << layer;
    ++layers_;
    return mixed;
  }
  int layers_ = 0;

 private:
  Tensor expected_;
};

TEST_P(InspectionOf, SharesTimesValuesAreWhatHeadsSay) {
  ShareCheck check;
  model_.decoder->observed(network_, batch({0, 1, 2, 3}), check);
  EXPECT_EQ(check.layers_, 2);
}

TEST_P(InspectionOf, LookingChangesNothing) {
  const Batch rows = batch({0, 1, 2, 3});
  LayersView view(2);
  view.begin();
  const Tensor seen = model_.decoder->observed(network_, rows, view);
  DropoutSource none;
  EXPECT_TRUE(testing::same_bits(seen, model_.decoder->hidden(network_, rows, none, {}, true)));
}

TEST_P(InspectionOf, NothingDependsOnBatchesAndLanes) {
  const Json whole = to_json(inspected());
  Lanes alone(1);
  const Json apart = to_json(must(inspect(model_, network_, rows_, nullptr, 61, alone, {.batch_tokens = 1})));
  for (std::size_t layer = 0; layer < 2; ++layer)
    for (const char* name : {"rollout_first_share", "rollout_distance", "stream", "attention_adds", "stream_gradient"})
      EXPECT_NEAR(whole["layers"][layer][name].get<double>(), apart["layers"][layer][name].get<double>(),
                  1e-5 * std::abs(whole["layers"][layer][name].get<double>()))
          << name;
  for (std::size_t head = 0; head < 4; ++head)
    for (const auto& [name, value] : whole["layers"][1]["heads"][head].items())
      EXPECT_NEAR(value.get<double>(), apart["layers"][1]["heads"][head][name].get<double>(), 2e-5) << name;
}

TEST_P(InspectionOf, RemovalIsTheLossWithoutTheHeadsColumns) {
  const Inspection inspection = inspected();
  for (const auto& [layer, head] : {std::pair{0, 1}, std::pair{1, 3}}) {
    double grown = 0;
    const auto with = losses_with_gate(static_cast<std::size_t>(layer), head, 1),
               without = losses_with_gate(static_cast<std::size_t>(layer), head, 0);
    for (std::size_t row = 0; row < with.size(); ++row) grown += without[row] - with[row];
    const Removal& removal =
        *inspection.layers[static_cast<std::size_t>(layer)].heads[static_cast<std::size_t>(head)].removal;
    EXPECT_NEAR(removal.loss, grown / static_cast<double>(rows_.total_label_tokens()), 1e-5);
    EXPECT_GT(std::abs(removal.loss), 1e-4) << "else nothing is compared";
    EXPECT_GT(removal.error, 0);
  }
}

TEST_P(InspectionOf, GradientsOfGatesAreDifferencesOfLosses) {
  const std::vector<std::int64_t> rows = {0, 1, 2, 3};
  const GradientView view = gradient_view(*model_.decoder, network_, rows_, rows, lanes_, 2048);
  EXPECT_EQ(view.documents, 3) << "one has a single token";
  constexpr double kStep = 1e-2;
  const auto more = losses_with_gate(0, 2, 1 + kStep), less = losses_with_gate(0, 2, 1 - kStep);
  double mean = 0;
  for (std::size_t row = 0; row < more.size(); ++row)
    if (const auto labels = static_cast<double>(rows_.label_tokens(rows[row])); labels > 0)
      mean += std::abs(more[row] - less[row]) / (2 * kStep) / labels / 3;
  EXPECT_NEAR(view.heads[0][2], mean, 0.02 * mean + 5e-5);
  double squares = 0;
  for (const double value : view.normalized(0)) squares += value * value;
  EXPECT_NEAR(squares, 1, 1e-9);
}

TEST_P(InspectionOf, CountsUnitsThatAreSilentOnAllTokens) {
  EXPECT_EQ(inspected({.removal_tokens = 0}).layers[1].dead_units, 0);
  Tensor& input = weight(slots(1).feed_input);  // gates first, where there are some
  input = input.clone();
  input.narrow(0, 4, 7).zero_();
  if (const int bias = model_.decoder->layout().groups[static_cast<std::size_t>(slots(1).feed_input)].bias; bias >= 0) {
    Tensor& shift = model_.weights[static_cast<std::size_t>(bias)];
    shift = shift.clone();
    shift.narrow(0, 4, 7).zero_();
  }
  network_ = PlainNetwork(model_.decoder->layout(), model_.weights);
  const Inspection inspection = inspected({.removal_tokens = 0});
  EXPECT_EQ(inspection.layers[1].dead_units, 7);
  EXPECT_EQ(inspection.layers[0].dead_units, 0);
  EXPECT_GT(inspection.layers[1].dead_below, 0) << "their activations have no exact 0";
}

TEST_P(InspectionOf, LossesByPositionAddUpToTheLoss) {
  const Inspection inspection = inspected({.removal_tokens = 0});
  double sum = 0;
  std::int64_t labels = 0;
  for (const LossPart& part : inspection.by_position) {
    sum += part.mean.loss * static_cast<double>(part.mean.labels);
    labels += part.mean.labels;
  }
  EXPECT_EQ(labels, rows_.total_label_tokens());
  EXPECT_NEAR(sum / static_cast<double>(labels), inspection.loss.loss, 1e-9);
  EXPECT_EQ(inspection.by_position.back().name, "64-127");
  EXPECT_EQ(inspection.by_position.back().mean.labels, 6) << "of 70 tokens, those behind 64 to 69";
}

INSTANTIATE_TEST_SUITE_P(Models, InspectionOf,
                         ::testing::Values(testing::llama_config(), testing::gpt2_config(), testing::gemma_config()),
                         [](const auto& info) { return info.param.family; });

TEST(AttentionView, KnowsPatternsByTheirShares) {
  const std::int64_t tokens = 12, period = 6;
  const Tensor shares = at::zeros({4, tokens, tokens});
  for (std::int64_t i = 0; i < tokens; ++i) {
    shares[0][i][std::max<std::int64_t>(0, i - 1)] = 1;
    shares[1][i][0] = 1;
    shares[2][i].narrow(0, 0, i + 1).fill_(1.0 / static_cast<double>(i + 1));
    shares[3][i][i < period ? i : i - period + 1] = 1;
  }
  AttentionView whole, chunked;
  whole.add(shares, 0, 0);
  for (const auto& [first, rows] : {std::pair{0, 5}, std::pair{5, 1}, std::pair{6, 6}})
    chunked.add(shares.narrow(1, first, rows).narrow(2, 0, first + rows), first, 0);
  for (const auto& heads : {whole.heads(), chunked.heads()}) {
    EXPECT_DOUBLE_EQ(heads[0].previous_share, 1);
    EXPECT_DOUBLE_EQ(heads[0].distance, 1);
    EXPECT_DOUBLE_EQ(heads[0].entropy, 0);
    EXPECT_DOUBLE_EQ(heads[1].first_share, 1);
    EXPECT_DOUBLE_EQ(heads[1].distance, 6) << "the mean of 1 to 11";
    EXPECT_NEAR(heads[2].relative_entropy, 1, 1e-6);
    EXPECT_NEAR(heads[2].distance, 3, 1e-6);
    EXPECT_NEAR(heads[2].entropy, std::log(479001600.0) / 11, 1e-6) << "the mean of log 2 to log 12";
  }
  const Tensor induction = induction_sums(shares, 0, period) / period;
  EXPECT_DOUBLE_EQ(induction[3].item<double>(), 1);
  EXPECT_DOUBLE_EQ(induction[0].item<double>(), 0);
  const Tensor second = induction_sums(shares.narrow(1, 4, 5).narrow(2, 0, 9), 4, period) +
                        induction_sums(shares.narrow(1, 9, 3), 9, period);
  EXPECT_DOUBLE_EQ(second[3].item<double>(), 6);
}

TEST(MeanLoss, IsARatioOfSumsOverDocuments) {
  const std::vector<double> losses = {4, 9, 0}, labels = {2, 3, 0};
  const MeanLoss mean = mean_loss_of(losses, labels);
  EXPECT_DOUBLE_EQ(mean.loss, 2.6);
  EXPECT_DOUBLE_EQ(mean.error, std::sqrt(2 * (1.2 * 1.2 + 1.2 * 1.2)) / 5);
  EXPECT_TRUE(std::isinf(mean_loss_of(std::vector<double>{4}, std::vector<double>{2}).error));
}

}  // namespace
}  // namespace pegbox::train
