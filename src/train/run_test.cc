// Tests of training: accumulation equals the big batch, pausing changes no bit, and a model learns.
#include "train/run.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <set>

#include "train/method/scratch_model.h"
#include "train/ops/bf16_product.h"
#include "train/optim/optimizer.h"
#include "train/run_plan.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using ::testing::HasSubstr;
using testing::must;
using testing::same_bits;

/// Settings of every method that trains a base; what a name has behind its first word is for people.
const std::map<std::string, Json>& variants() {
  static const std::map<std::string, Json> table{
      {"lora", {{"method", "lora"}, {"rank", 4}}},
      {"full", {{"method", "full"}}},
      {"loraDora", {{"method", "lora"}, {"rank", 4}, {"dora", true}, {"rslora", true}}},
      {"loraPissa", {{"method", "lora"}, {"rank", 4}, {"lora_start", "pissa"}}},
      {"loraOlora", {{"method", "lora"}, {"rank", 4}, {"lora_start", "olora"}, {"target", "mlp"}}},
      {"qlora", {{"method", "qlora"}, {"rank", 4}}},
      {"lastLayer", {{"method", "last_k"}, {"last_layers", 1}}},
      {"bias", {{"method", "bias"}}},
      {"ia3", {{"method", "ia3"}}},
      {"adapterHoulsby", {{"method", "adapter"}, {"adapter_width", 8}, {"adapter_placement", "houlsby"}}},
      {"adapterParallel", {{"method", "adapter"}, {"adapter_width", 8}, {"adapter_placement", "parallel"}}},
      {"prompt", {{"method", "prompt"}, {"virtual_tokens", 6}}},
      {"prefix", {{"method", "prefix"}, {"virtual_tokens", 6}}},
  };
  return table;
}

std::vector<std::string> variant_names() {
  std::vector<std::string> names;
  for (const auto& [name, fields] : variants()) names.push_back(name);
  return names;
}

TrainConfig config_of(const std::string& variant) {
  const auto known = variants().find(variant);
  const Json fields = known == variants().end() ? Json{{"method", variant}} : known->second;
  TrainConfig config = must(read_train_config(Json::object(), fields, "test"));
  config.learning_rate = config.method == "full" || config.method == "lora" ? 1e-2 : 3e-2;
  config.batch_size = 7;
  config.tokens = 4000;
  config.seed = 3;
  return config;
}

class Training : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<TrainingRun> run(const TrainConfig& config, Lanes& lanes) const {
    return must(TrainingRun::create(model_, config, rows_, lanes));
  }
  std::unique_ptr<TrainingRun> run(const TrainConfig& config) { return run(config, one_); }

  void expect_same(TrainingRun& a, TrainingRun& b) {
    const Snapshot x = a.snapshot(), y = b.snapshot();
    ASSERT_EQ(x.tensors.size(), y.tensors.size());
    for (const auto& [name, tensor] : x.tensors) EXPECT_TRUE(same_bits(tensor, y.tensors.at(name))) << name;
    EXPECT_EQ(x.state, y.state);
  }

  BaseModel model_ = testing::random_model(GetParam() == "bias" ? testing::gpt2_config() : testing::llama_config());
  // 23 rows of ragged lengths, half of each a prompt: a batch of 7 reaches over the end of an epoch.
  text::TokenizedRows rows_ = testing::random_rows(
      {9, 30, 4, 17, 66, 12, 8, 25, 40, 5, 3, 31, 22, 14, 6, 19, 50, 11, 7, 28, 13, 70, 10}, 61, 5, 0.4);
  Lanes one_{1}, two_{2};
};

TEST_P(Training, AccumulationEqualsTheBigBatch) {
  TrainConfig whole = config_of(GetParam()), pieces = whole;
  whole.micro_batch = 1 << 20;
  pieces.micro_batch = 40;  // several micro-batches, the last ones smaller
  whole.dropout = pieces.dropout = 0.1;
  whole.learning_rate = pieces.learning_rate = 1e-3;  // Adam divides by roots of tiny numbers: it magnifies roundings
  const auto a = run(whole), b = run(pieces), c = run(pieces, two_);
  for (int step = 0; step < 5; ++step) {
    const StepReport x = must(a->step()), y = must(b->step()), z = must(c->step());
    EXPECT_NEAR(x.loss, y.loss, 2e-5 * x.loss) << step;
    EXPECT_NEAR(x.loss, z.loss, 2e-5 * x.loss) << step;
    EXPECT_NEAR(x.gradient_norm, y.gradient_norm, 1e-3 * x.gradient_norm) << step;
  }
}

