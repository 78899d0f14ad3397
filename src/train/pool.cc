// step_together: see pool.h.
#include "train/pool.h"

#include "train/gradients.h"
#include "train/guard.h"

namespace pegbox::train {

namespace {

using Reports = std::vector<Result<StepReport>>;

bool halve(std::span<TrainingRun* const> runs) {
  bool any = false;
  for (TrainingRun* const run : runs) any = run->halve_micro_batch() || any;
  return any;
}

/// Leaves the gradients of each run's batch, and returns the losses. Passes change nothing but gradients: where memory
/// runs out in them, the runs' micro-batches are halved and the passes begin again, until none can be smaller.
Result<std::vector<double>> learn_together(std::span<TrainingRun* const> runs, std::span<const StepBatch> batches,
                                           Lanes& lanes) {
  std::vector<Lesson> lessons;
  for (std::size_t i = 0; i < runs.size(); ++i) lessons.push_back({&runs[i]->learner(), &batches[i]});
  while (true) {
    auto losses =
        guard("training step", [&]() -> Result<std::vector<double>> { return leave_gradients(lessons, lanes); });
    if (losses || losses.error().kind != ErrorKind::OutOfMemory || !halve(runs)) return losses;
  }
}

/// What is left of a step once its gradients are there.
Result<StepReport> end_step(TrainingRun& run, const StepBatch& batch, double loss) {
  return guard("training step", [&] { return run.end_step(batch, loss); });
}

/// A step whose passes are a run's own.
Result<StepReport> step_alone(TrainingRun& run, const StepBatch& batch, Lanes& lanes) {
  TrainingRun* const runs[] = {&run};
  PEGBOX_TRY(const std::vector<double> losses, learn_together(runs, {&batch, 1}, lanes));
  return end_step(run, batch, losses.front());
}

}  // namespace

Reports step_together(std::span<TrainingRun* const> runs, Lanes& lanes) {
  Reports reports(runs.size());
  std::vector<std::size_t> places;  // of the runs whose batches are there
  std::vector<TrainingRun*> begun;
  std::vector<StepBatch> batches;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    auto batch = guard("training step", [&]() -> Result<StepBatch> { return runs[i]->begin_step(); });
    if (!batch) {
      reports[i] = tl::make_unexpected(std::move(batch).error());
      continue;
    }
    places.push_back(i);
    begun.push_back(runs[i]);
    batches.push_back(*std::move(batch));
  }
  const auto losses = learn_together(begun, batches, lanes);
  if (!losses && begun.size() == 1) {
    reports[places.front()] = tl::make_unexpected(losses.error());
    return reports;
  }
  if (!losses) {  // one after another, so that each fails for itself and what it needs is free again for the next
    for (std::size_t i = 0; i < begun.size(); ++i) reports[places[i]] = step_alone(*begun[i], batches[i], lanes);
    return reports;
  }
  lanes.each(begun.size(),
             [&](std::size_t i, int) { reports[places[i]] = end_step(*begun[i], batches[i], (*losses)[i]); });
  return reports;
}

}  // namespace pegbox::train
