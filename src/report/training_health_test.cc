// Tests of training health: what is planted in a curve is found with its numbers, and a healthy curve has nothing.
#include "report/training_health.h"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>

#include "base/rng.h"
#include "search/history_for_test.h"

namespace pegbox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kPoints = 20;

/// Values at 20 steps from the part of the run that is over, with a little luck.
std::vector<TrainingCurves::Point> curve(const std::function<double(double)>& value, std::uint64_t seed,
                                         double luck = 0.01) {
  Rng rng({seed, stream_id("curve")});
  std::vector<TrainingCurves::Point> points;
  for (int i = 1; i <= kPoints; ++i)
    points.push_back({100.0 * i, value(static_cast<double>(i) / kPoints) + luck * (2 * rng.uniform() - 1)});
  return points;
}

double falling(double part) { return 3 + 2.5 * std::exp(-6 * part); }

TrainingCurves healthy_curves(std::uint64_t seed = 1) {
  return {.metric = "validation_loss",
          .validation = curve(falling, seed),
          .training = curve([](double part) { return falling(part) - 0.1; }, seed + 1, 0.05),
          .largest = curve([](double part) { return falling(part) + 0.5; }, seed + 2, 0.1),
          .gradients = curve([](double part) { return 1 + 0.3 * part; }, seed + 3, 0.2),
          .guess = {.loss = std::log(5000.0)},
          .length = 2000,
          .is_done = true};
}

std::vector<std::string> found_in(const TrainingCurves& curves) {
  std::vector<std::string> found;
  for (const HealthFinding& finding : health_of(curves)) {
    found.emplace_back(finding.name);
    EXPECT_FALSE(finding.bears_on.empty()) << finding.name;
    EXPECT_FALSE(finding.hint.empty()) << finding.name;
  }
  return found;
}

TEST(TrainingHealth, HasNothingToSayOfHealthyRuns) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) EXPECT_THAT(found_in(healthy_curves(10 * seed)), IsEmpty()) << seed;
}

TEST(TrainingHealth, FindsDivergence) {
  TrainingCurves curves = healthy_curves();
  curves.has_diverged = true;
  EXPECT_THAT(found_in(curves), ElementsAre("diverged"));
  curves = healthy_curves();
  curves.training = curves.validation = curve([](double part) { return 4 - part + 4 * part * part; }, 5);
  EXPECT_THAT(found_in(curves), ElementsAre("diverged"));
  EXPECT_THAT(health_of(curves)[0].what, HasSubstr("at step 2000"));
}

TEST(TrainingHealth, FindsABeginningWorseThanAGuess) {
  TrainingCurves curves = healthy_curves();
  curves.largest[0].value = 11;
  EXPECT_THAT(found_in(curves), ElementsAre("bad-start"));
  EXPECT_THAT(health_of(curves)[0].what, HasSubstr("8.517"));
  curves.guess.loss = 0;
  EXPECT_THAT(found_in(curves), IsEmpty()) << "nobody said how many tokens there are";
}

/// Of a study with one trial, whose largest loss is 3.5 at first.
std::vector<TrialHealth> health_of_a_start(const std::string& trainer, const Json& described,
                                           const Config& config = {{"x", 0.5}}) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "trial": {"trainer": )" + trainer + "}}");
  const std::int64_t trial = study.create(config);
  study.start(trial);
  for (int step = 1; step <= 8; ++step)
    study.report(trial, step, {{"loss", 3 * std::exp(-step)}, {"largest_loss", 3.5 * std::exp(1 - step)}});
  return study_health(study.history(), described);
}

TEST(TrainingHealth, MeasuresTheBeginningOfAClassifierByItsClasses) {
  const Json words = {{"vocabulary", 5000}}, both = {{"vocabulary", 5000}, {"classes", 3}};
  EXPECT_THAT(health_of_a_start("{}", words)[0].findings, IsEmpty());
  const auto health = health_of_a_start(R"({"task": "classify"})", both);
  ASSERT_EQ(health[0].findings.size(), 1u);
  EXPECT_EQ(health[0].findings[0].name, "bad-start");
  EXPECT_THAT(health[0].findings[0].what, HasSubstr("equal probabilities of all classes give 1.099"));
  EXPECT_THAT(health_of_a_start(R"({"task": "classify"})", words)[0].findings, IsEmpty()) << "nobody said how many";
}

