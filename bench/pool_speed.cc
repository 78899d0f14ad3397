// Training speed of LoRA trials on one base: together in a pool, and one after another.
//
//   pegbox-bench-pool_speed MODEL DATA TRIALS BATCH STEPS RUNS
//
// Prints a JSON object: tokens per second of both, of each run, and the share of labels among tokens; sides take turns.
#include <fmt/format.h>
#include <malloc.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "text/model_folder.h"
#include "train/corpus.h"
#include "train/pool.h"

namespace {

using namespace pegbox;
using namespace pegbox::train;

template <class T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  fmt::print(stderr, "{}\n", result.error().message);
  std::exit(1);
}

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Trials that differ as those of a search do.
std::vector<std::unique_ptr<TrainingRun>> make_runs(const BaseModel& base, const text::TokenizedRows& rows, int trials,
                                                    int batch, Lanes& lanes) {
  std::vector<std::unique_ptr<TrainingRun>> runs;
  for (int i = 0; i < trials; ++i) {
    const Json fields = {{"method", "lora"},  {"rank", 8 << (i % 3)},  {"learning_rate", 1e-4 * (1 + i)},
                         {"seed", i},         {"batch_size", batch},   {"dropout", 0.05 * (i % 2)},
                         {"tokens", 1 << 30}, {"sequence_length", 512}};
    runs.push_back(
        must(TrainingRun::create(base, must(read_train_config(Json::object(), fields, "trial")), rows, lanes)));
  }
  return runs;
}

using Step = std::int64_t (*)(const std::vector<TrainingRun*>& runs, Lanes& lanes);

std::int64_t pooled(const std::vector<TrainingRun*>& runs, Lanes& lanes) {
  std::int64_t tokens = 0;
  for (auto& report : step_together(runs, lanes)) tokens += must(std::move(report)).tokens;
  return tokens;
}

std::int64_t in_turn(const std::vector<TrainingRun*>& runs, Lanes& /*lanes*/) {
  std::int64_t tokens = 0;
  for (TrainingRun* const run : runs) tokens += must(run->step()).tokens;
  return tokens;
}

double tokens_per_second(Step step, int steps, const std::vector<TrainingRun*>& runs, Lanes& lanes) {
  step(runs, lanes);
  const double start_s = now_s();
  std::int64_t tokens = 0;
  for (int i = 0; i < steps; ++i) tokens += step(runs, lanes);
  return static_cast<double>(tokens) / (now_s() - start_s);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 7) {
    fmt::print(stderr, "usage: pegbox-bench-pool_speed MODEL DATA TRIALS BATCH STEPS RUNS\n");
    return 2;
  }
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // as the trainer: what was freed is used again
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  const auto number = [&](int i) { return std::atoi(arguments[i]); };
  const BaseModel base = must(load_model(arguments[1], BaseStorage::Fp32, {}));
  DataFiles files;
  files.parts[0] = {arguments[2]};
  const int threads = static_cast<int>(std::thread::hardware_concurrency());
  Corpus corpus(must(text::read_model_text(arguments[1])), must(read_rows(files)), threads);
  const text::TokenizedRows& rows = *must(corpus.tokenized(Part::Train, 512));
  const auto lanes = Lanes::for_threads(threads);
  Json result = {
      {"pooled", Json::array()},
      {"in_turn", Json::array()},
      {"labels_fraction", static_cast<double>(rows.total_label_tokens()) / static_cast<double>(rows.total_tokens())}};
  for (int run = 0; run < number(6); ++run)
    for (const auto& [name, step] : {std::pair<const char*, Step>{"pooled", pooled}, {"in_turn", in_turn}}) {
      const auto owned = make_runs(base, rows, number(3), number(4), *lanes);
      std::vector<TrainingRun*> runs;
      for (const auto& one : owned) runs.push_back(one.get());
      result[name].push_back(tokens_per_second(step, number(5), runs, *lanes));
    }
  fmt::print("{}\n", result.dump());
  return 0;
}