TEST_P(Training, GradientsOfPiecesEqualThoseOfTheWhole) {
  TrainConfig whole = config_of(GetParam()), pieces = whole;
  pieces.micro_batch = 30;
  whole.micro_batch = 1 << 20;
  const std::vector<std::int64_t> rows = {4, 1, 2, 2, 16};
  const auto a = run(whole), b = run(pieces, two_);
  if (GetParam() != "full") {  // away from values such as B = 0, where others have no gradient
    must(a->step());
    must(b->step());
    must(b->restore(a->snapshot()));
  }
  const NamedTensors x = must(a->gradients(rows)), y = must(b->gradients(rows));
  for (const auto& [name, gradient] : x) EXPECT_LT(testing::relative_difference(y.at(name), gradient), 1e-5) << name;
}

TEST_P(Training, RecomputingLayersChangesNoBit) {
  TrainConfig plain = config_of(GetParam()), again = plain;
  plain.dropout = again.dropout = 0.1;
  again.recompute = "layers";
  const auto a = run(plain, two_), b = run(again, two_);
  for (int step = 0; step < 3; ++step) {
    const StepReport x = must(a->step()), y = must(b->step());
    EXPECT_EQ(x.loss, y.loss);
    EXPECT_EQ(x.gradient_norm, y.gradient_norm);
  }
  const std::vector<std::int64_t> rows = {4, 1, 2, 2, 16};
  const NamedTensors x = must(a->gradients(rows)), y = must(b->gradients(rows));
  for (const auto& [name, gradient] : x) EXPECT_TRUE(same_bits(y.at(name), gradient)) << name;
}

TEST_P(Training, PausingInMemoryChangesNoBit) {
  TrainConfig config = config_of(GetParam());
  config.dropout = 0.1;
  const auto through = run(config, two_), before = run(config, two_);
  must(through->train_until(1200));
  must(through->train_until(4000));
  must(before->train_until(1200));
  const Snapshot snapshot = before->snapshot();
  const auto after = run(config, two_);
  must(after->restore(snapshot));
  EXPECT_EQ(after->tokens(), before->tokens());
  must(after->train_until(4000));
  must(before->train_until(4000));
  expect_same(*through, *after);
  expect_same(*through, *before);
}

TEST_P(Training, PausingOnDiskChangesNoBit) {
  TrainConfig config = config_of(GetParam());
  config.dropout = 0.1;
  const auto folder = must(TemporaryFolder::create("snapshot"));
  const auto through = run(config), before = run(config);
  must(before->train_until(900));
  must(save_snapshot(folder.path() / "s.safetensors", before->snapshot()));
  const auto after = run(config);
  must(after->restore(must(load_snapshot(folder.path() / "s.safetensors"))));
  must(after->train_until(2500));
  must(through->train_until(2500));
  expect_same(*through, *after);
}

TEST_P(Training, TheSameSeedGivesTheSameBitsAndAnotherSeedOthers) {
  TrainConfig config = config_of(GetParam());
  config.dropout = 0.2;
  const auto a = run(config, two_), b = run(config, two_);
  config.seed = 4;
  const auto c = run(config, two_);
  for (const auto* one : {&a, &b, &c}) must((*one)->train_until(1000));
  expect_same(*a, *b);
  EXPECT_NE(a->take_train_loss(), c->take_train_loss());
}

TEST_P(Training, TheLossFalls) {
  TrainConfig config = config_of(GetParam());
  config.tokens = 20000;
  const auto trained = run(config, two_);
  const double before = must(trained->evaluate(rows_)).loss;
  must(trained->train_until(20000));
  EXPECT_TRUE(trained->finished());
  // Few numbers are trained by some methods, so that they learn less of random tokens.
  EXPECT_LT(must(trained->evaluate(rows_)).loss, (trained->trainable_parameters() > 2000 ? 0.8 : 0.97) * before);
}

TEST_P(Training, DivergenceIsAResult) {
  TrainConfig config = config_of(GetParam());
  config.learning_rate = 10;
  config.clip = 0;
  config.epsilon = 0;
  config.tokens = 1000000;
  const auto wild = run(config);
  // Poison a parameter: whatever the numbers did before, now no loss can be a number.
  wild->parameters().front().value.fill_(INFINITY);
  const auto result = wild->train_until(1000000);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::Diverged) << result.error().message;
}