TEST(TrainingHealth, DoesNotMeasureALossThatATeacherIsMixedIntoByAGuess) {
  const Json described = {{"vocabulary", 10}};
  const auto findings = [&](const char* trainer, const Config& config) {
    return health_of_a_start(trainer, described, config)[0].findings.size();
  };
  const char* const taught = R"({"teacher": "t", "distill_weight": 0.5})";
  EXPECT_EQ(findings(taught, {{"x", 0.5}}), 0u);
  EXPECT_EQ(findings("{}", {{"distill_weight", 0.5}}), 0u);
  EXPECT_EQ(findings("{}", {{"distill_weight", 0.0}}), 1u) << "a trial whose weight is 0 does without the teacher";
  EXPECT_EQ(findings("{}", {{"x", 0.5}}), 1u);
}

TEST(TrainingHealth, FindsSpikesWhereTheyAre) {
  TrainingCurves curves = healthy_curves();
  curves.largest[11].value += 4;
  EXPECT_THAT(found_in(curves), ElementsAre("spikes"));
  EXPECT_THAT(health_of(curves)[0].what, HasSubstr("before step 1200"));
}

TEST(TrainingHealth, TakesNoSpikeFromIntervalsOfOneStepOrFromTrifles) {
  TrainingCurves curves = healthy_curves();
  curves.largest = curves.training;
  curves.largest[11].value += 4;
  EXPECT_THAT(found_in(curves), IsEmpty()) << "the usual step is as far from its mean as an interval of one has it";
  curves = healthy_curves();
  for (auto& point : curves.training) point.value *= 0.02;
  curves.largest = curves.training;
  for (auto& point : curves.largest) point.value += 0.01;
  curves.largest[11].value += 0.3;
  EXPECT_THAT(found_in(curves), IsEmpty()) << "0.3 nats of a loss of 0.06";
  curves.largest[11].value += 0.3;
  EXPECT_THAT(found_in(curves), ElementsAre("spikes"));
}

TEST(TrainingHealth, FindsGrowingGradients) {
  TrainingCurves curves = healthy_curves();
  curves.gradients = curve([](double part) { return 0.5 + 10 * part * part; }, 7);
  EXPECT_THAT(found_in(curves), ElementsAre("growing-gradients"));
}

TEST(TrainingHealth, TellsOverfittingFromChanceAndFromDivergence) {
  TrainingCurves curves = healthy_curves();
  const auto rising = [](double part) { return falling(part) + 0.8 * std::max(0.0, part - 0.4); };
  curves.validation = curve(rising, 3);
  EXPECT_THAT(found_in(curves), ElementsAre("overfitting"));
  EXPECT_THAT(health_of(curves)[0].what, HasSubstr("while train_loss fell"));
  const auto steep = [](double part) { return falling(part) + 8 * std::max(0.0, part - 0.4); };
  curves.validation = curve(steep, 3);
  EXPECT_THAT(found_in(curves), ElementsAre("overfitting")) << "above its beginning, and yet training fell";
  curves.training.clear();
  EXPECT_THAT(found_in(curves), ElementsAre("diverged")) << "nobody knows of training";
  curves = healthy_curves();
  curves.validation = curve(rising, 3);
  for (auto& point : curves.validation) point.error = 0.5;
  EXPECT_THAT(found_in(curves), testing::Not(testing::Contains("overfitting"))) << "within the errors";
  for (auto& point : curves.validation) point.error = 0;
  curves.training = curve([&](double part) { return rising(part) - 0.2; }, 4);
  EXPECT_THAT(found_in(curves), testing::Not(testing::Contains("overfitting"))) << "both rise";
}

TEST(TrainingHealth, FindsAPlateauAndARunThatWasTooSlow) {
  TrainingCurves curves = healthy_curves();
  curves.validation = curve([](double part) { return part < 0.3 ? 6 - 10 * part : 3; }, 3, 0.002);
  EXPECT_THAT(found_in(curves), ElementsAre("plateau"));
  curves.validation = curve([](double part) { return 6 - part; }, 3);
  EXPECT_THAT(found_in(curves), ElementsAre("slow"));
  curves.is_done = false;
  EXPECT_THAT(found_in(curves), IsEmpty()) << "it goes on";
}

TEST(TrainingHealth, FindsARunThatEndedBeforeItsRateHadDecayed) {
  TrainingCurves curves = healthy_curves();
  curves.length = 4000;
  EXPECT_THAT(found_in(curves), ElementsAre("unfinished-decay"));
  curves.is_done = false;
  EXPECT_THAT(found_in(curves), IsEmpty());
}

