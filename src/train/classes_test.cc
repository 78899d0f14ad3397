// Tests of classifiers: names and rows of classes, weights, scores, and a head that is trained, saved and read.
#include "train/classes.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>

#include "base/json.h"
#include "train/evaluate.h"
#include "train/lanes.h"
#include "train/method/adapter_files.h"
#include "train/method/method.h"
#include "train/run.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::must;

std::vector<text::Row> rows_with(const std::vector<std::string>& labels) {
  std::vector<text::Row> rows;
  for (const std::string& label : labels) rows.push_back({.prompt = "", .text = "a text", .label = label});
  return rows;
}

TEST(Classes, HaveTheNamesOfTheirLabelsInOrder) {
  EXPECT_THAT(must(class_names(rows_with({"b", "a", "b"}))), ElementsAre("a", "b"));
  EXPECT_THAT(must(class_names(rows_with({"10", "9", "-1"}))), ElementsAre("-1", "9", "10"));
  EXPECT_FALSE(class_names(rows_with({"a", "a"})));
}

/// Random texts of 5 tokens, and behind each the number of its class.
text::TokenizedRows classified(const std::vector<std::int64_t>& classes) {
  text::TokenizedRows rows = testing::random_rows(std::vector<std::int64_t>(classes.size(), 6), 61, 3);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    rows.ids[i * 6 + 5] = static_cast<text::TokenId>(classes[i]);
    rows.ids[i * 6 + 4] = static_cast<text::TokenId>(20 + classes[i]);  // which tells it
    rows.label_starts[i] = 5;
  }
  return rows;
}

TEST(Classes, WeighRareOnesMoreAndHaveTheMeanOne) {
  const text::TokenizedRows rows = classified({0, 0, 0, 2});
  const Tensor balanced = class_weights(rows, 3, 1), half = class_weights(rows, 3, 0.5),
               none = class_weights(rows, 3, 0);
  EXPECT_NEAR(balanced[0].item<double>(), 2.0 / 3, 1e-6);
  EXPECT_NEAR(balanced[2].item<double>(), 2, 1e-6);
  EXPECT_EQ(balanced[1].item<double>(), 0);
  EXPECT_NEAR((half[2] / half[0]).item<double>(), std::sqrt(3.0), 1e-6);
  EXPECT_NEAR((3 * half[0] + half[2]).item<double>(), 4, 1e-6);
  EXPECT_NEAR(none[0].item<double>(), 1, 1e-6);
}

TEST(Classes, ScoresAreThoseOfTheirDefinitions) {
  ClassCounts counts;
  // Answers 0, 0, 1 to labels 0, 1, 1; the fourth class never occurs.
  counts.count(at::tensor(std::vector<float>{2, 1, 0, 0, 2, 1, 0, 0, 1, 2, 0, 0}).reshape({3, 4}),
               at::tensor(std::vector<std::int64_t>{0, 1, 1}, at::kLong));
  EXPECT_DOUBLE_EQ(counts.accuracy(), 2.0 / 3);
  EXPECT_DOUBLE_EQ(counts.macro_f1(), (2.0 / 3 + 2.0 / 3) / 2);
  ClassCounts more;
  more.count(at::tensor(std::vector<float>{0, 0, 1, 0}).reshape({1, 4}),
             at::tensor(std::vector<std::int64_t>{2}, at::kLong));
  counts.add(more);
  EXPECT_DOUBLE_EQ(counts.accuracy(), 3.0 / 4);
}

BaseModel classifier(std::int64_t classes) {
  ModelConfig config = testing::llama_config();
  for (std::int64_t c = 0; c < classes; ++c) config.labels.push_back(fmt::format("class {}", c));
  return testing::random_model(config);
}

TrainConfig classifying_config(Json fields) {
  fields.update({{"task", "classify"}, {"epochs", 30}, {"batch_size", 6}, {"sequence_length", 16}});
  return must(read_train_config(Json::object(), fields, "test"));
}

TEST(Classifier, LearnsWithEveryMethodThatTrainsItsHead) {
  const BaseModel base = classifier(3);
  const text::TokenizedRows rows = classified({0, 1, 2, 2, 1, 0, 2, 0, 1, 1, 2, 0});
  Lanes lanes(1);
  for (const char* method : {"full", "lora", "qlora", "last_k", "ia3", "adapter"}) {
    const auto run =
        must(TrainingRun::create(base, classifying_config({{"method", method}, {"learning_rate", 1e-2}}), rows, lanes));
    const double before = must(run->evaluate(rows)).loss;
    must(run->train_until(run->total_tokens()));
    const Evaluation after = must(run->evaluate(rows));
    EXPECT_LT(after.loss, before) << method;
    EXPECT_GT(after.classes.accuracy(), 0.9) << method;
  }
}

TEST(Classifier, SavesItsHeadWithAnAdapterAndReadsIt) {
  const BaseModel base = classifier(3);
  for (const char* name : {"lora", "last_k", "ia3"}) {
    const auto method = must(make_method(classifying_config({{"method", name}}), base));
    Tensors values;
    for (const Parameter& parameter : method->initial_parameters(1))
      values.push_back(parameter.value + testing::random_tensor(parameter.value.sizes().vec(), 5, 0.1));
    const auto folder = must(TemporaryFolder::create("classifier"));
    must(method->save(folder.path(), values));
    EXPECT_EQ(must(base_labels_of(folder.path())), base.decoder->config().labels);
    const Adapter adapter = must(load_adapter(folder.path(), base));
    ASSERT_EQ(adapter.values.size(), values.size()) << name;
    EXPECT_TRUE(testing::same_bits(adapter.values.back(), values.back())) << name;
    const Weights merged = must(adapter.method->merged(adapter.values));
    EXPECT_TRUE(testing::same_bits(merged.back(), values.back())) << name;
  }
}

TEST(Classifier, IsWrittenAndReadAsAModel) {
  const BaseModel base = classifier(3);
  const auto folder = must(TemporaryFolder::create("classifier"));
  must(save_model(folder.path(), base.decoder->config(), base.decoder->layout(), base.weights));
  const BaseModel again = must(load_model(folder.path()));
  EXPECT_EQ(again.decoder->config().labels, base.decoder->config().labels);
  EXPECT_TRUE(testing::same_bits(again.weights.back(), base.weights.back()));
  const auto other = load_model(folder.path(), BaseStorage::Fp32, {"yes", "no"});
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("class 0"));
}

TEST(Classifier, BeginsWithAHeadThatKnowsNothing) {
  const BaseModel language = testing::random_model(testing::llama_config());
  const auto folder = must(TemporaryFolder::create("language"));
  must(save_model(folder.path(), language.decoder->config(), language.decoder->layout(), language.weights));
  const BaseModel made = must(load_model(folder.path(), BaseStorage::Fp32, {"yes", "no"}));
  EXPECT_EQ(made.weights.back().abs().max().item<double>(), 0);
  Lanes lanes(1);
  const PlainNetwork network(made.decoder->layout(), made.weights);
  const Evaluation blind = evaluate(*made.decoder, network, classified({0, 1, 1, 0}), lanes, 100);
  EXPECT_NEAR(blind.loss, std::log(2.0), 1e-6);
}

}  // namespace
}  // namespace pegbox::train
