// CheckpointFolder: see checkpoint_folder.h.
#include "app/trainer/checkpoint_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace pegbox::trainer {

namespace {

constexpr std::size_t kKept = 3;  // of those that nothing else holds; a host that lost its last message may ask for one
constexpr std::string_view kPrefix = "tokens-", kSuffix = ".safetensors";

}  // namespace

CheckpointFolder::CheckpointFolder(Path root, std::int64_t trial)
    : root_(std::move(root)), folder_(fmt::format("trial-{}", trial)) {}

std::string CheckpointFolder::name_at(std::int64_t tokens) const {
  return fmt::format("{}/{}{}{}", folder_, kPrefix, tokens, kSuffix);
}

std::optional<std::int64_t> CheckpointFolder::tokens_of(const std::string& name) {
  std::string_view file = std::string_view(name).substr(name.rfind('/') + 1);
  if (!file.starts_with(kPrefix) || !file.ends_with(kSuffix) || file.size() <= kPrefix.size() + kSuffix.size())
    return std::nullopt;
  file = file.substr(kPrefix.size(), file.size() - kPrefix.size() - kSuffix.size());
  std::int64_t tokens = 0;
  const auto [end, fault] = std::from_chars(file.data(), file.data() + file.size(), tokens);
  if (fault != std::errc() || end != file.data() + file.size() || tokens < 0) return std::nullopt;
  return tokens;
}

std::vector<std::string> CheckpointFolder::names_up_to(std::int64_t tokens) const {
  std::vector<std::pair<std::int64_t, std::string>> found;
  std::error_code fault;
  for (std::filesystem::directory_iterator file(path(), fault), end; !fault && file != end; file.increment(fault)) {
    const std::string name = folder_ + "/" + file->path().filename().string();
    if (const auto of_file = tokens_of(name); of_file && *of_file <= tokens) found.emplace_back(*of_file, name);
  }
  std::ranges::sort(found, std::greater());
  std::vector<std::string> names;
  for (auto& [of_file, name] : found) names.push_back(std::move(name));
  return names;
}

Result<std::string> CheckpointFolder::adopt(const std::string& name, std::int64_t tokens) const {
  PEGBOX_CHECK(make_folder(path()));
  std::string own = name_at(tokens);
  std::error_code fault;
  PEGBOX_CHECK(remove_tree(path_of(own)));
  std::filesystem::create_hard_link(path_of(name), path_of(own), fault);
  if (fault) std::filesystem::copy_file(path_of(name), path_of(own), fault);  // where there are no hard links
  if (fault)
    return fail(ErrorKind::Io, {.where = path_of(own).string(),
                                .what = "the checkpoint of another trial could not be kept",
                                .got = fault.message()});
  return own;
}

Result<void> CheckpointFolder::prune(std::int64_t tokens) const {
  const std::vector<std::string> names = names_up_to(tokens);
  for (std::size_t i = kKept; i < names.size(); ++i)
    if (names[i] != leg_start_ && names[i] != rung_) PEGBOX_CHECK(remove_tree(path_of(names[i])));
  return {};
}

Result<void> CheckpointFolder::clear() const {
  std::vector<Path> files;  // and what a process that died in the middle of a write left: tokens-9.safetensors.77.0.new
  std::error_code fault;
  for (std::filesystem::directory_iterator file(path(), fault), end; !fault && file != end; file.increment(fault)) {
    const std::string name = file->path().filename().string();
    if (name.starts_with(kPrefix) && name.find(kSuffix) != std::string::npos) files.push_back(file->path());
  }
  for (const Path& file : files) PEGBOX_CHECK(remove_tree(file));
  return {};
}

}  // namespace pegbox::trainer