/// A study of rates whose loss is least at 1e-3, each with a curve of six reports.
HistoryForTest study_of_rates(const char* objective) {
  HistoryForTest study(
      std::string(R"({"space": {"learning_rate": {"range": [1e-6, 1], "scale": "log"}}, "objective": )") + objective +
      "}");
  const bool minimize = study.spec().objectives.front().minimize;
  for (int i = 0; i < 16; ++i) {
    const double power = -6 + 0.375 * i, loss = 2 + (power + 3) * (power + 3);
    const std::int64_t trial = study.create(Config{{"learning_rate", std::pow(10, power)}});
    study.start(trial);
    for (int step = 1; step <= 6; ++step) {
      const double now = loss + 2 * std::exp(-step);
      study.report(trial, step, {{"score", minimize ? now : -now}});
    }
    study.move(trial, TrialState::Done);
  }
  return study;
}

TEST(TrainingHealth, ComparesRatesWithThoseOfTheBest) {
  for (const char* objective : {R"({"minimize": "score"})", R"({"maximize": "score"})"}) {
    const HistoryForTest study = study_of_rates(objective);
    const History history = study.history();
    const auto low = rate_health(history, history.trials[0]), high = rate_health(history, history.trials[15]);
    ASSERT_EQ(low.size(), 1u);
    EXPECT_EQ(low[0].name, "rate-too-low");
    ASSERT_EQ(high.size(), 1u);
    EXPECT_EQ(high[0].name, "rate-too-high");
    EXPECT_THAT(high[0].what, HasSubstr("number 1"));
    EXPECT_THAT(rate_health(history, history.trials[8]), IsEmpty());
  }
}

TEST(TrainingHealth, OfAStudyHasWhatWasNotJudged) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "objective": {"maximize": "accuracy"}})");
  const std::int64_t few = study.create(Config{{"x", 0.5}});
  study.start(few);
  study.report(few, 1, {{"accuracy", 0.5}});
  const std::int64_t nan = study.create(Config{{"x", 0.6}});
  study.start(nan);
  study.report(nan, 1, {{"accuracy", NAN}});
  study.create(Config{{"x", 0.7}});
  const auto health = study_health(study.history(), {});
  ASSERT_EQ(health.size(), 2u) << "one has not run";
  EXPECT_THAT(health[0].unjudged, HasSubstr("1 report of accuracy"));
  EXPECT_EQ(health[1].findings[0].name, "diverged");
  EXPECT_EQ(to_json(health)[1]["findings"][0]["name"], "diverged");
}

TEST(TrainingHealth, JudgesNoShapesOfAStream) {
  constexpr const char* kStream = R"({"space": {"x": {"range": [0, 1]}}, "objective": {"minimize": "validation_loss"},
      "trial": {"trainer": {"data": {"stream": [{"train": "a"}, {"train": "b"}]}}}})";
  HistoryForTest study(kStream);
  const std::int64_t healthy = study.create(Config{{"x", 0.5}});
  study.start(healthy);
  for (int step = 0; step <= 10; ++step) {
    const double jump = step > 5 ? 2 : 0;
    study.report(healthy, step,
                 {{"validation_loss", 6 - 0.3 * step},
                  {"train_loss", 4 - 0.3 * step + jump},
                  {"largest_loss", 4.1 - 0.3 * step + (step == 6 ? 3 : jump)},
                  {"gradient_norm", 1 + 4 * jump}});
  }
  study.move(healthy, TrialState::Done);
  const std::int64_t broken = study.create(Config{{"x", 0.6}});
  study.start(broken);
  study.report(broken, 1, {{"validation_loss", NAN}});
  const auto health = study_health(study.history(), {});
  ASSERT_EQ(health.size(), 2u);
  EXPECT_THAT(health[0].findings, IsEmpty());
  EXPECT_THAT(health[0].unjudged, HasSubstr("its data are a stream"));
  ASSERT_EQ(health[1].findings.size(), 1u) << "no number is no shape";
  EXPECT_EQ(health[1].findings[0].name, "diverged");
  EXPECT_THAT(to_json(health)[0]["unjudged"].get<std::string>(), HasSubstr("stream"));
}

TEST(TrainingHealth, ShowsWhatIsMaximizedAsItIs) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "objective": {"maximize": "accuracy"}})");
  const std::int64_t trial = study.create(Config{{"x", 0.5}});
  study.start(trial);
  for (int step = 1; step <= 8; ++step)
    study.report(trial, step, {{"accuracy", step < 5 ? 0.2 * step : 0.8 - 0.05 * step}});
  const auto health = study_health(study.history(), {});
  ASSERT_FALSE(health[0].findings.empty());
  EXPECT_THAT(health[0].findings[0].what, HasSubstr("accuracy worsened from 0.8 at step 4 to 0.4 at step 8"));
}

}  // namespace
}  // namespace pegbox
