// Tests of sensitivity: on functions whose flat regions and broad valleys are known.
#include "app/study_sensitivity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "search/history_for_test.h"

namespace pegbox {
namespace {

using testing::HasSubstr;

double number(const Config& config, const char* name) { return as_number(*config.find(name)); }

/// A study of random trials of `loss` with normal luck.
template <class Loss>
HistoryForTest study_of(const char* file, int trials, double luck, const Loss& loss) {
  HistoryForTest study(file);
  Rng rng({5, stream_id("sensitivity test"), 0});
  for (int i = 0; i < trials; ++i) {
    std::vector<double> at(static_cast<std::size_t>(study.space().dimensions()));
    for (double& each : at) each = rng.uniform();
    const Config config = study.space().from_unit(at);
    study.done(config, loss(config) + luck * rng.normal());
  }
  return study;
}

const ParameterSensitivity& find(const Sensitivity& found, const std::string& name) {
  return *std::ranges::find(found.parameters, name, &ParameterSensitivity::parameter);
}

TEST(StudySensitivity, FindsTheRangesInWhichNothingIsLost) {
  const auto study = study_of(
      R"({"space": {"x": {"range": [0, 1]}, "rate": {"range": [1e-4, 1], "scale": "log"}, "on": {"choice": ["no", "yes"]}}})",
      80, 0.02, [](const Config& c) {
        const double decades = std::log10(number(c, "rate")) + 2;  // best at 0.01
        return 4 * std::pow(number(c, "x") - 0.5, 2) + 0.02 * decades * decades +
               (to_text(*c.find("on")) == "yes" ? 0.0 : 0.5);
      });
  const auto found =
      study_sensitivity(study.history(), 0.04);  // x within 0.1 of the best, the rate within 1.41 decades
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->margin, 0.04);
  EXPECT_FALSE(found->margin_is_noise);
  const ParameterSensitivity& x = find(*found, "x");
  EXPECT_NEAR(as_number(x.flat[0]), 0.4, 0.07);
  EXPECT_NEAR(as_number(x.flat[1]), 0.6, 0.07);
  EXPECT_LE(as_number(x.flat[0]), as_number(x.surely_flat[0]));
  EXPECT_GE(as_number(x.flat[1]), as_number(x.surely_flat[1]));
  EXPECT_GT(std::abs(as_number(x.worst) - 0.5), 0.4);
  EXPECT_FALSE(x.is_whole);
  const ParameterSensitivity& rate = find(*found, "rate");
  EXPECT_NEAR(std::log10(as_number(rate.flat[0])), -3.4, 0.7);
  EXPECT_NEAR(std::log10(as_number(rate.flat[1])), -0.6, 0.7);
  const ParameterSensitivity& on = find(*found, "on");
  EXPECT_FALSE(on.is_range);
  ASSERT_EQ(on.flat.size(), 1u);
  EXPECT_EQ(to_text(on.flat[0]), "yes");
  EXPECT_EQ(to_text(on.worst), "no");
  EXPECT_NEAR(on.worst_loss, 0.5, 0.15);
  EXPECT_LT(found->box_share, 1) << "the ends of all ranges at once lose more";
  EXPECT_GT(found->box_share, 0.5);
}

TEST(StudySensitivity, TakesTheNoiseForTheMarginAndSaysWhatDoesNotMatter) {
  const auto study = study_of(R"({"space": {"x": {"range": [0, 1]}, "idle": {"range": [1, 9], "integer": true}}})", 60,
                              0.1, [](const Config& c) { return 3 * std::abs(number(c, "x") - 0.3); });
  const auto found = study_sensitivity(study.history());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->margin_is_noise);
  EXPECT_NEAR(found->margin, 0.1, 0.05);
  EXPECT_EQ(found->parameters.front().parameter, "x") << "the most sensitive first";
  const ParameterSensitivity& idle = find(*found, "idle");
  EXPECT_TRUE(idle.is_whole);
  EXPECT_EQ(as_number(idle.flat[0]), 1);
  EXPECT_EQ(as_number(idle.flat[1]), 9);
}

TEST(StudySensitivity, ChoosesABroadValleyOverANarrowOne) {
  const auto valley = [](const Config& c) {
    const double x = number(c, "x");
    const double narrow = -1.2 * std::exp(-std::pow((x - 0.2) / 0.06, 2)),
                 broad = -0.8 * std::exp(-std::pow((x - 0.7) / 0.2, 2));
    return narrow + broad;
  };
  const auto study = study_of(R"({"space": {"x": {"range": [0, 1]}}})", 90, 0.01, valley);
  const auto found = study_sensitivity(study.history());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_NEAR(number(found->best.config, "x"), 0.2, 0.04);
  EXPECT_NEAR(number(found->robust.config, "x"), 0.7, 0.1);
  EXPECT_LT(found->best.expected, found->robust.expected);
  EXPECT_LT(found->robust.around, found->best.around);
  EXPECT_LT(found->robust.bad_around, found->best.bad_around);
}

TEST(StudySensitivity, SpeaksInTheDirectionOfTheObjective) {
  const auto study = study_of(R"({"space": {"x": {"range": [0, 1]}}, "objective": {"maximize": "loss"}})", 40, 0.01,
                              [](const Config& c) { return 1 - 4 * std::pow(number(c, "x") - 0.5, 2); });
  const auto found = study_sensitivity(study.history(), 0.04);
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->best.expected, 1, 0.05);
  EXPECT_LT(found->best.bad_around, found->best.around);
  EXPECT_GT(find(*found, "x").worst_loss, 0.8) << "a loss is one whatever is wanted";
}

TEST(StudySensitivity, NeedsResults) {
  const auto study = study_of(R"({"space": {"x": {"range": [0, 1]}}})", 4, 0, [](const Config&) { return 1.0; });
  const auto found = study_sensitivity(study.history());
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("not enough trials"));
}

}  // namespace
}  // namespace pegbox
