// Tests that every method passes: what it writes is read with the same answers, a merge gives them too, values and
// gradients are those of a plain composition, and it begins as the base where it says so.
#include "train/method/method.h"

#include <gmock/gmock.h>

#include <set>

#include "text/packing.h"
#include "train/batch.h"
#include "train/method/method_cases_for_test.h"
#include "train/method/reference_for_test.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using testing::MethodCase;
using testing::must;
using testing::random_tensor;
using testing::relative_difference;

constexpr double kRoundings = 5e-5;          // of fp32 through two layers
constexpr double kGradientRoundings = 5e-4;  // and back; PiSSA subtracts the principal part of a weight again

class MethodOf : public ::testing::TestWithParam<MethodCase> {
 protected:
  MethodOf() : base_(testing::random_model(GetParam().model)), method_(must(make_method(config(), base_))) {
    for (const Parameter& parameter : method_->initial_parameters(7)) initial_.push_back(parameter.value);
    for (std::size_t i = 0; i < initial_.size(); ++i)
      values_.push_back(initial_[i] + random_tensor(initial_[i].sizes().vec(), 30 + i, GetParam().deviation));
  }

  TrainConfig config() const { return must(read_train_config(Json::object(), GetParam().fields, "case")); }

  Tensor hidden(const Network& network) const {
    DropoutSource none;
    return base_.decoder->hidden(network, to_batch(text::pack(rows_, std::vector<std::int64_t>{0, 1, 2})), none, {},
                                 /*all_rows=*/true);
  }

  Tensor reference_hidden(const Tensors& values) const {
    const testing::ReferenceDecoder decoder(base_, GetParam().reference(base_, config(), initial_, values));
    Tensors documents;
    for (std::int64_t row = 0; row < rows_.size(); ++row) {
      const auto ids = rows_.row(row);
      documents.push_back(decoder.hidden(at::tensor(std::vector<std::int64_t>(ids.begin(), ids.end()), at::kLong)));
    }
    return at::cat(documents);
  }

  BaseModel base_;
  std::unique_ptr<Method> method_;
  Tensors initial_, values_;  // values_: as after some training
  text::TokenizedRows rows_ = testing::random_rows({20, 1, 9}, 61, 4);
};

TEST_P(MethodOf, SaysTheShapesOfItsParameters) {
  const std::vector<Parameter> shapes = method_->parameter_shapes();
  ASSERT_EQ(shapes.size(), initial_.size());
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    EXPECT_EQ(shapes[i].value.sizes(), initial_[i].sizes()) << shapes[i].name;
    sum += initial_[i].numel();
  }
  EXPECT_EQ(sum, method_->parameter_count());
}

TEST_P(MethodOf, BeginsAsTheBase) {
  const PlainNetwork plain(base_.decoder->layout(), base_.weights);
  const double difference = relative_difference(hidden(*method_->network(initial_)), hidden(plain));
  if (GetParam().begins_as_base)
    EXPECT_LT(difference, kRoundings);
  else
    EXPECT_GT(difference, 1e-3);
}

TEST_P(MethodOf, ValuesAndGradientsEqualAPlainComposition) {
  Tensors ours, theirs;
  for (const Tensor& value : values_) {
    ours.push_back(value.clone().set_requires_grad(true));
    theirs.push_back(value.clone().set_requires_grad(true));
  }
  const auto network = method_->network(ours);
  const Tensor a = hidden(*network), b = reference_hidden(theirs);
  EXPECT_LT(relative_difference(a, b), kRoundings);
  const Tensor weights = random_tensor(a.sizes().vec(), 99);
  (a * weights).sum().backward();
  (b * weights).sum().backward();
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (!theirs[i].grad().defined()) {
      EXPECT_FALSE(ours[i].grad().defined()) << i;
      continue;
    }
    EXPECT_LT(relative_difference(ours[i].grad(), theirs[i].grad()), kGradientRoundings) << i;
  }
}

TEST_P(MethodOf, WhatItWritesIsReadWithTheSameAnswers) {
  const auto folder = must(TemporaryFolder::create("method"));
  must(method_->save(folder.path(), values_));
  const Tensor trained = hidden(*method_->network(values_));
  if (GetParam().writes_a_model) {
    const BaseModel written = must(load_model(folder.path()));
    const PlainNetwork plain(written.decoder->layout(), written.weights);
    EXPECT_TRUE(testing::same_bits(hidden(plain), trained));
    return;
  }
  const Adapter adapter = must(load_adapter(folder.path(), base_));
  EXPECT_LT(relative_difference(hidden(*adapter.method->network(adapter.values)), trained), kRoundings);
  const PlainNetwork plain(base_.decoder->layout(), base_.weights);
  EXPECT_GT(relative_difference(trained, hidden(plain)), 1e-2);
}

TEST_P(MethodOf, AMergedModelGivesTheSameAnswers) {
  const auto merged = method_->merged(values_);
  if (!GetParam().merges) {
    ASSERT_FALSE(merged);
    EXPECT_EQ(merged.error().kind, ErrorKind::Unsupported) << merged.error().message;
    return;
  }
  const PlainNetwork plain(base_.decoder->layout(), must(merged));
  EXPECT_LT(relative_difference(hidden(plain), hidden(*method_->network(values_))), kRoundings);
}

TEST_P(MethodOf, TokensOverACacheEqualTheWholeSequence) {
  const auto network = method_->network(values_);
  const auto row = rows_.row(0);
  const std::vector<std::int64_t> ids(row.begin(), row.end());
  const Tensor whole = hidden(*network);
  KeyValueCache cache;
  const auto first = base_.decoder->extend(*network, {ids.begin(), ids.begin() + 12}, cache);
  const auto last = base_.decoder->extend(*network, {ids.begin() + 12, ids.end()}, cache);
  EXPECT_LT(relative_difference(first, whole.narrow(0, 11, 1)), kRoundings);
  EXPECT_LT(relative_difference(last, whole.narrow(0, 19, 1)), kRoundings);
}

INSTANTIATE_TEST_SUITE_P(Cases, MethodOf, ::testing::ValuesIn(testing::method_cases()),
                         [](const auto& info) { return info.param.name; });

TEST(Methods, EachHasACase) {
  std::set<std::string> tested;
  for (const MethodCase& each : testing::method_cases()) tested.insert(each.fields["method"].get<std::string>());
  for (const std::string_view name : method_names())
    if (method_trains(name)) EXPECT_TRUE(tested.contains(std::string(name))) << name;
}

}  // namespace
}  // namespace pegbox::train
