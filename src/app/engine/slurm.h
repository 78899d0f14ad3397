// Slurm: workers as tasks of job arrays, by Slurm's own commands (sbatch, squeue, scancel).
#pragma once

#include <memory>
#include <set>

#include "app/engine/worker_order.h"
#include "app/engine/workforce.h"

namespace pegbox {

class SlurmWorkforce final : public Workforce {
 public:
  /// `folder`: of the scripts, the logs, and the numbers of the arrays, from which a later process knows its workers.
  /// Errors are those of `check`.
  static Result<std::unique_ptr<SlurmWorkforce>> create(WorkerOrder order, const Path& folder);

  /// NotFound, with the next step, where there is no Slurm.
  static Result<void> check();

  Result<std::vector<Hand>> look() override;
  Result<std::vector<std::string>> hire(int count) override;
  Result<void> dismiss(const std::vector<std::string>& names) override;
  std::string last_words(const std::string& name) override;

 private:
  SlurmWorkforce(WorkerOrder order, Path folder) : order_(std::move(order)), folder_(std::move(folder)) {}
  Path logs() const { return folder_ / "logs"; }
  Path arrays_file() const { return folder_ / "arrays"; }
  Result<void> remember(const std::string& array);

  const WorkerOrder order_;
  const Path folder_;
  std::set<std::string> arrays_;  // their job numbers
};

}  // namespace pegbox