TEST_P(Training, SnapshotsOfOtherRunsAreRefused) {
  const auto one = run(config_of(GetParam()));
  const text::TokenizedRows others = testing::random_rows({20, 20}, 61, 6);
  const auto other = must(TrainingRun::create(model_, config_of(GetParam()), others, one_));
  const auto refused = other->restore(one->snapshot());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("other training data"));
  Snapshot newer = one->snapshot();
  newer.state["format"] = 2;
  EXPECT_EQ(one->restore(newer).error().kind, ErrorKind::Unsupported);
  Snapshot cut = one->snapshot();
  cut.tensors.erase(cut.tensors.begin());
  EXPECT_FALSE(one->restore(cut));
  cut.state.erase("tokens");
  EXPECT_EQ(one->restore(cut).error().kind, ErrorKind::Corrupt);
}

INSTANTIATE_TEST_SUITE_P(Methods, Training, ::testing::ValuesIn(variant_names()),
                         [](const auto& info) { return info.param; });

TEST(TrainingOfEveryMethod, IsTested) {
  std::set<std::string> tested{"scratch"};
  for (const auto& [name, fields] : variants()) tested.insert(fields["method"].get<std::string>());
  for (const std::string_view name : method_names())
    if (method_trains(name)) EXPECT_TRUE(tested.contains(std::string(name))) << name;
}

TEST(TrainingFits, OrIsRefused) {
  const BaseModel model = testing::random_model(testing::llama_config());
  Lanes lanes(1);
  const auto refuse = [&](const BaseModel& base, const TrainConfig& config, const text::TokenizedRows& rows,
                          const std::string& words) {
    const auto run = TrainingRun::create(base, config, rows, lanes);
    ASSERT_FALSE(run) << words;
    EXPECT_EQ(run.error().kind, ErrorKind::InvalidInput);
    EXPECT_THAT(run.error().message, HasSubstr(words));
  };
  refuse(model, config_of("full"), testing::random_rows({300}, 61, 1), "positions");
  refuse(model, config_of("full"), testing::random_rows({30}, 200, 1), "no embedding");
  TrainConfig config = config_of("lora");
  config.target = "c_attn";
  refuse(model, config, testing::random_rows({30}, 61, 1), "c_attn");
  refuse(model, config_of("bias"), testing::random_rows({30}, 61, 1), "no biases");
  config = config_of("prompt");
  refuse(model, config, testing::random_rows({251}, 61, 1), "6 virtual tokens");
  config.virtual_tokens = 256;
  refuse(model, config, testing::random_rows({30}, 61, 1), "256 positions");
  config.method = "prefix";
  refuse(model, config, testing::random_rows({30}, 61, 1), "256 positions");
  config = config_of("lastLayer");
  config.last_layers = 3;
  refuse(model, config, testing::random_rows({30}, 61, 1), "at most 2");
  config = config_of("lora");
  config.rank = 33;
  refuse(model, config, testing::random_rows({30}, 61, 1), "at most 32");
  const BaseModel none = must(scratch_model(config_of("scratch"), 61, 0));
  refuse(none, config_of("lora"), testing::random_rows({30}, 61, 1), "base model");
}

TEST(TrainingFromScratch, LearnsAPattern) {
  for (const std::string shape : {"llama", "gpt2"}) {
    TrainConfig config = must(read_train_config(Json::object(),
                                                {{"method", "scratch"},
                                                 {"shape", shape},
                                                 {"width", 32},
                                                 {"layers", 2},
                                                 {"heads", 2},
                                                 {"sequence_length", 64},
                                                 {"tokens", 60000},
                                                 {"batch_size", 8},
                                                 {"learning_rate", 5e-3},
                                                 {"dropout", 0.01}},
                                                "test"));
    text::TokenizedRows rows;  // each token follows from the one before: 3 x + 1 modulo 50
    for (std::int64_t r = 0; r < 40; ++r) {
      std::int64_t x = r;
      for (int i = 0; i < 32; ++i, x = (3 * x + 1) % 50) rows.ids.push_back(static_cast<text::TokenId>(x));
      rows.offsets.push_back(rows.offsets.back() + 32);
      rows.label_starts.push_back(1);
    }
    const BaseModel model = must(scratch_model(config, 50, 0));
    Lanes lanes(2);
    const auto run = must(TrainingRun::create(model, config, rows, lanes));
    EXPECT_NEAR(must(run->evaluate(rows)).loss, std::log(50.0), 0.2) << shape << ": random weights know nothing";
    must(run->train_until(60000));
    EXPECT_LT(must(run->evaluate(rows)).loss, 0.1) << shape;
  }
}

/// Rows of a sequence in which each token follows from the one before: factor x + 1 modulo 50.
text::TokenizedRows sequence_rows(std::int64_t factor) {
  text::TokenizedRows rows;
  for (std::int64_t r = 0; r < 40; ++r) {
    std::int64_t x = r;
    for (int i = 0; i < 32; ++i, x = (factor * x + 1) % 50) rows.ids.push_back(static_cast<text::TokenId>(x));
    rows.offsets.push_back(rows.offsets.back() + 32);
    rows.label_starts.push_back(1);
  }
  return rows;
}

