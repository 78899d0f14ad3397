// Slurm: workers as tasks of job arrays, by Slurm's own commands.
#include "app/engine/slurm.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "app/child_process.h"
#include "app/engine/slurm_script.h"

namespace pegbox {

namespace {

constexpr std::string_view kPrefix = "slurm-";

struct Printed {
  ExitStatus status;
  std::string output, errors;
};

Result<Printed> run_command(std::vector<std::string> arguments) {
  PEGBOX_TRY(const auto child, Subprocess::start({.arguments = std::move(arguments), .environment = {}, .folder = {}}));
  Printed printed;
  printed.status = follow(
      *child, [&](std::string_view bytes) { printed.output += bytes; },
      [&](std::string_view bytes) { printed.errors += bytes; }, nullptr);
  return printed;
}

}  // namespace

Result<void> SlurmWorkforce::check() {
  for (const char* program : {"sbatch", "squeue", "scancel"})
    if (find_in_path(program).empty())
      return fail(ErrorKind::NotFound,
                  {.where = program,
                   .what = "there is no Slurm on this machine",
                   .hint = "run it on a login node of the cluster; without Slurm, `pegbox serve` and `pegbox worker` "
                           "use any machines (docs/cluster.md)"});
  return {};
}

Result<std::unique_ptr<SlurmWorkforce>> SlurmWorkforce::create(WorkerOrder order, const Path& folder) {
  PEGBOX_CHECK(check());
  std::unique_ptr<SlurmWorkforce> slurm(new SlurmWorkforce(std::move(order), folder));
  PEGBOX_CHECK(make_folder(slurm->logs()));
  std::istringstream lines(read_file(slurm->arrays_file()).value_or(""));
  for (std::string line; std::getline(lines, line);) slurm->arrays_.insert(line);
  return slurm;
}

Result<std::vector<Hand>> SlurmWorkforce::look() {
  if (arrays_.empty()) return std::vector<Hand>{};
  PEGBOX_TRY(const Printed listed, run_command({"squeue", "--noheader", "--array", "--user", std::to_string(::getuid()),
                                                "--format", kSqueueFormat}));
  if (listed.status.code != 0)
    return fail(ErrorKind::Io, {.where = "squeue", .what = "Slurm does not answer", .got = last_lines(listed.errors)});
  return read_squeue(listed.output, arrays_);
}

Result<std::vector<std::string>> SlurmWorkforce::hire(int count) {
  const Path script = folder_ / "worker.sh";
  PEGBOX_CHECK(replace_file(script, slurm_script(order_, count, logs())));
  PEGBOX_TRY(const Printed submitted, run_command({"sbatch", "--parsable", script.string()}));
  const std::string said = last_lines(submitted.errors);
  if (submitted.status.code != 0)
    return fail(ErrorKind::InvalidInput,
                {.where = "sbatch", .what = "Slurm refuses the workers", .got = said, .hint = slurm_hint(said)});
  const std::string array = submitted.output.substr(0, submitted.output.find_first_of(";\n"));  // "17" or "17;cluster"
  PEGBOX_CHECK(remember(array));
  std::vector<std::string> names;
  for (int task = 1; task <= count; ++task) names.push_back(fmt::format("{}{}_{}", kPrefix, array, task));
  return names;
}

Result<void> SlurmWorkforce::remember(const std::string& array) {
  arrays_.insert(array);
  std::string lines;
  for (const std::string& known : arrays_) lines += known + "\n";
  return replace_file(arrays_file(), lines);
}

Result<void> SlurmWorkforce::dismiss(const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::vector<std::string> command = {"scancel"};
  for (const std::string& name : names) command.push_back(name.substr(kPrefix.size()));
  PEGBOX_TRY(const Printed cancelled, run_command(std::move(command)));
  if (cancelled.status.code == 0 || cancelled.errors.find("nvalid job id") != std::string::npos) return {};
  return fail(ErrorKind::Io,
              {.where = "scancel", .what = "jobs could not be ended", .got = last_lines(cancelled.errors)});
}

std::string SlurmWorkforce::last_words(const std::string& name) {
  return last_lines(read_file(logs() / (name.substr(kPrefix.size()) + ".log")).value_or(""));
}

}  // namespace pegbox
