// Clones: whose, from where, and what of their configuration may differ.
#include "search/samplers/pbt.h"

#include <gtest/gtest.h>

#include <cmath>

#include "search/history_for_test.h"

namespace pegbox {
namespace {

std::string study_with(const std::string& options = {}) {
  return R"({"space": {"lr": {"range": [1e-4, 1], "scale": "log"}, "layers": {"range": [1, 8], "integer": true},
                       "act": {"choice": ["relu", "gelu"]}}, "steps": 100, "budget": {"trials": 100},
             "search": {"name": "pbt", "population": 8, "quantile": 0.25)" +
         options + "}}";
}

Suggestion ask_pbt(Sampler& sampler, const HistoryForTest& study, std::uint64_t seed = 1) {
  auto suggestions = sampler.suggest(study.history(), 1, {seed, 0, study.history().trials.size()});
  EXPECT_TRUE(suggestions) << suggestions.error().message;
  return suggestions->at(0);
}

/// Eight members at step 10 with losses 0 to 7, each with a checkpoint; the last one has ended there.
HistoryForTest members_at_ten(const std::string& options = {}) {
  HistoryForTest study(study_with(options));
  const auto sampler = std::move(*make_sampler(study.spec()));
  for (int i = 0; i < 8; ++i) {
    const Suggestion founder = ask_pbt(*sampler, study);
    EXPECT_FALSE(founder.clone_of);
    EXPECT_EQ(founder.reason["operator"], "founder");
    const std::int64_t trial = study.create(founder);
    study.start(trial, 10);
    study.report(trial, 10, i);
    study.apply(event::TrialMoved{
        trial, i == 7 ? TrialState::Stopped : TrialState::Paused, 10, CheckpointRef{trial, 10, "at-10"}, {}, {}});
  }
  return study;
}

TEST(PbtSampler, ClonesOneOfTheBestAtItsCheckpointAndChangesOnlyRealNumbers) {
  const HistoryForTest study = members_at_ten();
  int resampled = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto sampler = std::move(*make_sampler(study.spec()));
    const Suggestion clone = ask_pbt(*sampler, study, seed);
    ASSERT_TRUE(clone.clone_of);
    EXPECT_LT(clone.clone_of->trial, 2) << "a quarter of the seven that are left, at least one";
    EXPECT_EQ(clone.clone_of->step, 10);
    EXPECT_EQ(clone.clone_of->name, "at-10");
    EXPECT_EQ(clone.reason["parents"], Json::array({clone.clone_of->trial}));
    EXPECT_EQ(clone.reason["operator"], "exploit+explore");
    EXPECT_EQ(clone.reason["generation"], 1);
    const Config& parent = study.history().trials[static_cast<std::size_t>(clone.clone_of->trial)].config;
    EXPECT_TRUE(same_value(*clone.config.find("layers"), *parent.find("layers")));
    EXPECT_TRUE(same_value(*clone.config.find("act"), *parent.find("act")));
    const double ratio = as_number(*clone.config.find("lr")) / as_number(*parent.find("lr"));
    const bool multiplied = std::abs(ratio - 1.2) < 1e-6 || std::abs(ratio - 1 / 1.2) < 1e-6;
    resampled += !multiplied;
  }
  EXPECT_GE(resampled, 3);
  EXPECT_LE(resampled, 20) << "one in four";
}

TEST(PbtSampler, ChangesWhatItIsToldTo) {
  const HistoryForTest study = members_at_ten(R"(, "explore": ["act", "layers"], "resample": 0)");
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const auto sampler = std::move(*make_sampler(study.spec()));
    const Suggestion clone = ask_pbt(*sampler, study, seed);
    ASSERT_TRUE(clone.clone_of);
    const Config& parent = study.history().trials[static_cast<std::size_t>(clone.clone_of->trial)].config;
    EXPECT_TRUE(same_value(*clone.config.find("lr"), *parent.find("lr")));
    EXPECT_FALSE(same_value(*clone.config.find("act"), *parent.find("act")));
    EXPECT_FALSE(same_value(*clone.config.find("layers"), *parent.find("layers")));
  }
}

TEST(PbtSampler, BeginsAnewWithChildrenOfTheBestWhereNobodyCanBeCloned) {
  HistoryForTest study(study_with());
  const auto sampler = std::move(*make_sampler(study.spec()));
  for (int i = 0; i < 8; ++i) study.done(ask_pbt(*sampler, study), i);
  const Suggestion child = ask_pbt(*sampler, study);
  EXPECT_FALSE(child.clone_of);
  EXPECT_EQ(child.reason["operator"], "explore");
  EXPECT_LT(child.reason["parents"][0].get<int>(), 2);
}

TEST(PbtSampler, RefusesToExploreWhatIsNotThere) {
  for (const char* options : {R"(, "explore": ["lrr"])", R"(, "explore": "lr")", R"(, "explor": ["lr"])"}) {
    const HistoryForTest study(study_with(options));
    const auto made = make_sampler(study.spec());
    ASSERT_FALSE(made) << options;
    EXPECT_EQ(made.error().kind, ErrorKind::InvalidInput);
  }
}

}  // namespace
}  // namespace pegbox
