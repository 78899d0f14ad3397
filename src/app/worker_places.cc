// WorkerPlaces: which threads and GPUs each worker of a study gets.
#include "app/worker_places.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>

namespace pegbox {

namespace {

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    if (end > start) parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

bool is_whole_number(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

tl::unexpected<Error> no_such_gpus(const std::string& wanted, std::size_t present) {
  return fail(ErrorKind::InvalidInput, {.where = "workers.gpus",
                                        .what = "this machine does not have these GPUs",
                                        .got = wanted,
                                        .expected = std::to_string(present) + " at most",
                                        .hint = "`gpus: auto` takes what is there"});
}

/// The GPUs that a study may use.
Result<std::vector<std::string>> chosen_gpus(const Workers& workers, const Resources& resources) {
  const std::string& wanted = workers.gpus;
  if (wanted == "auto" || wanted.empty()) return resources.gpus;
  if (wanted == "none" || wanted == "0") return std::vector<std::string>{};
  const auto named = split_at_commas(wanted);
  if (named.size() == 1 && is_whole_number(wanted)) {
    const auto count = static_cast<std::size_t>(std::atol(wanted.c_str()));
    if (count > resources.gpus.size()) return no_such_gpus(wanted, resources.gpus.size());
    return std::vector<std::string>(resources.gpus.begin(),
                                    resources.gpus.begin() + static_cast<std::ptrdiff_t>(count));
  }
  for (const std::string& gpu : named)
    if (std::ranges::find(resources.gpus, gpu) == resources.gpus.end())
      return no_such_gpus(wanted, resources.gpus.size());
  return named;
}

}  // namespace

Resources Resources::look() {
  Resources resources;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) resources.cores = std::max(1, CPU_COUNT(&set));
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES"); visible != nullptr) {
    resources.gpus = split_at_commas(visible);
    return resources;
  }
  std::error_code ignored;
  for (int i = 0; std::filesystem::exists("/dev/nvidia" + std::to_string(i), ignored); ++i)
    resources.gpus.push_back(std::to_string(i));
  return resources;
}

int threads_of_worker(const Workers& workers, const Resources& resources) {
  if (workers.threads > 0) return static_cast<int>(workers.threads);
  return std::max(1, resources.cores / static_cast<int>(workers.count));
}

Result<std::vector<Environment>> worker_environments(const Workers& workers, const Resources& resources) {
  PEGBOX_TRY(const auto gpus, chosen_gpus(workers, resources));
  const auto count = static_cast<std::size_t>(workers.count);
  const std::string threads = std::to_string(threads_of_worker(workers, resources));
  std::vector<Environment> environments;
  for (std::size_t worker = 0; worker < count; ++worker) {
    std::string visible;
    // With more GPUs than workers each worker gets several; with fewer they are shared.
    for (std::size_t i = worker; i < gpus.size(); i += count) visible += (visible.empty() ? "" : ",") + gpus[i];
    if (visible.empty() && !gpus.empty()) visible = gpus[worker % gpus.size()];
    Environment environment = {{"OMP_NUM_THREADS", threads}};
    if (!resources.gpus.empty()) environment["CUDA_VISIBLE_DEVICES"] = visible;
    environments.push_back(std::move(environment));
  }
  return environments;
}

}  // namespace pegbox
