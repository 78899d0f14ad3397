// Demo: the main job from nothing: a base model, a study on a new domain, and what the study gained.
#pragma once

#include <cstdint>
#include <string>

#include "app/demo/comparison.h"
#include "app/demo/recipe.h"
#include "app/session.h"
#include "app/trainer_program.h"
#include "report/importance.h"

namespace pegbox {

struct DemoResult {
  Comparison comparison;  ///< the study's best against the published defaults, on test documents
  MetricImportance importance;
  std::int64_t best_trial = 0, trials = 0;
  double best_tokens = 0, study_tokens = 0;  ///< training tokens of the best trial, and of the whole study
  Config best_config;
  Path base, adapter;

  Json to_json() const;
  std::string in_three_lines() const;  ///< what was gained, what mattered, where the adapter lies
};

/// Everything lies in `folder`, and what an earlier run finished there is used: text, base model, an interrupted study.
class Demo {
 public:
  Demo(Session& session, TrainerProgram trainer, DemoRecipe recipe, Path folder, std::int64_t seed)
      : session_(session), trainer_(std::move(trainer)), recipe_(recipe), folder_(std::move(folder)), seed_(seed) {}

  /// Interrupted if a person ended it; the same call goes on.
  Result<DemoResult> run();

 private:
  Result<void> prepare();  ///< throws away what a finished run, or one with another recipe or seed, left
  Result<void> train_base();
  Result<void> search(DemoResult& result);
  Result<void> train_defaults(double tokens);
  Result<Comparison> compare_on_test(const Path& adapter);
  Result<Path> evaluate(const Path& adapter, const std::string& name);
  Result<void> train(const Json& config);
  StorePlace place() const { return {.database = folder_ / "pegbox.db", .files = folder_ / "pegbox.files"}; }

  Session& session_;
  TrainerProgram trainer_;
  DemoRecipe recipe_;
  Path folder_;
  std::int64_t seed_;
  DemoText text_;
};

}  // namespace pegbox
