// Tests of published laws: their values at models that others have published, and what a study file makes of them.
#include "search/published_law.h"

#include <gmock/gmock.h>

#include <cmath>

#include "search/parameter.h"

namespace pegbox {
namespace {

using testing::HasSubstr;

Result<Parameter> read(const Json& json) {
  const Document document{.json = json, .name = "study.yaml", .lines = {}};
  return Parameter::read("x", document.root());
}

Json law(const std::string& name) {
  return {{"law", name}, {"parameters", 1073741824}, {"tokens", 56.9e9}, {"width", 2048}, {"sequence_length", 2048}};
}

LawValue value_of(const Json& json) {
  const Document document{.json = json, .name = "", .lines = {}};
  const auto applied = AppliedLaw::read(document.root());
  EXPECT_TRUE(applied) << applied.error().message;
  return applied->value();
}

TEST(PublishedLaw, OfEveryNameHasASourceAndGrowsLessCertainAwayFromWhatWasStudied) {
  for (const LawRow& row : law_table()) {
    EXPECT_FALSE(row.help.empty()) << row.name;
    EXPECT_FALSE(row.source.empty()) << row.name;
    const LawValue studied = value_of(law(std::string(row.name)));
    Json tiny = law(std::string(row.name));
    tiny["parameters"] = 1e5, tiny["tokens"] = 1e6, tiny["width"] = 64;
    const LawValue extrapolated = value_of(tiny);
    EXPECT_GT(studied.at, 0) << row.name;
    EXPECT_GT(studied.factor, 1.2) << row.name;
    EXPECT_GT(extrapolated.factor, studied.factor) << row.name;
  }
}

// Table of Step Law's dense runs: the best of the grid at 1.07e9 parameters and 5.69e10 tokens lies around 1.23e-3 and
// 279 sequences of 2,048 tokens.
TEST(PublishedLaw, StepLawIsNearTheBestRunsOfItsLargestModel) {
  const LawValue rate = value_of(law("step_law_rate")), batch = value_of(law("step_law_batch"));
  EXPECT_NEAR(std::log(rate.at / 1.23e-3), 0, std::log(rate.factor));
  EXPECT_NEAR(std::log(batch.at / 279), 0, 2 * std::log(batch.factor));
}

// hyperparam_utils of tinker-cookbook gives 4.9e-4 for the smallest Llama 3.2, of width 2,048.
TEST(PublishedLaw, LoraAtTheWidthOfASmallLlama) {
  EXPECT_NEAR(value_of(law("lora_rate")).at, 4.9e-4, 0.1e-4);
  EXPECT_NEAR(value_of(law("full_rate")).at, 4.9e-5, 0.1e-5);
}

TEST(PublishedLaw, OtherOptimizersHaveOtherRates) {
  Json lion = law("lora_rate");
  lion["optimizer"] = "lion";
  const LawValue adamw = value_of(law("lora_rate")), with_lion = value_of(lion);
  EXPECT_LT(with_lion.at, adamw.at / 3);
  EXPECT_GT(with_lion.at, adamw.at / 10);
  EXPECT_GT(with_lion.factor, adamw.factor);
}

TEST(PublishedLaw, IsAPriorWithinTheRange) {
  const auto rate = read({{"range", {1e-5, 1e-2}}, {"scale", "log"}, {"prior", law("lora_rate")}});
  ASSERT_TRUE(rate) << rate.error().message;
  EXPECT_NEAR(as_number(rate->prior->at), 4.9e-4, 0.1e-4);
  EXPECT_GT(rate->prior->spread, 1.8);
  EXPECT_THAT(rate->prior->source, HasSubstr("tinker"));
  const auto low = read({{"range", {1e-6, 1e-5}}, {"scale", "log"}, {"prior", law("lora_rate")}});
  ASSERT_TRUE(low) << low.error().message;
  EXPECT_EQ(as_number(low->prior->at), 1e-5);
}

TEST(PublishedLaw, IsAPriorOverOrderedChoices) {
  const auto batch = read({{"choice", {32, 64, 128, 256, 512}}, {"ordered", true}, {"prior", law("step_law_batch")}});
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(as_number(batch->prior->at), 512);
  EXPECT_NEAR(batch->prior->spread, std::log(1.3) / std::log(2), 0.01) << "in steps of a factor of two";
  EXPECT_THAT(read({{"choice", {32, 64}}, {"prior", law("step_law_batch")}}).error().message, HasSubstr("ordered"));
  EXPECT_THAT(read({{"choice", {"a", "b"}}, {"ordered", true}, {"prior", law("step_law_batch")}}).error().message,
              HasSubstr("positive"));
}

TEST(PublishedLaw, SaysWhatIsUnknownOrMissing) {
  const auto message = [](const Json& prior) {
    return read({{"range", {1e-5, 1e-2}}, {"scale", "log"}, {"prior", prior}}).error().message;
  };
  EXPECT_THAT(message({{"law", "lora_rat"}, {"width", 64}}), HasSubstr("did you mean 'lora_rate'?"));
  EXPECT_THAT(message({{"law", "lora_rate"}}), HasSubstr("width"));
  EXPECT_THAT(message("lora_rate"), HasSubstr("built-in trainer"));
  EXPECT_THAT(message({{"law", "lora_rate"}, {"widht", 64}}), HasSubstr("width"));
  EXPECT_THAT(message({{"law", "lora_rate"}, {"width", 64}, {"optimizer", "sgd"}}), HasSubstr("adamw"));
}

}  // namespace
}  // namespace pegbox