TEST(TrainingFromScratch, InBf16HasTheGradientsOfFp32ToItsRounding) {
  const auto config_in = [&](const std::string& precision) {
    const Json fields = {{"method", "scratch"}, {"width", 64}, {"layers", 2}, {"heads", 2}, {"precision", precision}};
    return must(read_train_config(Json::object(), fields, "test"));
  };
  const text::TokenizedRows rows = sequence_rows(3);
  const BaseModel model = must(scratch_model(config_in("fp32"), 50, 0));
  Lanes lanes(1);
  const auto whole = must(TrainingRun::create(model, config_in("fp32"), rows, lanes));
  auto half = TrainingRun::create(model, config_in("bf16"), rows, lanes);
  if (!has_bf16_products()) {
    ASSERT_FALSE(half);
    EXPECT_THAT(half.error().message, HasSubstr("does not multiply numbers in bf16"));
    return;
  }
  ASSERT_TRUE(half) << half.error().message;
  EXPECT_EQ((*half)->parameters()[0].value.scalar_type(), at::kFloat);
  const NamedTensors exact = must(whole->gradients({0, 1})), rounded = must((*half)->gradients({0, 1}));
  for (const auto& [name, gradient] : exact) {
    const double apart = (rounded.at(name) - gradient).norm().item<double>() / gradient.norm().item<double>();
    EXPECT_LT(apart, 0.03) << name;
    EXPECT_GT(apart, 1e-5) << name;
  }
}

TEST(TrainingOnABaseInFewerBits, LosesLittleAndTakesAQuarterOrHalfOfTheBytes) {
  const Json shape = {{"method", "scratch"}, {"width", 64},     {"layers", 2},           {"heads", 2},
                      {"tokens", 60000},     {"batch_size", 8}, {"learning_rate", 5e-3}, {"sequence_length", 64}};
  const TrainConfig config = must(read_train_config(Json::object(), shape, "test"));
  const BaseModel fresh = must(scratch_model(config, 50, 0));
  const text::TokenizedRows known = sequence_rows(3), wanted = sequence_rows(7);
  Lanes lanes(2);
  const auto pretrained = must(TrainingRun::create(fresh, config, known, lanes));
  must(pretrained->train_until(60000));
  const auto folder = must(TemporaryFolder::create("base"));
  must(pretrained->save(folder.path()));
  const BaseModel whole = must(load_model(folder.path())), small = must(load_model(folder.path(), BaseStorage::Nf4));
  EXPECT_TRUE(small.is_nf4_alone());
  EXPECT_FALSE(whole.is_nf4_alone());
  // Of bf16's two bytes for each number; embeddings and norms stay in fp32.
  const ModelLayout& layout = whole.decoder->layout();
  const double bf16 = 2.0 * static_cast<double>(layout.parameters_without_tables());
  EXPECT_LE(static_cast<double>(small.nf4->bytes()), 0.26 * bf16);
  const auto tables = static_cast<double>(layout.parameters() - layout.parameters_without_tables());
  EXPECT_LE(static_cast<double>(small.bytes()) - 4 * tables, 0.3 * bf16);

  const auto loss_of = [&](const BaseModel& base, const std::string& method, const std::string& precision = "fp32") {
    Json fields = {
        {"method", method}, {"precision", precision}, {"tokens", 60000}, {"batch_size", 8}, {"learning_rate", 5e-3}};
    if (method != "full") fields["rank"] = 8;
    const TrainConfig tuning = must(read_train_config(Json::object(), fields, "test"));
    const auto run = must(TrainingRun::create(base, tuning, wanted, lanes));
    const double before = must(run->evaluate(wanted)).loss;
    must(run->train_until(60000));
    const double after = must(run->evaluate(wanted)).loss;
    EXPECT_LT(after, 0.3 * before) << method;
    return after;
  };
  const double lora = loss_of(whole, "lora"), qlora = loss_of(small, "qlora");
  RecordProperty("lora", std::to_string(lora));
  RecordProperty("qlora", std::to_string(qlora));
  EXPECT_NEAR(qlora, lora, 0.05);
  EXPECT_EQ(qlora, loss_of(whole, "qlora")) << "quantized when it was read, or later";
  const auto refused =
      TrainingRun::create(small, must(read_train_config({}, {{"method", "lora"}}, "x")), wanted, lanes);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("4 bits alone"));

  const auto half = load_model(folder.path(), BaseStorage::Bf16);
  if (!has_bf16_products()) {
    ASSERT_FALSE(half);
    EXPECT_THAT(half.error().message, HasSubstr("does not multiply numbers in bf16"));
    GTEST_SKIP() << "this CPU has neither AMX nor AVX-512 BF16";
  }
  ASSERT_TRUE(half) << half.error().message;
  EXPECT_LE(static_cast<double>(half->bytes()) - 4 * tables, 1.02 * bf16);  // norms stay in fp32
  const double lora_bf16 = loss_of(*half, "lora", "bf16");
  RecordProperty("lora_bf16", std::to_string(lora_bf16));
  EXPECT_NEAR(lora_bf16, lora, 0.05);
  EXPECT_NEAR(loss_of(*half, "full", "bf16"), loss_of(whole, "full"), 0.05);
  const auto mixed = TrainingRun::create(*half, must(read_train_config({}, {{"method", "lora"}}, "x")), wanted, lanes);
  ASSERT_FALSE(mixed);
  EXPECT_THAT(mixed.error().message, HasSubstr("one precision, for all trials"));
}

