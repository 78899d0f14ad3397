// Tests of the models of earlier studies, of their weights, and of what gp does with them.
#include "search/samplers/transfer_mean.h"

#include <gmock/gmock.h>

#include <cmath>

#include "search/history_for_test.h"
#include "search/samplers/config_for_test.h"
#include "search/samplers/rank_warp.h"
#include "search/samplers/source_models.h"
#include "search/samplers/table.h"

namespace pegbox {
namespace {

constexpr char kSquare[] =
    R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}, "c": {"choice": ["a", "b"]}}})";

/// What an earlier study saw of a function, at 25 places.
template <class Function>
event::SourceAdded source_of(const std::string& name, const Function& function) {
  event::SourceAdded source{name, Json::object(), {}};
  for (int i = 0; i < 25; ++i) {
    const double x = (i % 5) / 4.0, y = (i / 5) / 4.0;
    source.trials.push_back({i, Config{{"x", x}, {"y", y}}, {{"loss", function(x, y)}}});
  }
  return source;
}

double bowl(double x, double y) { return 3 * (x - 0.7) * (x - 0.7) + 2 * (y - 0.3) * (y - 0.3); }
double other(double x, double y) { return std::sin(9 * x) * std::cos(7 * y); }

SourceModels models_of(HistoryForTest& kit) {
  EarlierModels models;
  EXPECT_TRUE(models.update(kit.history(), 1));
  return models.of(kit.history(), {})->front();
}

TEST(SourceModel, ForesaysTheFunctionInItsStandardDeviations) {
  HistoryForTest kit(kSquare);
  kit.apply(source_of("small", [](double x, double y) { return 10 + 5 * bowl(x, y); }));
  const auto model = models_of(kit)[0];
  const auto difference = [&](double x, double y) {
    const auto means = model->mean_all(std::vector<double>{x, y, 0, 0.7, 0.3, 1});
    return model->spread() * (means[0] - means[1]);
  };
  EXPECT_NEAR(difference(0.6, 0.4), 5 * bowl(0.6, 0.4), 0.1);
  EXPECT_NEAR(difference(0.9, 0.2), 5 * bowl(0.9, 0.2), 0.1);
  EXPECT_EQ(kit.history().sources[0].trials[model->ranking()[0]].config, (Config{{"x", 0.75}, {"y", 0.25}}));
}

TEST(SourceModel, HasTheGradientOfItsMean) {
  HistoryForTest kit(kSquare);
  auto source = source_of("small", bowl);
  source.trials[3].config.set("x", 1.6);  // beyond the range
  kit.apply(source);
  const auto mean = TransferMean::before_any(models_of(kit));
  const std::vector<double> point{0.4, 0.6, 1};
  const auto found = mean.with_gradient(point);
  EXPECT_NEAR(found.value, mean.values(point)[0], 1e-12);
  for (std::size_t axis = 0; axis < 2; ++axis) {
    auto before = point, after = point;
    before[axis] -= 1e-5, after[axis] += 1e-5;
    EXPECT_NEAR(found.gradient[axis], (mean.values(after)[0] - mean.values(before)[0]) / 2e-5, 1e-6);
  }
  EXPECT_EQ(found.gradient[2], 0);
}

TEST(TransferMean, BelievesTheSourceThatAgrees) {
  HistoryForTest kit(kSquare);
  kit.apply(source_of("same", [](double x, double y) { return 4 + bowl(x, y); }));
  kit.apply(source_of("other", other));
  kit.apply(source_of("opposite", [](double x, double y) { return -bowl(x, y); }));
  const auto models = models_of(kit);
  std::vector<double> points, targets;
  for (int i = 0; i < 16; ++i) {
    const double x = std::fmod(0.61 * i, 1), y = std::fmod(0.37 * i + 0.2, 1);
    points.insert(points.end(), {x, y, 0.0});
    targets.push_back(bowl(x, y));
  }
  const auto mean = TransferMean::learn(models, points, targets);
  EXPECT_GT(mean.weights()[0], 0.8);
  EXPECT_LT(mean.weights()[1], 0.1);
  EXPECT_LT(mean.weights()[2], 0.1);
  EXPECT_EQ(TransferMean::before_any(models).weights(), (std::vector<double>{1. / 3, 1. / 3, 1. / 3}));
}

