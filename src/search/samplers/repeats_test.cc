// Repeats: what a trial is worth, when it is a repeat, and when it must not be.
#include "search/samplers/repeats.h"

#include <gtest/gtest.h>

#include <cmath>

#include "search/history_for_test.h"
#include "search/samplers/config_for_test.h"
#include "search/samplers/table.h"
#include "search/samplers/taken_configs.h"

namespace pegbox {
namespace {

const std::vector<math::Dimension> kAxis{{math::DimensionKind::Real, false}};

/// Noisy results on a line, and the surrogate with one model of given hyperparameters.
struct Line {
  Evidence evidence;
  SurrogateParameters parameters;

  explicit Line(double noise_variance) {
    Rng rng({4, stream_id("line"), 0});
    for (int i = 0; i < 20; ++i) {
      const double x = rng.uniform();
      evidence.trials.push_back(i);
      evidence.points.push_back(x);
      evidence.targets.push_back(std::pow(x - 0.4, 2) + 0.05 * rng.normal());
      evidence.allowed.push_back(true);
    }
    parameters.loss = {{.length_scales = {0.4}, .signal_variance = 1, .noise_variance = noise_variance, .mean = 0}};
  }
  Surrogate surrogate() const { return std::move(*Surrogate::create(kAxis, evidence, parameters)); }
};

// The reference looks one trial ahead by drawing its result and asking the model that has seen it.
TEST(Worths, AreWhatDrawingTheNextResultGives) {
  const Line line(0.3);
  const std::vector<double> points{0.35, 0.45, 0.62, 0.9};
  const std::vector<double> worths = line.surrogate().worths(points);
  const auto process =
      *math::GaussianProcess::with(kAxis, line.evidence.points, line.evidence.targets, line.parameters.loss.front());
  const auto lowest = [&](const math::GaussianProcess& of) {
    const auto means = of.mean_all(points);
    return *std::ranges::min_element(means);
  };
  Rng rng({9, stream_id("worths"), 0});
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto [mean, variance] = process.predict({&points[i], 1});
    const double spread = std::sqrt(variance + process.noise_variance());
    constexpr int kDraws = 20'000;
    double sum = 0, squares = 0;
    for (int draw = 0; draw < kDraws; ++draw) {
      math::GaussianProcess after = process;
      ASSERT_TRUE(after.append({&points[i], 1}, mean + spread * rng.normal()));
      const double drop = lowest(process) - lowest(after);
      sum += drop / kDraws, squares += drop * drop / kDraws;
    }
    EXPECT_NEAR(worths[i], sum, 4 * std::sqrt((squares - sum * sum) / kDraws)) << points[i];
  }
}

double bowl_loss(const Config& config) {
  return std::pow(number(config, "x") - 0.4, 2) + std::pow(number(config, "y") - 0.6, 2);
}

HistoryForTest study_of_bowl(const std::string& options = R"(, "repeats": true)") {
  return HistoryForTest(R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}}, "search": {"name": "gp")" +
                        options + "}}");
}

/// The repeats of a study of 40 trials.
std::vector<Suggestion> repeats_in(HistoryForTest& study, double noise, std::uint64_t seed = 1) {
  const auto sampler = std::move(*make_sampler(study.spec()));
  Rng rng({seed, stream_id("repeats test"), 0});
  std::vector<Suggestion> repeats;
  for (std::uint64_t trial = 0; trial < 40; ++trial) {
    const auto asked = sampler->suggest(study.history(), 1, {seed, 0, trial});
    EXPECT_TRUE(asked) << asked.error().message;
    if (asked->at(0).reason.contains("repeat_of")) {
      repeats.push_back(asked->at(0));
      const auto of = asked->at(0).reason["repeat_of"].get<std::size_t>();
      EXPECT_TRUE(study.history().trials[of].config == asked->at(0).config);
      EXPECT_GE(trial, kFewestForRepeats);
    }
    study.done(asked->at(0), bowl_loss(asked->at(0).config) + noise * rng.normal());
  }
  return repeats;
}

TEST(Repeats, AreMadeUnderNoiseWithTheReasonInWords) {
  HistoryForTest study = study_of_bowl();
  const auto repeats = repeats_in(study, 0.1);
  ASSERT_FALSE(repeats.empty());
  const Json& reason = repeats.front().reason;
  EXPECT_EQ(reason["why"].get<std::string>().find("repeat of trial " + reason["repeat_of"].dump()), 0u);
  EXPECT_GT(reason["worth"], reason["worth_of_new"]);
}

TEST(Repeats, AreFewWithoutNoiseAndStopAtTheFirstEqualResult) {
  HistoryForTest study = study_of_bowl();
  EXPECT_LE(repeats_in(study, 0).size(), 1u);
}

TEST(Repeats, AreOffUnlessAskedFor) {
  HistoryForTest study = study_of_bowl("");
  EXPECT_TRUE(repeats_in(study, 0.1).empty());
}

TEST(Repeats, AreTheSameForAFreshSampler) {
  HistoryForTest study = study_of_bowl();
  const auto repeats = repeats_in(study, 0.1);
  ASSERT_FALSE(repeats.empty());
  HistoryForTest again = study_of_bowl();
  std::size_t found = 0;
  for (const Trial& trial : study.history().trials) {
    const auto fresh = std::move(*make_sampler(again.spec()));
    const auto asked = fresh->suggest(again.history(), 1, {1, 0, static_cast<std::uint64_t>(trial.number)});
    ASSERT_TRUE(asked);
    EXPECT_TRUE(asked->at(0).config == trial.config) << trial.number;
    found += asked->at(0).reason.contains("repeat_of");
    again.done(asked->at(0), *trial.metric("loss"));
  }
  EXPECT_EQ(found, repeats.size());
}

}  // namespace
}  // namespace pegbox
