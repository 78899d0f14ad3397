// Tests of the differentiable steps: values and gradients against the same mathematics composed of libtorch's own.
#include <cmath>

#include "train/model/rotary.h"
#include "train/ops/attention.h"
#include "train/ops/dropout.h"
#include "train/ops/gate.h"
#include "train/ops/lora_linear.h"
#include "train/ops/loss.h"
#include "train/ops/norm.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using testing::random_tensor;
using testing::relative_difference;

constexpr double kRounding = 2e-5;  // a few roundings of fp32 over sums of some hundred terms

Tensor leaf(Tensor tensor) { return tensor.detach().clone().set_requires_grad(true); }

/// Gradients of sum(output * weights) for each input.
Tensors gradients(const Tensor& output, const Tensors& inputs, std::uint64_t seed = 99) {
  for (const Tensor& input : inputs) input.mutable_grad().reset();
  (output * random_tensor(output.sizes().vec(), seed)).sum().backward();
  Tensors result;
  for (const Tensor& input : inputs) result.push_back(input.grad().clone());
  return result;
}

void expect_equal(const Tensor& ours, const Tensor& theirs, const Tensors& inputs, double tolerance = kRounding) {
  EXPECT_LT(relative_difference(ours, theirs), tolerance);
  const Tensors a = gradients(ours, inputs), b = gradients(theirs, inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    EXPECT_LT(relative_difference(a[i], b[i]), tolerance) << "input " << i;
}

/// A mask of one document with so many rows.
DropoutMask mask_of(std::uint64_t key, double probability, std::int64_t rows) {
  return DropoutSource({key}, {0, rows}).next(probability);
}

Tensor plain_rms_norm(const Tensor& x, const Tensor& weight, double epsilon) {
  return weight * (x * at::rsqrt(x.pow(2).mean(-1, true) + epsilon));
}

TEST(Ops, RmsNormEqualsItsDefinition) {
  const Tensor x = leaf(random_tensor({37, 24}, 1)), weight = leaf(random_tensor({24}, 2));
  expect_equal(residual_rms_norm(x, Tensor(), weight, 1e-5).second, plain_rms_norm(x, weight, 1e-5), {x, weight});
}

TEST(Ops, ResidualNormEqualsAdditionAndNorm) {
  const Tensor x = leaf(random_tensor({37, 24}, 1)), delta = leaf(random_tensor({37, 24}, 2)),
               weight = leaf(random_tensor({24}, 3));
  const auto [sum, normed] = residual_rms_norm(x, delta, weight, 1e-5);
  const Tensor plain_sum = x + delta;
  // Both outputs are used, as in a layer.
  expect_equal(at::cat({sum, normed}), at::cat({plain_sum, plain_rms_norm(plain_sum, weight, 1e-5)}),
               {x, delta, weight});
  const auto [sum_only, unused] = residual_rms_norm(x, delta, weight, 1e-5);
  expect_equal(sum_only, x + delta, {x, delta});
}

TEST(Ops, SiluGateEqualsItsDefinition) {
  const Tensor x = leaf(random_tensor({19, 40}, 4, 3));
  expect_equal(silu_gate(x), at::silu(x.narrow(1, 0, 20)) * x.narrow(1, 20, 20), {x});
}

TEST(Ops, GeluGateEqualsItsDefinition) {
  const Tensor x = leaf(random_tensor({19, 40}, 4, 3));
  expect_equal(gelu_gate(x), at::gelu(x.narrow(1, 0, 20), "tanh") * x.narrow(1, 20, 20), {x});
}

TEST(Ops, HeadNormsEqualNormsOfQueriesAndKeysAlone) {
  constexpr std::int64_t kHeads = 4, kKeys = 2, kWidth = 6;
  const Tensor packed = leaf(random_tensor({11, (kHeads + 2 * kKeys) * kWidth}, 5));
  const Tensor query_gain = leaf(random_tensor({kWidth}, 6)), key_gain = leaf(random_tensor({kWidth}, 7));
  const auto heads = [&](std::int64_t first, std::int64_t count) {
    return packed.narrow(1, first * kWidth, count * kWidth).reshape({11, count, kWidth});
  };
  const Tensor plain = at::cat({plain_rms_norm(heads(0, kHeads), query_gain, 1e-5),
                                plain_rms_norm(heads(kHeads, kKeys), key_gain, 1e-5), heads(kHeads + kKeys, kKeys)},
                               1)
                           .reshape_as(packed);
  expect_equal(head_rms_norms(packed, query_gain, key_gain, kHeads, kKeys, 1e-5), plain,
               {packed, query_gain, key_gain});
}

TEST(Ops, ExponentialIsPreciseOverItsRange) {
  const Tensor x = at::linspace(-100, 80, 20001);
  const Tensor gate_up = at::stack({x, at::ones_like(x)}, 1);  // silu(x) = x / (1 + exp(-x))
  EXPECT_LT((silu_gate(gate_up).squeeze(1) - at::silu(x)).abs().max().item<double>(), 1e-5);
}

struct AttentionCase {
  std::vector<std::int64_t> offsets;
  std::int64_t heads, kv_heads, head_width;
  bool rotary;
  std::int64_t window = 0;
  float cap = 0;
};

std::shared_ptr<AttentionPlan> plan_of(const AttentionCase& c) {
  auto plan = std::make_shared<AttentionPlan>();
  plan->shape = {c.heads, c.kv_heads, c.head_width, 1 / std::sqrt(static_cast<float>(c.head_width)), c.window, c.cap};
  plan->offsets = c.offsets;
  Tensors positions;
  for (std::size_t d = 0; d + 1 < c.offsets.size(); ++d)
    positions.push_back(at::arange(c.offsets[d + 1] - c.offsets[d], at::kLong));
  plan->positions = at::cat(positions);
  if (c.rotary) {
    const RotaryTables tables = rotary_tables({}, c.head_width, 512);
    plan->cosine = tables.cosine;
    plan->sine = tables.sine;
  }
  return plan;
}

/// [T, number D] -> [1, number, length, D] of one document.
Tensor heads_of(const Tensor& x, std::int64_t begin, std::int64_t end, std::int64_t number) {
  return x.narrow(0, begin, end - begin).reshape({end - begin, number, -1}).transpose(0, 1).unsqueeze(0);
}

Tensor turn(const Tensor& x, const Tensor& cosine, const Tensor& sine) {  // [1, H, L, D]
  const std::int64_t half = x.size(-1) / 2;
  const Tensor a = x.narrow(-1, 0, half), b = x.narrow(-1, half, half);
  return at::cat({a * cosine - b * sine, b * cosine + a * sine}, -1);
}

Tensor plain_attention(const Tensor& packed, const AttentionCase& c, const AttentionPlan& plan) {
  const std::int64_t width = c.head_width;
  Tensors documents;
  for (std::size_t d = 0; d + 1 < c.offsets.size(); ++d) {
    const std::int64_t begin = c.offsets[d], end = c.offsets[d + 1], length = end - begin;
    Tensor q = heads_of(packed.narrow(1, 0, c.heads * width), begin, end, c.heads);
    Tensor k = heads_of(packed.narrow(1, c.heads * width, c.kv_heads * width), begin, end, c.kv_heads);
    Tensor v = heads_of(packed.narrow(1, (c.heads + c.kv_heads) * width, c.kv_heads * width), begin, end, c.kv_heads);
    if (c.rotary) {
      q = turn(q, plan.cosine.narrow(0, 0, length), plan.sine.narrow(0, 0, length));
      k = turn(k, plan.cosine.narrow(0, 0, length), plan.sine.narrow(0, 0, length));
    }
    k = k.repeat_interleave(c.heads / c.kv_heads, 1);
    v = v.repeat_interleave(c.heads / c.kv_heads, 1);
    Tensor scores = at::matmul(q, k.transpose(-1, -2)) * plan.shape.scale;
    if (c.cap > 0) scores = at::tanh(scores / c.cap) * c.cap;
    const Tensor all = at::ones({length, length}, at::kBool);
    Tensor unseen = all.triu(1);
    if (c.window > 0) unseen = unseen.logical_or(all.tril(-c.window));
    const Tensor out = at::matmul(scores.masked_fill(unseen, -INFINITY).softmax(-1), v);
    documents.push_back(out.squeeze(0).transpose(0, 1).reshape({length, c.heads * width}));
  }
  return at::cat(documents);
}

TEST(Ops, AttentionEqualsItsDefinition) {
  for (const AttentionCase& c :
       {AttentionCase{{0, 1, 64, 200, 265}, 4, 2, 8, true}, AttentionCase{{0, 130}, 2, 2, 16, false},
        AttentionCase{{0, 7, 9}, 6, 1, 4, true},
        AttentionCase{{0, 1, 30, 300}, 4, 2, 8, true, 17},  // less than a block
        AttentionCase{{0, 40, 300}, 2, 1, 8, true, 100},    // more than one
        AttentionCase{{0, 130, 140}, 2, 2, 8, false, 1},    // each token alone
        AttentionCase{{0, 70, 160}, 4, 2, 8, true, 0, 1.5f}, AttentionCase{{0, 70, 160}, 4, 2, 8, true, 20, 1.5f}}) {
    const auto plan = plan_of(c);
    const Tensor packed = leaf(random_tensor({c.offsets.back(), (c.heads + 2 * c.kv_heads) * c.head_width}, 7));
    expect_equal(packed_attention(packed, plan, {}), plain_attention(packed, c, *plan), {packed});
  }
}

TEST(Ops, AttentionWithDropoutHasTheGradientOfItsOwnMask) {
  for (const AttentionCase& c :
       {AttentionCase{{0, 70, 90}, 2, 1, 4, true}, AttentionCase{{0, 70, 90}, 2, 1, 4, true, 21, 2.0f}}) {
    const auto plan = plan_of(c);
    const DropoutMask mask = DropoutSource({12345, 54321}, c.offsets).next(0.3);
    const Tensor packed = leaf(random_tensor({90, 16}, 8));
    const Tensor weights = random_tensor({90, 8}, 9), direction = random_tensor({90, 16}, 10, 0.1);
    (packed_attention(packed, plan, mask) * weights).sum().backward();
    const double predicted = (packed.grad() * direction).sum().item<double>();
    const double step = 1e-2;
    const auto value = [&](double at) {
      return (packed_attention(packed.detach() + at * direction, plan, mask) * weights)
          .to(at::kDouble)
          .sum()
          .item<double>();
    };
    const double measured = (value(step) - value(-step)) / (2 * step);
    EXPECT_NEAR(measured, predicted, 2e-3 * std::abs(predicted) + 1e-3) << c.window;
    // The mask does something, and is the same each time.
    EXPECT_GT(relative_difference(packed_attention(packed, plan, {}), packed_attention(packed, plan, mask)), 0.05);
    EXPECT_TRUE(testing::same_bits(packed_attention(packed, plan, mask), packed_attention(packed, plan, mask)));
  }
}

TEST(Ops, DropoutKeepsTheExpectedShareAndItsBackwardPassTheSameElements) {
  const Tensor x = leaf(at::ones({1000, 100}));
  const Tensor y = dropout(x, mask_of(42, 0.2, 1000));
  const double kept = (y != 0).to(at::kDouble).mean().item<double>();
  EXPECT_NEAR(kept, 0.8, 0.005);  // four standard deviations
  EXPECT_NEAR(y.max().item<double>(), 1.25, 1e-6);
  y.sum().backward();
  EXPECT_TRUE(testing::same_bits(x.grad(), y.detach()));
  EXPECT_FALSE(testing::same_bits(dropout(x, mask_of(43, 0.2, 1000)), y));
}

TEST(Ops, DropoutMasksOfNeighbouringKeysAreUnrelated) {
  DropoutSource source({7}, {0, 200000});
  const Tensor x = at::ones({200000});
  const Tensor a = dropout(x, source.next(0.5)) - 1, b = dropout(x, source.next(0.5)) - 1;
  EXPECT_LT(std::abs((a * b).mean().item<double>()), 0.01);
  DropoutSource again({7}, {0, 200000});
  EXPECT_TRUE(testing::same_bits(dropout(x, again.next(0.5)) - 1, a));
}

TEST(Ops, DropoutOfADocumentDoesNotDependOnWhatItIsPackedWith) {
  const AttentionCase c{{0, 70, 90}, 2, 1, 4, true};
  const Tensor x = random_tensor({90, 16}, 8), alone = x.narrow(0, 70, 20).contiguous();
  const DropoutMask mask = DropoutSource({1, 2}, {0, 70, 90}).next(0.3), own = mask_of(2, 0.3, 20);
  EXPECT_TRUE(testing::same_bits(dropout(x, mask).narrow(0, 70, 20).contiguous(), dropout(alone, own)));
  AttentionCase one = c;
  one.offsets = {0, 20};
  EXPECT_LT(relative_difference(packed_attention(x, plan_of(c), mask).narrow(0, 70, 20),
                                packed_attention(alone, plan_of(one), own)),
            kRounding);
}

TEST(Ops, DropoutOfSomeRowsOfEachDocumentHasTheirOffsets) {
  DropoutSource source({1, 2}, {0, 3, 5});
  source.also_at({0, 1, 3});
  const DropoutMask mask = source.next(0.5);
  EXPECT_TRUE(testing::same_bits(dropout(at::ones({3, 64}), mask).narrow(0, 1, 2).contiguous(),
                                 dropout(at::ones({5, 64}), mask).narrow(0, 3, 2).contiguous()));
}

TEST(Ops, LabelLossEqualsCrossEntropy) {
  const Tensor hidden = leaf(random_tensor({300, 16}, 11)), head = leaf(random_tensor({4000, 16}, 12));
  const Tensor labels = at::arange(300, at::kLong) * 13;
  const Tensor ours = label_loss(hidden, head, labels, 1.0 / 300);
  const Tensor theirs = at::cross_entropy_loss(at::mm(hidden, head.t()), labels);
  EXPECT_NEAR(ours.item<double>(), theirs.item<double>(), 1e-5);
  EXPECT_NEAR(label_loss_value(hidden.detach(), head.detach(), labels) / 300, theirs.item<double>(), 1e-5);
  (ours * 2).backward();
  const Tensor dhidden = hidden.grad().clone(), dhead = head.grad().clone();
  hidden.mutable_grad().reset();
  head.mutable_grad().reset();
  (theirs * 2).backward();
  EXPECT_LT(relative_difference(dhidden, hidden.grad()), kRounding);
  EXPECT_LT(relative_difference(dhead, head.grad()), kRounding);
}

TEST(Ops, LabelLossWithSmoothingZLossAndCapEqualsItsDefinition) {
  const Tensor hidden = leaf(random_tensor({70, 16}, 11)), head = leaf(random_tensor({900, 16}, 12));
  const Tensor labels = at::arange(70, at::kLong) * 11;
  for (const auto& [smoothing, z_loss, cap] :
       {std::tuple{0.1, 0.0, 0.0}, {0.0, 0.02, 0.0}, {0.2, 0.01, 0.0}, {0.0, 0.0, 5.0}, {0.2, 0.01, 2.0}}) {
    const Tensor ours =
        label_loss(hidden, head, labels, 1.0 / 70,
                   {.terms = {.smoothing = static_cast<float>(smoothing), .z_loss = static_cast<float>(z_loss)},
                    .logit_cap = cap});
    Tensor logits = at::mm(hidden, head.t());
    if (cap > 0) logits = at::tanh(logits / cap) * cap;
    const Tensor theirs = at::cross_entropy_loss(logits, labels, {}, at::Reduction::Mean, -100, smoothing) +
                          z_loss * logits.logsumexp({1}).square().mean();
    EXPECT_NEAR(ours.item<double>(), theirs.item<double>(), 2e-5) << smoothing << ' ' << z_loss << ' ' << cap;
    hidden.mutable_grad().reset();
    head.mutable_grad().reset();
    ours.backward();
    const Tensor dhidden = hidden.grad().clone(), dhead = head.grad().clone();
    hidden.mutable_grad().reset();
    head.mutable_grad().reset();
    theirs.backward();
    EXPECT_LT(relative_difference(dhidden, hidden.grad()), kRounding) << smoothing << ' ' << z_loss << ' ' << cap;
    EXPECT_LT(relative_difference(dhead, head.grad()), kRounding) << smoothing << ' ' << z_loss << ' ' << cap;
  }
}

/// The sum of the rows' divergences between a teacher's events and logits [L, V], in the words of its definition.
Tensor plain_divergence(const Tensor& logits, const SoftLabels& soft, const kernels::DivergenceKind& kind) {
  Tensor p = soft.logarithms.to(at::kDouble), q = at::log_softmax(logits / kind.temperature, -1);
  if (soft.tokens.defined()) {
    const Tensor tokens = soft.tokens.to(at::kLong), others = q.exp().scatter(1, tokens, 0).sum(-1, true).log();
    p = at::cat({p, soft.rest.to(at::kDouble).unsqueeze(1)}, 1);
    q = at::cat({q.gather(1, tokens), others}, 1);
  }
  if (kind.divergence == kernels::Divergence::ForwardKl) return (p.exp() * (p - q)).sum();
  if (kind.divergence == kernels::Divergence::ReverseKl) return (q.exp() * (q - p)).sum();
  const double beta = kind.beta;
  const Tensor mean = (beta * p.exp() + (1 - beta) * q.exp()).log();
  return beta * (p.exp() * (p - mean)).sum() + (1 - beta) * (q.exp() * (q - mean)).sum();
}

std::vector<kernels::DivergenceKind> divergences() {
  std::vector<kernels::DivergenceKind> kinds;
  for (const auto divergence : {kernels::Divergence::ForwardKl, kernels::Divergence::ReverseKl})
    for (const float temperature : {1.0f, 2.5f, 0.6f}) kinds.push_back({divergence, 0.5f, temperature});
  for (const float beta : {0.1f, 0.5f, 0.95f})
    for (const float temperature : {1.0f, 3.0f})
      kinds.push_back({kernels::Divergence::JensenShannon, beta, temperature});
  return kinds;
}

struct TaughtCase {
  Tensor hidden = leaf(random_tensor({70, 16}, 11)), head = leaf(random_tensor({900, 16}, 12));
  Tensor labels = at::arange(70, at::kLong) * 11, teacher = random_tensor({70, 900}, 13, 3);
  Tensor row_weights = random_tensor({70}, 14).abs();

  SoftLabelRows rows(double temperature, std::int64_t top) const {
    const auto all = std::make_shared<SoftLabels>(soft_labels(teacher.clone(), {temperature, top, 900}));
    return {{all, 0, 20}, {all, 20, 1}, {all, 21, 49}};
  }
};

TEST(Ops, ATeachersTermEqualsItsDefinition) {
  const TaughtCase c;
  constexpr double kWeight = 0.3;
  for (const kernels::DivergenceKind& kind : divergences())
    for (const auto& [top, smoothing, z_loss, cap] :
         {std::tuple{0, 0.0, 0.0, 0.0}, {40, 0.0, 0.0, 0.0}, {1, 0.1, 0.01, 2.0}, {0, 0.1, 0.01, 2.0}}) {
      const LossKind loss{.terms = {.smoothing = static_cast<float>(smoothing),
                                    .z_loss = static_cast<float>(z_loss),
                                    .label = static_cast<float>(1 - kWeight)},
                          .logit_cap = cap,
                          .teacher = {c.rows(kind.temperature, top), kWeight, kind}};
      const Tensor ours = label_loss(c.hidden, c.head, c.labels, 1.0 / 70, loss);
      Tensor logits = at::mm(c.hidden, c.head.t()).to(at::kDouble);
      if (cap > 0) logits = at::tanh(logits / cap) * cap;
      const double weight = kWeight * kind.temperature * kind.temperature / 70;
      const Tensor theirs =
          (1 - kWeight) * at::cross_entropy_loss(logits, c.labels, {}, at::Reduction::Mean, -100, smoothing) +
          z_loss * logits.logsumexp({1}).square().mean() +
          weight * plain_divergence(logits, *loss.teacher.rows.front().of, kind);
      const auto name = ::testing::Message() << static_cast<int>(kind.divergence) << ' ' << kind.beta << ' '
                                             << kind.temperature << ' ' << top << ' ' << cap;
      EXPECT_NEAR(ours.item<double>(), theirs.item<double>(), 1e-5 * theirs.item<double>()) << name;
      const Tensors own = gradients(ours, {c.hidden, c.head}), exact = gradients(theirs, {c.hidden, c.head});
      EXPECT_LT(relative_difference(own[0], exact[0]), kRounding) << name;
      EXPECT_LT(relative_difference(own[1], exact[1]), kRounding) << name;
    }
}

TEST(Ops, ATeachersTermHasTheWeightsOfItsRows) {
  const TaughtCase c;
  const kernels::DivergenceKind kind;
  const SoftLabelRows rows = c.rows(1, 40);
  Tensor sum = at::zeros({}, at::kDouble);
  for (std::int64_t i = 0; i < 70; ++i)
    sum = sum + c.row_weights[i] * label_loss(c.hidden.narrow(0, i, 1), c.head, c.labels.narrow(0, i, 1), 1,
                                              {.teacher = {{{rows.front().of, i, 1}}, 0.5, kind}});
  const LossKind loss{.row_weights = c.row_weights, .teacher = {rows, 0.5, kind}};
  expect_equal(label_loss(c.hidden, c.head, c.labels, 1, loss), sum, {c.hidden, c.head});
}

TEST(Ops, ATeachersTermOfHugeLogitsIsFinite) {
  const Tensor hidden = leaf(at::ones({1, 1})), head = leaf(at::tensor({1000.0f, -1000.0f, 990.0f}).unsqueeze(1));
  for (const auto divergence :
       {kernels::Divergence::ForwardKl, kernels::Divergence::ReverseKl, kernels::Divergence::JensenShannon})
    for (const int top : {0, 1}) {
      const auto soft =
          std::make_shared<SoftLabels>(soft_labels(at::tensor({-900.0f, 900.0f, 0.0f}).unsqueeze(0), {1, top, 3}));
      const Tensor loss =
          label_loss(hidden, head, at::tensor({1}, at::kLong), 1, {.teacher = {{{soft, 0, 1}}, 1, {divergence}}});
      EXPECT_TRUE(std::isfinite(loss.item<double>()));
      EXPECT_GT(loss.item<double>(), 0.5);
      for (const Tensor& gradient : gradients(loss, {hidden, head}))
        EXPECT_TRUE(gradient.isfinite().all().item<bool>());
    }
  const Tensor nan = at::full({1, 1}, NAN);
  const auto soft = std::make_shared<SoftLabels>(soft_labels(at::zeros({1, 3}), {1, 0, 3}));
  EXPECT_TRUE(std::isnan(label_loss(nan, head.detach(), at::tensor({1}, at::kLong), 1,
                                    {.terms = {.label = 0}, .teacher = {{{soft, 0, 1}}, 1, {}}})
                             .item<double>()));
}

TEST(Ops, LabelLossOfHugeLogitsIsFinite) {
  const Tensor hidden = at::ones({1, 1}), head = at::tensor({1000.0f, -1000.0f, 990.0f}).unsqueeze(1);
  EXPECT_NEAR(label_loss_value(hidden, head, at::tensor({2}, at::kLong)), 10 + std::log1p(std::exp(-10.0)), 1e-4);
}

TEST(Ops, LabelLossOfNotANumberIsNotANumber) {
  const Tensor hidden = at::full({1, 1}, NAN), head = at::ones({3, 1});
  EXPECT_TRUE(std::isnan(label_loss_value(hidden, head, at::tensor({2}, at::kLong))));
}

struct LoraCase {
  LoraFactors factors;
  Tensor x, weight, bias;
};

LoraCase lora_case() {
  return {.factors = {.a = leaf(random_tensor({6, 10}, 21)),
                      .b = leaf(random_tensor({9, 3}, 22)),
                      .parts = {{0, 4, 0}, {7, 5, 4}},
                      .rank = 3,
                      .scale = 0.7},
          .x = leaf(random_tensor({23, 10}, 23)),
          .weight = random_tensor({12, 10}, 24),
          .bias = random_tensor({12}, 25)};
}

Tensor plain_lora(const LoraCase& c, const Tensor& seen) {
  const Tensor update = at::cat({at::mm(c.factors.b.narrow(0, 0, 4), c.factors.a.narrow(0, 0, 3)), at::zeros({3, 10}),
                                 at::mm(c.factors.b.narrow(0, 4, 5), c.factors.a.narrow(0, 3, 3))});
  return at::addmm(c.bias, c.x, c.weight.t()) + c.factors.scale * at::mm(seen, update.t());
}

TEST(Ops, LoraLinearEqualsItsDefinition) {
  const LoraCase c = lora_case();
  expect_equal(lora_linear(c.x, c.weight, c.bias, c.factors, {}), plain_lora(c, c.x), {c.x, c.factors.a, c.factors.b});
}

TEST(Ops, LoraLinearWithDropoutEqualsItsDefinition) {
  const LoraCase c = lora_case();
  const DropoutMask mask = mask_of(5, 0.4, 23);
  expect_equal(lora_linear(c.x, c.weight, c.bias, c.factors, mask), plain_lora(c, dropout(c.x, mask)),
               {c.x, c.factors.a, c.factors.b});
}

TEST(Ops, LoraLinearOfSeveralUpdatesEqualsEachAlone) {
  const LoraCase c = lora_case();
  LoraFactors other{.a = leaf(random_tensor({2, 10}, 31)),
                    .b = leaf(random_tensor({5, 2}, 32)),
                    .parts = {{7, 5, 0}},
                    .rank = 2,
                    .scale = 1.3};
  const DropoutMask first = mask_of(5, 0.4, 8), second = mask_of(6, 0.1, 12);
  const Tensor joined = lora_linear(c.x, c.weight, c.bias, {{c.factors, first, 0, 8}, {other, second, 11, 12}});
  const Tensor alone = at::cat({lora_linear(c.x.narrow(0, 0, 8), c.weight, c.bias, c.factors, first),
                                at::addmm(c.bias, c.x.narrow(0, 8, 3), c.weight.t()),
                                lora_linear(c.x.narrow(0, 11, 12), c.weight, c.bias, other, second)});
  expect_equal(joined, alone, {c.x, c.factors.a, c.factors.b, other.a, other.b});
}

TEST(Ops, LoraLinearWithoutItsFirstFactorsEqualsItsDefinition) {
  LoraCase c = lora_case();
  const Tensor plain = plain_lora(c, dropout(c.x, mask_of(5, 0.4, 23)));
  c.factors.start_a = random_tensor({6, 10}, 26);
  c.factors.start_b = random_tensor({9, 3}, 27);
  const LoraCase start{.factors = {.a = c.factors.start_a, .b = c.factors.start_b, .parts = {}, .scale = -0.7},
                       .x = c.x,
                       .weight = at::zeros({12, 10}),
                       .bias = at::zeros({12})};
  expect_equal(lora_linear(c.x, c.weight, c.bias, c.factors, mask_of(5, 0.4, 23)), plain + plain_lora(start, c.x),
               {c.x, c.factors.a, c.factors.b});
}

}  // namespace
}  // namespace pegbox::train
