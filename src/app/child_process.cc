// ChildProcess: another program run to its end, with its output handed on as it comes.
#include "app/child_process.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace pegbox {

namespace {

/// Hands on what a non-blocking descriptor has; false at its end.
bool drain(int descriptor, const TakeOutput& take) {
  char buffer[65536];
  for (;;) {
    const ssize_t count = read(descriptor, buffer, sizeof buffer);
    if (count > 0) {
      take({buffer, static_cast<std::size_t>(count)});
      continue;
    }
    return count < 0 && (errno == EAGAIN || errno == EINTR);
  }
}

}  // namespace

bool is_program(const Path& path) { return access(path.c_str(), X_OK) == 0 && !std::filesystem::is_directory(path); }

Path find_in_path(const std::string& name) {
  const char* variable = std::getenv("PATH");
  const std::string folders = variable == nullptr ? "" : variable;
  for (std::size_t start = 0; start <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', start), folders.size());
    const Path candidate = Path(folders.substr(start, end - start)) / name;
    if (is_program(candidate)) return candidate;
    start = end + 1;
  }
  return {};
}

ExitStatus follow(Subprocess& child, const TakeOutput& output, const TakeOutput& error_output,
                  const std::atomic<bool>* interrupted, const std::function<void()>& meanwhile) {
  bool told = false, out_open = true, err_open = true;
  for (;;) {
    std::vector<int> descriptors;
    if (out_open) descriptors.push_back(child.output());
    if (err_open) descriptors.push_back(child.error_output());
    wait_readable(descriptors, std::chrono::milliseconds(50));
    const auto status = child.poll();
    if (out_open) out_open = drain(child.output(), output);
    if (err_open) err_open = drain(child.error_output(), error_output);
    if (meanwhile) meanwhile();
    if (status) return *status;
    if (interrupted != nullptr && *interrupted && !told) {
      child.signal_group(SIGINT);
      told = true;
    }
  }
}

std::string last_lines(const std::string& text) {
  constexpr std::size_t kMost = 2000;
  std::string end = text.size() > kMost ? text.substr(text.size() - kMost) : text;
  while (!end.empty() && (end.back() == '\n' || end.back() == ' ')) end.pop_back();
  return end;
}

}  // namespace pegbox