TEST(TransferMean, BelievesAnExactSourceWhereMostResultsAreGood) {
  HistoryForTest kit(kSquare);
  kit.apply(source_of("same", [](double x, double y) { return 4 + 2 * bowl(x, y); }));
  const std::vector<double> points{0.7, 0.3, 0, 0.62, 0.33, 0, 0.74, 0.22, 0, 0.1, 0.9, 0, 0.95, 0.5, 0};
  std::vector<double> losses;
  for (std::size_t i = 0; i < points.size(); i += 3) losses.push_back(4 + 2 * bowl(points[i], points[i + 1]));
  const auto targets = rank_warp(losses);
  ASSERT_LT(targets[3] - targets[0], 0.1 * (losses[3] - losses[0])) << "squeezed hard";
  EXPECT_GT(TransferMean::learn(models_of(kit), points, targets).weights()[0], 0.7);
}

TEST(TransferMean, BelievesTheExactOneOfSeveralAfterAHandful) {
  HistoryForTest kit(kSquare);
  kit.apply(source_of("other", other));
  kit.apply(source_of("same", bowl));
  const std::vector<double> points{0.7, 0.4, 0, 0.5, 0.5, 0, 0.8, 0.2, 0, 0.2, 0.9, 0, 0.95, 0.7, 0, 0.1, 0.2, 0};
  std::vector<double> losses;
  for (std::size_t i = 0; i < points.size(); i += 3) losses.push_back(bowl(points[i], points[i + 1]));
  const auto mean = TransferMean::learn(models_of(kit), points, rank_warp(losses));
  EXPECT_GT(mean.weights()[1], 0.7);
  EXPECT_LT(mean.weights()[0], 0.3);
}

TEST(TransferMean, IsWhatWasExpectedWhereEverythingIsTheSame) {
  HistoryForTest kit(kSquare);
  kit.apply(source_of("flat", [](double, double) { return 1.0; }));
  const std::vector<double> points{0.7, 0.4, 0, 0.5, 0.5, 0};
  const auto mean = TransferMean::learn(models_of(kit), points, std::vector<double>{2, 2});
  EXPECT_EQ(mean.weights()[0], 1);
  EXPECT_NEAR(mean.values(points)[0], mean.values(points)[1], 1e-6);
}

TEST(ShiftedDraw, IsAFunctionAroundWhatTheSourcesExpect) {
  HistoryForTest kit(R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}}})");
  kit.apply(source_of("small", bowl));
  std::vector<double> points{0.7, 0.3, 0.2, 0.9, 0.5, 0.5, 0.9, 0.1};
  const std::vector<double> targets{0.1, 1.6, 0.4, 0.2};
  const auto mean = std::make_shared<const TransferMean>(TransferMean::learn(models_of(kit), points, targets));
  math::Hyperparameters parameters;
  parameters.length_scales = {0.4, 0.4};
  parameters.signal_variance = 1;
  parameters.noise_variance = 1e-4;
  auto process = ShiftedProcess::with(dimensions_of(kit.spec().space), points, targets, parameters,
                                      {.at = mean, .values = mean->values(points)});
  ASSERT_TRUE(process);
  points.insert(points.end(), {0.1, 0.1});
  ASSERT_TRUE(process->append_pending(std::span(points).last(2)));
  const std::vector<double> asked{0.25, 0.4};
  double sum = 0;
  constexpr int kDraws = 400;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const ShiftedDraw draw(*process, {3, 0, i});
    EXPECT_THAT(draw.values(points), testing::Pointwise(testing::DoubleNear(1e-6), draw.at_observations()));
    sum += draw.values(asked)[0];
    if (i > 0) continue;
    const auto found = draw.value_with_gradient(asked);
    EXPECT_NEAR(found.prediction.mean, draw.values(asked)[0], 1e-9);
    EXPECT_NEAR(
        found.mean_gradient[0],
        (draw.values(std::vector<double>{0.25001, 0.4})[0] - draw.values(std::vector<double>{0.24999, 0.4})[0]) / 2e-5,
        1e-4 * (1 + std::abs(found.mean_gradient[0])));
  }
  const auto expected = process->predict(asked);
  EXPECT_NEAR(sum / kDraws, expected.mean, 4 * expected.standard_deviation() / std::sqrt(double{kDraws}));
}

