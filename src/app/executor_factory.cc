// Executor factory: from a study file to what runs its trials.
#include "app/executor_factory.h"

#include "app/trainer_program.h"
#include "app/worker_places.h"
#include "search/executors/command_executor.h"
#include "search/executors/worker_executor.h"

namespace pegbox {

namespace {

template <class T>
Result<std::unique_ptr<Executor>> as_executor(Result<std::unique_ptr<T>> made) {
  if (!made) return tl::make_unexpected(std::move(made).error());
  return std::unique_ptr<Executor>(std::move(*made));
}

Result<std::unique_ptr<Executor>> make_command_executor(const StudyFile& file, const Path& files,
                                                        std::vector<Environment> environments,
                                                        const std::atomic<bool>& interrupted) {
  CommandOptions options;
  options.command = file.trial.command;
  for (const Parameter& parameter : file.spec.space.parameters())
    for (std::string& name : parameter.config_names()) options.hyperparameters.push_back(std::move(name));
  options.metric_patterns = file.trial.patterns;
  options.step_pattern = file.trial.step_pattern;
  options.count = static_cast<int>(file.spec.workers.count);
  options.environments = std::move(environments);
  options.folder = files;
  options.working_folder = file.trial.folder;
  options.timeout_s = file.spec.workers.timeout_s;
  options.grace_s = file.spec.workers.grace_s;
  options.interrupted = &interrupted;
  return as_executor(CommandExecutor::create(std::move(options)));
}

/// Where trials write, and where this process alone does.
struct Folders {
  Path files, own;
};

/// The built-in trainer's config: the section's fields, and where its trials write.
Result<std::vector<std::string>> trainer_arguments(const StudyFile& file, const Folders& folders, int threads) {
  PEGBOX_TRY(const auto trainer, TrainerProgram::find());
  Json config = file.trial.trainer;
  config["folder"] = folders.files.string();
  config["threads"] = threads;
  const Path path = folders.own / "trainer.json";
  PEGBOX_CHECK(replace_file(path, config.dump(2) + "\n"));
  return std::vector<std::string>{trainer.path().string(), "worker", "--config", path.string()};
}

Result<std::unique_ptr<Executor>> make_worker_executor(const StudyFile& file, const Folders& folders,
                                                       const std::vector<Environment>& environments, int threads,
                                                       const std::atomic<bool>& interrupted) {
  PEGBOX_CHECK(make_folder(folders.own));
  std::vector<std::string> arguments = {"/bin/sh", "-c", file.trial.command};
  if (file.trial.kind == TrialKind::Trainer) {
    PEGBOX_TRY(arguments, trainer_arguments(file, folders, threads));
  }
  WorkerOptions options;
  for (const Environment& environment : environments)
    options.processes.push_back({.arguments = arguments, .environment = environment, .folder = file.trial.folder});
  options.folder = folders.own;
  options.lease_s = file.spec.workers.lease_s;
  options.grace_s = file.spec.workers.grace_s;
  options.timeout_s = file.spec.workers.timeout_s;
  options.interrupted = &interrupted;
  return as_executor(WorkerExecutor::start(std::move(options)));
}

}  // namespace

Result<std::unique_ptr<Executor>> make_executor(const StudyFile& file, const Path& files,
                                                const std::atomic<bool>& interrupted, const Path& own) {
  PEGBOX_CHECK(make_folder(files));
  std::error_code code;
  const Path absolute = std::filesystem::absolute(files, code).lexically_normal();
  const Path alone = own.empty() ? absolute : std::filesystem::absolute(own, code).lexically_normal();
  const Resources resources = Resources::look();
  PEGBOX_TRY(auto environments, worker_environments(file.spec.workers, resources));
  if (file.trial.kind == TrialKind::Command)
    return make_command_executor(file, absolute, std::move(environments), interrupted);
  return make_worker_executor(file, {absolute, alone}, environments, threads_of_worker(file.spec.workers, resources),
                              interrupted);
}

}  // namespace pegbox
