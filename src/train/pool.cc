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

}  // namespace

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

Reports step_together(std::span<TrainingRun* const> runs, Lanes& lanes) {
  std::vector<StepBatch> batches;
  for (TrainingRun* const run : runs) batches.push_back(run->begin_step());
  const auto losses = learn_together(runs, batches, lanes);
  if (!losses) return Reports(runs.size(), tl::make_unexpected(losses.error()));
  Reports reports(runs.size());
  lanes.run([&](int lane) {
    for (std::size_t i = static_cast<std::size_t>(lane); i < runs.size(); i += static_cast<std::size_t>(lanes.count()))
      reports[i] = guard("training step", [&] { return runs[i]->end_step(batches[i], (*losses)[i]); });
  });
  return reports;
}

}  // namespace pegbox::train
