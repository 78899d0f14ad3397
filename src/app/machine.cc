// Machine: what this computer has that matters for training and searching.
#include "app/machine.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <set>

#include "base/clock.h"
#include "base/subprocess.h"

namespace pegbox {

namespace {

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find(at, start), text.size());
    if (end > start) parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

/// What follows "NAME<blanks>:" on the first such line.
std::string value_of(const std::string& text, const std::string& name) {
  for (const std::string& line : split(text, '\n')) {
    if (!line.starts_with(name)) continue;
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const auto first = line.find_first_not_of(" \t", colon + 1);
    return first == std::string::npos ? "" : line.substr(first);
  }
  return "";
}

std::uint64_t leading_number(const std::string& text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void look_at_processor(Machine& machine) {
  const auto text = read_file("/proc/cpuinfo");
  if (!text) return;
  machine.processor = value_of(*text, "model name");
  const auto flags = split(value_of(*text, "flags"), ' ');
  const std::set<std::string> present(flags.begin(), flags.end());
  for (const char* unit : {"avx2", "fma", "avx512f", "avx512_bf16", "avx512_vnni", "amx_tile", "amx_bf16", "amx_int8"})
    if (present.contains(unit)) machine.units.push_back(unit);
}

void look_at_memory(Machine& machine) {
  const auto text = read_file("/proc/meminfo");
  if (text) {
    machine.memory_bytes = leading_number(value_of(*text, "MemTotal")) * 1024;
    machine.available_bytes = leading_number(value_of(*text, "MemAvailable")) * 1024;
  }
  for (const char* file : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    const auto limit = read_file(file);
    if (!limit) continue;
    const std::uint64_t bytes = leading_number(*limit);  // "max" gives 0
    if (bytes > 0 && (machine.memory_bytes == 0 || bytes < machine.memory_bytes)) machine.memory_bytes = bytes;
  }
  machine.available_bytes = std::min(machine.available_bytes, machine.memory_bytes);
}

std::vector<std::string> look_for_gpus() {
  auto child = Subprocess::start({.arguments = {"nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"},
                                  .environment = {},
                                  .folder = {}});
  if (!child) return {};
  LineReader reader;
  const SystemClock clock;
  const double until_s = clock.now_s() + 10;
  std::vector<std::string> gpus;
  for (bool open = true; open && clock.now_s() < until_s;) {
    wait_readable({(*child)->output()}, std::chrono::milliseconds(100));
    open = reader.fill((*child)->output());
    while (auto line = reader.take()) gpus.push_back(*line);
  }
  const auto deadline_s = clock.now_s() + 2;
  while (clock.now_s() < deadline_s)
    if (const auto status = (*child)->poll()) return status->code == 0 ? gpus : std::vector<std::string>{};
  return {};
}

}  // namespace

Machine Machine::look() {
  Machine machine;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) machine.cores = CPU_COUNT(&set);
  look_at_processor(machine);
  look_at_memory(machine);
  machine.gpus = look_for_gpus();
  return machine;
}

Result<double> durable_appends_per_s(const Path& folder) {
  const Path path = folder / ".pegbox-doctor";
  PEGBOX_TRY(AppendFile file, AppendFile::open(path));
  const std::string block(4096, 'x');
  const SystemClock clock;
  const double started_s = clock.now_s();
  int count = 0;
  Result<void> outcome;
  while (outcome && clock.now_s() - started_s < 0.5) {
    outcome = file.append(block);
    if (outcome) outcome = file.sync();
    ++count;
  }
  const double elapsed_s = clock.now_s() - started_s;
  PEGBOX_CHECK(remove_tree(path));
  PEGBOX_CHECK(std::move(outcome));
  return count / elapsed_s;
}

}  // namespace pegbox
