// TrialFolder: where a plain program's trial keeps its files.
#include "search/executors/trial_folder.h"

#include <fmt/format.h>

#include <utility>

namespace pegbox {

TrialFolder::TrialFolder(Path studies_folder, std::int64_t trial)
    : parent_(std::move(studies_folder)), path_(parent_ / fmt::format("trial-{}", trial)) {}

Result<void> TrialFolder::prepare(const Launch& launch) const {
  const Json config = launch.config.to_json();
  const std::string identity = to_line({{"trial", launch.trial}, {"seed", launch.seed}, {"config", config}}) + "\n";
  const Path identity_file = path_ / "trial.json";
  const auto before = read_file(identity_file);
  if (before && *before == identity) return make_folder(checkpoints());
  PEGBOX_CHECK(remove_tree(path_));
  PEGBOX_CHECK(make_folder(checkpoints()));
  PEGBOX_CHECK(replace_file(this->config(), to_line(config) + "\n"));
  return replace_file(identity_file, identity);
}

std::string TrialFolder::resume_path(const Launch& launch) const {
  if (!launch.resume) return has_checkpoints() ? checkpoints().string() : std::string();
  const std::string& name = launch.resume->name;
  const Path folder = TrialFolder(parent_, launch.resume->trial).checkpoints();
  if (name == kWholeFolder) return folder.string();
  const bool elsewhere = name.find("://") != std::string::npos;
  return elsewhere ? name : (folder / name).string();  // an absolute name stands for itself
}

bool TrialFolder::has_checkpoints() const {
  std::error_code code;
  return std::filesystem::is_directory(checkpoints(), code) && !std::filesystem::is_empty(checkpoints(), code);
}

}  // namespace pegbox
