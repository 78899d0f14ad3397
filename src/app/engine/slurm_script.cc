// SlurmScript: the batch script of an array of workers, and what Slurm's commands print.
#include "app/engine/slurm_script.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

namespace pegbox {

namespace {

constexpr int kWarning_s = 90;  // between SIGTERM and the end of a job's time; Slurm looks every half minute

/// A value of an option, in quotes if Slurm would cut it at a space.
std::string option_value(const std::string& text) {
  return text.find_first_of(" \t\"'") == std::string::npos ? text : "\"" + text + "\"";
}

std::vector<std::string_view> pieces_of(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    pieces.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return pieces;
}

}  // namespace

std::string slurm_time(double seconds) {
  const auto minutes = static_cast<std::int64_t>(std::ceil(seconds / 60));
  const std::int64_t days = minutes / 1440, hours = minutes / 60 % 24;
  if (days > 0) return fmt::format("{}-{:02}:{:02}:00", days, hours, minutes % 60);
  return fmt::format("{}:{:02}:00", hours, minutes % 60);
}

std::string slurm_script(const WorkerOrder& order, int count, const Path& logs) {
  std::string script = "#!/bin/sh\n";
  const auto option = [&](std::string_view name, const std::string& value) {
    script += fmt::format("#SBATCH --{}={}\n", name, option_value(value));
  };
  option("job-name", "pegbox-" + order.study);
  option("array", fmt::format("1-{}", count));
  if (!order.partition.empty()) option("partition", order.partition);
  if (!order.account.empty()) option("account", order.account);
  if (order.gpus > 0) option("gres", fmt::format("gpu:{}", order.gpus));
  if (order.cpus > 0) option("cpus-per-task", std::to_string(order.cpus));
  if (order.time_s > 0) option("time", slurm_time(order.time_s));
  script += "#SBATCH --requeue\n";
  option("signal", fmt::format("B:TERM@{}", kWarning_s));
  option("chdir", order.folder.string());
  option("output", (logs / "%A_%a.log").string());
  script += "#SBATCH --open-mode=append\n";
  for (const std::string& extra : order.extra) script += "#SBATCH " + extra + "\n";
  script += "exec";
  for (const std::string& word : order.command({})) script += " " + shell_word(word);
  // The name is the shell's to fill in.
  const std::string unnamed = "--name ''";
  script.replace(script.find(unnamed), unnamed.size(), R"(--name "slurm-${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID")");
  return script + "\n";
}

std::vector<Hand> read_squeue(std::string_view printed, const std::set<std::string>& arrays) {
  constexpr std::array<std::string_view, 5> kGone = {"COMPLETING", "COMPLETED", "CANCELLED", "FAILED", "TIMEOUT"};
  std::vector<Hand> hands;
  for (const std::string_view line : pieces_of(printed, '\n')) {
    const auto fields = pieces_of(line, '|');
    if (fields.size() < 3 || !arrays.contains(std::string(fields[0]))) continue;
    if (std::ranges::find(kGone, fields[2]) != kGone.end()) continue;
    Hand hand{.name = fmt::format("slurm-{}_{}", fields[0], fields[1]), .runs = fields[2] == "RUNNING"};
    if (!hand.runs && fields.size() > 3) hand.why = fields[3];
    hands.push_back(std::move(hand));
  }
  return hands;
}

std::string slurm_hint(std::string_view said) {
  using Hint = std::pair<std::string_view, std::string_view>;
  constexpr std::array<Hint, 9> kHints = {
      {{"partition", "`sinfo` lists the partitions; --partition or `workers: {partition: NAME}` names one"},
       {"ccount",
        "`sacctmgr show associations user=$USER` lists your accounts; --account or `workers: {account: NAME}`"},
       {"time limit", "`sinfo` shows each partition's limit; --time or `workers: {time: 1h}` asks for less"},
       {"generic resource", "`sinfo -o '%P %G'` shows each partition's GPUs; --gpus or `workers: {gpus: N}`"},
       {"node configuration",
        "`sinfo -Nl` shows what nodes have; --cpus and --gpus ask for less, --partition for others"},
       {"QOS", "`sacctmgr show qos` and your cluster's pages say what you may submit"},
       {"Unable to contact", "Slurm's controller does not answer: `scontrol ping` says which; try again later"},
       {"rray",
        "`scontrol show config | grep MaxArraySize` shows the largest array; fewer workers: `workers: {count: N}`"},
       {"configuration file", "this machine is no part of a cluster: run it on a login node"}}};
  for (const auto& [word, hint] : kHints)
    if (said.find(word) != said.npos) return std::string(hint);
  return "`pegbox launch STUDY.yaml --on slurm --print` shows what was submitted";
}

}  // namespace pegbox