TEST(TrainConfigFields, AreReadOverDefaults) {
  const TrainConfig config =
      must(read_train_config({{"rank", 8}, {"batch_size", 4}}, {{"rank", 32.0}, {"learning_rate", 1e-3}}, "trial 1"));
  EXPECT_EQ(config.rank, 32);
  EXPECT_EQ(config.batch_size, 4);
  EXPECT_EQ(config.learning_rate, 1e-3);
  EXPECT_EQ(config.weight_decay, 0);  // by the method
  EXPECT_EQ(must(read_train_config({}, {{"method", "full"}}, "x")).learning_rate, 2e-5);
}

TEST(TrainConfigFields, ThatAreWrongAreNamed) {
  const auto message = [](const Json& json) {
    const auto config = read_train_config({}, json, "trial 7");
    return config ? "accepted" : config.error().message;
  };
  EXPECT_THAT(message({{"learning_rat", 1}}), HasSubstr("learning_rate"));
  EXPECT_THAT(message({{"method", "magic"}}), HasSubstr("lora"));
  EXPECT_THAT(message({{"rank", 0}}), HasSubstr("rank"));
  EXPECT_THAT(message({{"dropout", 1.5}}), HasSubstr("dropout"));
  EXPECT_THAT(message({{"epochs", 0}}), HasSubstr("length"));
  EXPECT_THAT(message(Json::array()), HasSubstr("object"));
  EXPECT_THAT(message({{"rank", "many"}}), HasSubstr("trial 7"));
}

TEST(StepLaw, GivesThePublishedRate) {
  EXPECT_NEAR(step_law_learning_rate(1e9, 1e11), 1.79 * std::pow(1e9, -0.713) * std::pow(1e11, 0.307), 1e-12);
  EXPECT_EQ(step_law_learning_rate(1e5, 1e9), 5e-3);
}

TEST(StepLaw, IsTheRateOfARunFromScratchThatNamesNone) {
  Lanes lanes(1);
  const text::TokenizedRows rows = testing::random_rows({9, 30, 4}, 61, 5);
  const auto rate_of = [&](std::int64_t tokens, const char* optimizer, double named) {
    const Json fields = {
        {"method", "scratch"},    {"layers", 2},           {"width", 256}, {"heads", 4}, {"tokens", tokens},
        {"optimizer", optimizer}, {"learning_rate", named}};
    const TrainConfig config = must(read_train_config({}, fields, "test"));
    const BaseModel model = must(scratch_model(config, 61, 0));
    const auto run = must(TrainingRun::create(model, config, rows, lanes));
    const double law = step_law_learning_rate(static_cast<double>(model.decoder->layout().parameters_without_tables()),
                                              static_cast<double>(tokens));
    return std::pair(run->config().learning_rate, law);
  };
  const auto [brief, brief_law] = rate_of(3000, "adamw", 0);
  const auto [longer, longer_law] = rate_of(30000, "adamw", 0);
  EXPECT_DOUBLE_EQ(brief, brief_law);
  EXPECT_DOUBLE_EQ(longer, longer_law);
  EXPECT_NEAR(longer / brief, std::pow(10, 0.307), 1e-9);
  const double factor = optimizer_defaults("lion").rate_factor;
  ASSERT_NE(factor, 1);
  EXPECT_DOUBLE_EQ(rate_of(3000, "lion", 0).first, brief_law * factor);
  EXPECT_EQ(rate_of(3000, "adamw", 0.25).first, 0.25);
}

}  // namespace
}  // namespace pegbox::train
