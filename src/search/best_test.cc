// History: the best trial and the Pareto front, against the definition applied word by word.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "base/rng.h"
#include "search/comparable_trials.h"
#include "search/history.h"

namespace pegbox {
namespace {

StudySpec spec_of(const std::string& objective, const std::string& constraints = "[]",
                  const std::string& gates = "[]") {
  Document document;
  document.name = "study.yaml";
  document.json = Json::parse(R"({"name": "s", "space": {"x": {"range": [0, 1]}}, "budget": {"trials": 9},
                                  "objective": )" +
                              objective + R"(, "constraints": )" + constraints + R"(, "gates": )" + gates + "}");
  auto spec = StudySpec::read(document);
  EXPECT_TRUE(spec) << spec.error().message;
  return std::move(*spec);
}

/// A study with trials that a test makes by hand.
struct Made {
  StudySpec spec;
  Constraints constraints;
  std::vector<Trial> trials;

  explicit Made(StudySpec read) : spec(std::move(read)), constraints(spec.constraints, spec.space, spec.gates) {}

  void add(TrialState state, std::int64_t step, Metrics metrics, double x = 0.5) {
    Trial trial;
    trial.number = static_cast<std::int64_t>(trials.size());
    trial.config.set("x", x);
    trial.state = state;
    trial.step = step;
    trial.reports = {{step, metrics}};
    trial.metrics = std::move(metrics);
    trials.push_back(std::move(trial));
  }
  History history() const { return {spec, constraints, trials, 0, 0, 0, 0}; }
};

const std::string kLoss = R"({"minimize": "loss"})";

TEST(LossOf, HasTheObjectivesSignAndOnlyFiniteNumbers) {
  Made made(spec_of(R"([{"minimize": "loss"}, {"maximize": "accuracy"}])"));
  made.add(TrialState::Running, 1, {{"loss", 2}, {"accuracy", 0.5}});
  made.add(TrialState::Done, 1, {{"loss", std::nan("")}, {"accuracy", INFINITY}});
  const History history = made.history();
  EXPECT_EQ(loss_of(history, made.trials[0]), 2);
  EXPECT_EQ(loss_of(history, made.trials[0], 1), -0.5);
  EXPECT_FALSE(loss_of(history, made.trials[1]));
  EXPECT_FALSE(loss_of(history, made.trials[1], 1));
}

TEST(BestTrial, MeetsEveryGateAndWhatDoesNotIsRefusedWithItsReasons) {
  Made made(spec_of(kLoss, "[]", R"(["toxicity <= 0.05", "leakage <= 0"])"));
  made.add(TrialState::Done, 100, {{"loss", 1}, {"toxicity", 0.5}, {"leakage", 0.25}});
  EXPECT_FALSE(best_trial(made.history())) << "rather none than one that was refused";
  made.add(TrialState::Done, 100, {{"loss", 3}, {"toxicity", 0.05}, {"leakage", 0}});
  made.add(TrialState::Done, 100, {{"loss", 2}, {"toxicity", 0.01}});
  made.add(TrialState::Stopped, 50, {{"loss", 0}});
  EXPECT_EQ(best_trial(made.history()), 1);
  const auto refused = refused_trials(made.history());
  ASSERT_EQ(refused.size(), 2u) << "a trial that was stopped was not judged";
  EXPECT_EQ(refused[0].trial, 0);
  EXPECT_EQ(refused[0].reasons,
            (std::vector<std::string>{"toxicity <= 0.05 (toxicity = 0.5)", "leakage <= 0 (leakage = 0.25)"}));
  EXPECT_EQ(refused[1].reasons, (std::vector<std::string>{"leakage <= 0 (leakage was not reported)"}));
}

TEST(ParetoFront, HoldsNoTrialThatAGateRefuses) {
  Made made(spec_of(R"([{"minimize": "loss"}, {"maximize": "speed"}, {"minimize": "memory"}])", "[]",
                    R"(["toxicity <= 0.05", "loss[lang=de] < 4"])"));
  Rng rng({.seed = 3, .stream = 1, .trial = 0});
  for (int i = 0; i < 60; ++i)
    made.add(TrialState::Done, 10,
             {{"loss", rng.uniform()},
              {"speed", rng.uniform()},
              {"memory", rng.uniform()},
              {"toxicity", 0.1 * rng.uniform()},
              {"loss[lang=de]", 8 * rng.uniform()}});
  const auto meets = [](const Trial& trial) {
    return *trial.metric("toxicity") <= 0.05 && *trial.metric("loss[lang=de]") < 4;
  };
  const auto beats = [](const Trial& a, const Trial& b) {
    const std::array<double, 3> x{*a.metric("loss"), -*a.metric("speed"), *a.metric("memory")};
    const std::array<double, 3> y{*b.metric("loss"), -*b.metric("speed"), *b.metric("memory")};
    return x != y && x[0] <= y[0] && x[1] <= y[1] && x[2] <= y[2];
  };
  std::vector<std::int64_t> expected;
  for (const Trial& trial : made.trials) {
    bool is_beaten = false;
    for (const Trial& other : made.trials) is_beaten = is_beaten || (meets(other) && beats(other, trial));
    if (meets(trial) && !is_beaten) expected.push_back(trial.number);
  }
  EXPECT_EQ(pareto_front(made.history()), expected);
  EXPECT_GT(expected.size(), 2u);
}

TEST(BestTrial, IsADoneOneBeforeAnyShorterOne) {
  Made made(spec_of(kLoss));
  EXPECT_FALSE(best_trial(made.history()));
  made.add(TrialState::Running, 100, {{"loss", 0}});
  made.add(TrialState::Waiting, 100, {{"loss", 0}});
  made.add(TrialState::Failed, 100, {{"loss", 0}});
  made.add(TrialState::Infeasible, 100, {{"loss", 0}});
  EXPECT_FALSE(best_trial(made.history()));
  made.add(TrialState::Stopped, 50, {{"loss", 1}});
  EXPECT_EQ(best_trial(made.history()), 4);
  made.add(TrialState::Paused, 80, {{"loss", 5}});
  EXPECT_EQ(best_trial(made.history()), 5) << "longer goes before better";
  made.add(TrialState::Stopped, 80, {{"loss", 4}});
  EXPECT_EQ(best_trial(made.history()), 6);
  made.add(TrialState::Done, 100, {{"loss", std::nan("")}});
  EXPECT_EQ(best_trial(made.history()), 6) << "done without a loss";
  made.add(TrialState::Done, 100, {{"loss", 9}});
  EXPECT_EQ(best_trial(made.history()), 8);
  made.add(TrialState::Done, 100, {{"loss", 9}});
  EXPECT_EQ(best_trial(made.history()), 8) << "the lower number of equals";
}

TEST(BestTrial, ViolatesNoConstraint) {
  Made made(spec_of(kLoss, R"(["x < 0.9", "latency < 30ms"])"));
  made.add(TrialState::Done, 1, {{"loss", 0}, {"latency", 0.5}});
  made.add(TrialState::Done, 1, {{"loss", 0}});
  made.add(TrialState::Done, 1, {{"loss", 0}, {"latency", 0.01}}, 0.95);
  made.add(TrialState::Stopped, 1, {{"loss", 0}, {"latency", 0.01}});
  EXPECT_EQ(best_trial(made.history()), 3) << "no done trial is allowed";
  made.add(TrialState::Done, 1, {{"loss", 7}, {"latency", 0.01}});
  EXPECT_EQ(best_trial(made.history()), 4);
}

TEST(BestTrial, ComparesShorterOnesWhereTheirLossWasMeasured) {
  Made made(spec_of(kLoss));
  made.add(TrialState::Stopped, 100, {{"loss", 1}});
  made.add(TrialState::Stopped, 90, {{"loss", 0}});
  made.trials[1].reports.push_back({200, {{"train_loss", 0}}});
  made.trials[1].step = 200;
  EXPECT_EQ(best_trial(made.history()), 0);
}

TEST(ParetoFront, KeepsEqualOnesAndLeavesOutWhatLacksAnObjective) {
  Made made(spec_of(R"([{"minimize": "loss"}, {"maximize": "speed"}])"));
  EXPECT_TRUE(pareto_front(made.history()).empty());
  made.add(TrialState::Done, 1, {{"loss", 1}, {"speed", 1}});
  made.add(TrialState::Done, 1, {{"loss", 2}, {"speed", 2}});
  made.add(TrialState::Done, 1, {{"loss", 2}, {"speed", 1}});
  made.add(TrialState::Done, 1, {{"loss", 0}});
  made.add(TrialState::Done, 1, {{"loss", 1}, {"speed", 1}});
  EXPECT_EQ(pareto_front(made.history()), (std::vector<std::int64_t>{0, 1, 4}));
}

/// The definition, without regard for effort.
std::vector<const Trial*> comparable(const Made& made) {
  const auto allowed = [&](const Trial& trial, bool done) {
    const auto loss = trial.metrics.find("loss");
    const bool state = done ? trial.state == TrialState::Done
                            : trial.state == TrialState::Stopped || trial.state == TrialState::Paused;
    return state && loss != trial.metrics.end() && std::isfinite(loss->second) &&
           as_number(*trial.config.find("x")) < 0.8;
  };
  std::vector<const Trial*> found;
  for (const Trial& trial : made.trials)
    if (allowed(trial, true)) found.push_back(&trial);
  if (!found.empty()) return found;
  std::int64_t greatest = -1;
  for (const Trial& trial : made.trials)
    if (allowed(trial, false)) greatest = std::max(greatest, trial.step);
  for (const Trial& trial : made.trials)
    if (allowed(trial, false) && trial.step == greatest) found.push_back(&trial);
  return found;
}

TEST(BestTrialAndParetoFront, AgreeWithTheDefinitionOnRandomStudies) {
  Rng rng({1, stream_id("best")});
  int with_best = 0, shorter = 0;
  for (int round = 0; round < 2000; ++round) {
    Made made(spec_of(R"([{"minimize": "loss"}, {"maximize": "speed"}, {"minimize": "bytes"}])", R"(["x < 0.8"])"));
    const bool has_done = rng.below(2) == 1;
    for (std::uint64_t i = 0, count = rng.below(15); i < count; ++i) {
      Metrics metrics;
      for (const char* name : {"loss", "speed", "bytes"})
        if (rng.below(10)) metrics[name] = rng.below(12) ? static_cast<double>(rng.below(5)) : std::nan("");
      auto state = static_cast<TrialState>(rng.below(7));
      if (!has_done && state == TrialState::Done) state = TrialState::Paused;
      made.add(state, static_cast<std::int64_t>(1 + rng.below(3)) * 10, std::move(metrics), rng.uniform());
    }
    const auto candidates = comparable(made);
    const Trial* best = nullptr;
    for (const Trial* trial : candidates)
      if (!best || trial->metrics.at("loss") < best->metrics.at("loss")) best = trial;
    const auto found = best_trial(made.history());
    ASSERT_EQ(found.has_value(), best != nullptr);
    if (!best) continue;
    ++with_best;
    shorter += best->state != TrialState::Done;
    ASSERT_EQ(*found, best->number);

    const auto complete = [](const Trial& trial) {
      return trial.metrics.size() == 3 && std::isfinite(trial.metrics.at("speed")) &&
             std::isfinite(trial.metrics.at("bytes"));
    };
    std::vector<std::int64_t> front;
    for (const Trial* trial : candidates) {
      const auto dominates = [&](const Trial* other) {
        const Metrics &a = other->metrics, &b = trial->metrics;
        if (!complete(*other) || a == b) return false;
        return a.at("loss") <= b.at("loss") && a.at("speed") >= b.at("speed") && a.at("bytes") <= b.at("bytes");
      };
      if (complete(*trial) && std::none_of(candidates.begin(), candidates.end(), dominates))
        front.push_back(trial->number);
    }
    ASSERT_EQ(pareto_front(made.history()), front);
  }
  EXPECT_GT(with_best, 1000);
  EXPECT_GT(shorter, 300);
}

}  // namespace
}  // namespace pegbox
