// TrialFolder: where a plain program's trial keeps its files.
#include "search/executors/trial_folder.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace pegbox {
namespace {

constexpr char kCopyPrefix[] = "clone-of-";

std::string resume_path_of(const Path& studies_folder, const CheckpointRef& checkpoint) {
  const Path folder = TrialFolder(studies_folder, checkpoint.trial).checkpoints();
  if (checkpoint.name == kWholeFolder) return folder.string();
  const bool elsewhere = checkpoint.name.find("://") != std::string::npos;
  return elsewhere ? checkpoint.name : (folder / checkpoint.name).string();  // an absolute name stands for itself
}

}  // namespace

TrialFolder::TrialFolder(Path studies_folder, std::int64_t trial)
    : parent_(std::move(studies_folder)), path_(parent_ / fmt::format("trial-{}", trial)), trial_(trial) {}

Result<void> TrialFolder::prepare(const Launch& launch) const {
  const Json config = launch.config.to_json();
  const std::string identity = to_line({{"trial", launch.trial}, {"seed", launch.seed}, {"config", config}}) + "\n";
  const Path identity_file = path_ / "trial.json";
  const auto before = read_file(identity_file);
  if (!before || *before != identity) {
    PEGBOX_CHECK(remove_tree(path_));
    PEGBOX_CHECK(make_folder(path_));
    PEGBOX_CHECK(replace_file(this->config(), to_line(config) + "\n"));
    PEGBOX_CHECK(replace_file(identity_file, identity));
  }
  PEGBOX_CHECK(make_folder(checkpoints()));
  if (!launch.resume) return {};
  return launch.resume->trial == trial_ ? remove_copies() : copy_clone(*launch.resume);
}

Result<void> TrialFolder::remove_copies() const {
  std::vector<Path> copies;
  std::error_code code;
  for (std::filesystem::directory_iterator file(path_, code), end; !code && file != end; file.increment(code))
    if (file->path().filename().string().starts_with(kCopyPrefix)) copies.push_back(file->path());
  for (const Path& copy : copies) PEGBOX_CHECK(remove_tree(copy));
  return {};
}

Path TrialFolder::copy_of(const CheckpointRef& from) const {
  return path_ / fmt::format("{}{}-at-{}", kCopyPrefix, from.trial, from.step);
}

Result<void> TrialFolder::copy_clone(const CheckpointRef& from) const {
  const Path source = resume_path_of(parent_, from), copy = copy_of(from);
  std::error_code code;
  if (std::filesystem::exists(copy, code) || !std::filesystem::exists(source, code)) return {};
  const Path unfinished = copy.string() + ".new";
  PEGBOX_CHECK(remove_tree(unfinished));
  std::filesystem::copy(source, unfinished, std::filesystem::copy_options::recursive, code);
  if (!code) std::filesystem::rename(unfinished, copy, code);
  if (!code) return {};
  return fail(
      ErrorKind::Io,
      {.where = copy.string(), .what = "the checkpoint of another trial cannot be copied", .got = code.message()});
}

std::string TrialFolder::resume_path(const Launch& launch) const {
  if (!launch.resume) return has_checkpoints() ? checkpoints().string() : std::string();
  std::error_code code;
  const bool is_copied = launch.resume->trial != trial_ && std::filesystem::exists(copy_of(*launch.resume), code);
  if (is_copied) return copy_of(*launch.resume).string();
  const std::string path = resume_path_of(parent_, *launch.resume);
  const bool is_elsewhere = launch.resume->name == kWholeFolder &&
                            (!std::filesystem::exists(path, code) || std::filesystem::is_empty(path, code));
  return is_elsewhere ? std::string() : path;
}

bool TrialFolder::has_checkpoints() const {
  std::error_code code;
  return std::filesystem::is_directory(checkpoints(), code) && !std::filesystem::is_empty(checkpoints(), code);
}

}  // namespace pegbox
