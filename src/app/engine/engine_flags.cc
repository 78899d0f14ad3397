// EngineFlags: `--on slurm|ray` and what goes with it.
#include "app/engine/engine_flags.h"

#include "app/engine/ray.h"
#include "app/engine/reception.h"
#include "app/engine/slurm.h"
#include "base/units.h"
#include "search/worker_resources.h"

namespace pegbox {

std::vector<Option> EngineFlags::options() {
  return {
      {.names = "--on",
       .target = &on,
       .value = "ENGINE",
       .help = "run the trials by workers of this engine",
       .choices = {"slurm", "ray"}},
      {.names = "--count",
       .target = &workers,
       .value = "N",
       .help = "with --on: workers at once, at most [the study's workers.count]"},
      {.names = "--gpus", .target = &gpus, .value = "N", .help = "with --on: GPUs of each worker [workers.gpus]"},
      {.names = "--cpus", .target = &cpus, .value = "N", .help = "with --on: cores of each worker [workers.cpus]"},
      {.names = "--time",
       .target = &time,
       .value = "TIME",
       .help = "with --on slurm: of a job, such as 4h [workers.time]"},
      {.names = "--partition", .target = &partition, .value = "NAME", .help = "with --on slurm [workers.partition]"},
      {.names = "--account", .target = &account, .value = "NAME", .help = "with --on slurm [workers.account]"},
      {.names = "--sbatch",
       .target = &extra,
       .value = "OPTION",
       .help = "with --on slurm: one more option of sbatch, such as --sbatch=--qos=low; may be repeated"},
      {.names = "--host",
       .target = &host,
       .value = "ADDRESS",
       .help = "with --on: the address by which the nodes reach this machine [that of its name]"},
      {.names = "--port", .target = &port, .value = "N", .help = "of the server of --serve or --on [any that is free]"},
  };
}

Result<WorkerOrder> EngineFlags::order(const StudyFile& file, const Path& files) const {
  WorkerOrder order;
  const WorkerResources asked = worker_resources(file.spec);
  order.partition = partition.empty() ? asked.partition : partition;
  order.account = account.empty() ? asked.account : account;
  order.cpus = cpus >= 0 ? cpus : asked.cpus > 0 ? asked.cpus : file.spec.workers.threads;
  order.time_s = asked.time_s;
  if (!time.empty()) {
    PEGBOX_TRY(order.time_s, parse_duration(time));
  }
  PEGBOX_TRY(order.gpus, gpus_of_worker(gpus >= 0 ? std::to_string(gpus) : file.spec.workers.gpus));
  if (port < 0 || port > 65535)
    return fail(ErrorKind::InvalidInput, {.where = "--port", .what = "no port", .got = std::to_string(port)});
  if (workers < 0)
    return fail(ErrorKind::InvalidInput, {.where = "--count", .what = "less than one", .got = std::to_string(workers)});
  std::error_code code;
  order.program = std::filesystem::read_symlink("/proc/self/exe", code);
  order.study = file.spec.name;
  order.files = std::filesystem::absolute(files, code).lexically_normal();
  order.folder = file.folder;
  order.extra = extra;
  return order;
}

int EngineFlags::count(const StudyFile& file) const {
  return static_cast<int>(workers > 0 ? workers : file.spec.workers.count);
}

std::string EngineFlags::address() const { return host.empty() || host == "0.0.0.0" ? reachable_address() : host; }

Result<void> EngineFlags::check(const StudyFile& file, const Path& files) const {
  PEGBOX_TRY(const WorkerOrder asked, order(file, files));
  return on == "slurm" ? SlurmWorkforce::check() : Result<void>();
}

Result<std::unique_ptr<Workforce>> EngineFlags::make_workforce(WorkerOrder order, const std::string& token,
                                                               const Path& folder) const {
  if (on == "slurm") {
    PEGBOX_TRY(auto slurm, SlurmWorkforce::create(std::move(order), folder));
    return std::unique_ptr<Workforce>(std::move(slurm));
  }
  PEGBOX_TRY(auto ray, RayWorkforce::start(std::move(order), token, folder));
  return std::unique_ptr<Workforce>(std::move(ray));
}

}  // namespace pegbox