/// `trials` suggestions, each told the loss of the function; the losses.
template <class Function>
std::vector<double> losses_with(HistoryForTest& kit, const std::string& name, int trials, const Function& function) {
  StudySpec spec = kit.spec();
  spec.search.name = name;
  const auto sampler = make_sampler(spec);
  std::vector<double> losses;
  for (int i = 0; i < trials; ++i) {
    const auto next = kit.history().trials.size();
    const auto suggested = (*sampler)->suggest(kit.history(), 1, {5, stream_id("sampler"), next});
    EXPECT_TRUE(suggested) << suggested.error().message;
    losses.push_back(function(number(suggested->front().config, "x"), number(suggested->front().config, "y")));
    kit.done(suggested->front(), losses.back());
  }
  return losses;
}

TEST(GpWithSources, BeginsWhereTheyExpectTheBestAndSaysSo) {
  HistoryForTest kit(kSquare);
  kit.apply(source_of("small", bowl));
  const auto losses = losses_with(kit, "gp", 7, bowl);
  EXPECT_LT(losses[0], 0.02) << "a random configuration has 0.6 in the mean";
  const auto trials = kit.history().trials;
  EXPECT_EQ(trials[0].reason["design"], "transfer");
  EXPECT_EQ(trials[0].reason["transfer"][0]["study"], "small");
  EXPECT_EQ(trials[0].reason["transfer"][0]["weight"], 1.0);
  for (const std::size_t i : {4u, 6u}) {
    EXPECT_FALSE(trials[i].reason.contains("design"));
    EXPECT_GT(trials[i].reason["transfer"][0]["weight"], 0.5) << i;
  }
  EXPECT_FALSE(trials[5].reason.contains("transfer")) << "every second trial goes by the study alone";
}

TEST(GpWithSources, IsNotMisledForLong) {
  HistoryForTest kit(kSquare);
  kit.apply(source_of("opposite", [](double x, double y) { return -bowl(x, y); }));
  kit.apply(source_of("other", other));
  const auto losses = losses_with(kit, "gp", 16, bowl);
  EXPECT_LT(std::ranges::min(losses), 0.02);
}

TEST(GpWithSources, TriesWhatAStudyOfTwoTrialsFoundBest) {
  HistoryForTest kit(kSquare);
  kit.apply(event::SourceAdded{
      "short",
      Json::object(),
      {{4, Config{{"x", 0.1}, {"y", 0.9}}, {{"loss", 2.0}}}, {5, Config{{"x", 0.2}, {"y", 1.7}}, {{"loss", 1.0}}}}});
  losses_with(kit, "gp", 6, bowl);
  const Trial& first = kit.history().trials[0];
  EXPECT_EQ(number(first.config, "x"), 0.2);
  EXPECT_EQ(number(first.config, "y"), 1) << "within the range";
  EXPECT_EQ(first.reason["trial"], 5);
  EXPECT_EQ(kit.history().trials[1].reason["design"], "prior");
}

TEST(GpWithSources, AnswersTheSameWhenMadeAnewFromTheLog) {
  const auto configs = [](bool anew) {
    HistoryForTest kit(kSquare);
    kit.apply(source_of("small", bowl));
    std::vector<Config> all;
    for (int i = 0; i < (anew ? 8 : 1); ++i) losses_with(kit, "gp", anew ? 1 : 8, bowl);
    for (const Trial& trial : kit.history().trials) all.push_back(trial.config);
    return all;
  };
  EXPECT_EQ(configs(true), configs(false));
}

TEST(GpWithSources, TakesEachOfSeveralObjectivesFromWhoMeasuresIt) {
  for (const std::string more : {"", R"(, {"minimize": "third"})"}) {
    HistoryForTest kit(R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}},
                           "objective": [{"minimize": "loss"}, {"maximize": "speed"})" +
                       more + "]}");
    kit.apply(source_of("small", bowl));
    const auto sampler = make_sampler(kit.spec());
    for (std::uint64_t i = 0; i < 6; ++i) {
      const auto suggested = (*sampler)->suggest(kit.history(), 1, {5, 0, i});
      ASSERT_TRUE(suggested) << suggested.error().message;
      const double x = number(suggested->front().config, "x"), y = number(suggested->front().config, "y");
      kit.done(suggested->front(), {{"loss", bowl(x, y)}, {"speed", x}, {"third", y}});
    }
    EXPECT_EQ(kit.history().trials[0].reason["design"], "transfer");
  }
}

}  // namespace
}  // namespace pegbox
