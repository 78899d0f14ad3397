// Subprocess on Linux: pipes around spawn(), and the reading and writing of them.
#include "base/subprocess.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <limits>

#include "base/spawn.h"

extern char** environ;

namespace pegbox {

namespace {

constexpr int kWriteWait_ms = 10'000;  // how long a child may leave its input unread before we call it stuck
constexpr std::size_t kMostPerFill_bytes = 1 << 20;  // so that a child that never stops writing cannot hold us

void set_nonblocking(int descriptor) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

bool is_program(const Path& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

Result<std::string> find_program(const ProcessSpec& spec) {
  const std::string& name = spec.arguments.front();
  if (name.find('/') != std::string::npos) return name;
  const char* const inherited = std::getenv("PATH");
  std::string_view rest = inherited ? inherited : "/usr/bin:/bin";
  if (const auto own = spec.environment.find("PATH"); own != spec.environment.end()) rest = own->second;
  while (!name.empty() && !rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const Path folder(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    std::error_code code;
    if (const Path path = folder / name; is_program(path)) return std::filesystem::absolute(path, code).string();
  }
  return fail(ErrorKind::NotFound, {.where = name, .what = "no such program in PATH"});
}

std::vector<std::string> environment_of(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> environment;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text(*entry);
    if (!changes.contains(std::string(text.substr(0, text.find('='))))) environment.emplace_back(text);
  }
  for (const auto& [name, value] : changes) environment.push_back(name + "=" + value);
  return environment;
}

Result<void> check(const ProcessSpec& spec) {
  if (spec.arguments.empty()) return fail(ErrorKind::InvalidInput, {.what = "a process without a program"});
  for (const std::string& argument : spec.arguments)
    if (argument.find('\0') != std::string::npos)
      return fail(ErrorKind::InvalidInput, {.where = spec.arguments[0].c_str(), .what = "a zero byte in an argument"});
  return {};
}

// A write that returns EPIPE instead of raising SIGPIPE: pipes have no MSG_NOSIGNAL, and a library must leave the
// process's handlers alone, so the signal is blocked in this thread and, if it was ours, taken out again.
ssize_t write_quietly(int descriptor, std::string_view bytes) {
  sigset_t broken_pipe, before, pending;
  ::sigemptyset(&broken_pipe);
  ::sigaddset(&broken_pipe, SIGPIPE);
  ::sigpending(&pending);
  const bool was_pending = ::sigismember(&pending, SIGPIPE) == 1;
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
  const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
  const int error = errno;
  if (count < 0 && error == EPIPE && !was_pending) {
    const timespec now{};
    while (::sigtimedwait(&broken_pipe, nullptr, &now) < 0 && errno == EINTR) continue;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return count;
}

bool wait_writable(int descriptor) {
  pollfd entry{.fd = descriptor, .events = POLLOUT, .revents = 0};
  int ready = -1;
  do ready = ::poll(&entry, 1, kWriteWait_ms);
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

ExitStatus status_of(int wait_status) {
  if (WIFSIGNALED(wait_status)) return {.code = 128 + WTERMSIG(wait_status), .signal = WTERMSIG(wait_status)};
  return {.code = WEXITSTATUS(wait_status), .signal = 0};
}

class Process final : public Subprocess {
 public:
  static Result<std::unique_ptr<Subprocess>> start(const ProcessSpec& spec);
  ~Process() override;

  int process_id() const override { return spawned_.process_id; }
  int output() const override { return output_.get(); }
  int error_output() const override { return error_output_.get(); }
  int read_pipe(std::string_view variable) const override;
  Result<void> write(std::string_view bytes, std::string_view variable) override;
  void close_input() override { writers_.erase(""); }
  std::optional<ExitStatus> poll() override;
  void signal_group(int signal) override { ::kill(-spawned_.guardian_id, signal); }

 private:
  Result<void> make_pipes(const ProcessSpec& spec, SpawnPlan& plan, std::vector<Descriptor>& child_ends);

  std::string name_;
  Spawned spawned_;
  Descriptor output_, error_output_;
  std::map<std::string, Descriptor, std::less<>> readers_;
  std::map<std::string, Descriptor, std::less<>> writers_;  // "" is its standard input
  std::optional<ExitStatus> status_;
};

// Fills plan.descriptors and adds the pipes' variables to plan.environment.
Result<void> Process::make_pipes(const ProcessSpec& spec, SpawnPlan& plan, std::vector<Descriptor>& child_ends) {
  auto environment = spec.environment;
  const auto add_reader = [&](Descriptor& ours) -> Result<void> {
    PEGBOX_TRY(Pipe pipe, make_pipe());
    set_nonblocking(pipe.read_end.get());
    ours = std::move(pipe.read_end);
    child_ends.push_back(std::move(pipe.write_end));
    return {};
  };
  const auto add_writer = [&](Descriptor& ours) -> Result<void> {
    PEGBOX_TRY(Pipe pipe, make_pipe());
    set_nonblocking(pipe.write_end.get());
    ours = std::move(pipe.write_end);
    child_ends.push_back(std::move(pipe.read_end));
    return {};
  };
  if (spec.pipe_input) {
    PEGBOX_CHECK(add_writer(writers_[""]));
  } else {
    child_ends.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!child_ends.back()) return fail_errno("/dev/null", "cannot open");
  }
  PEGBOX_CHECK(add_reader(output_));
  PEGBOX_CHECK(add_reader(error_output_));
  for (const std::string& variable : spec.read_pipe_variables) {
    environment[variable] = std::to_string(child_ends.size());
    PEGBOX_CHECK(add_reader(readers_[variable]));
  }
  for (const std::string& variable : spec.write_pipe_variables) {
    environment[variable] = std::to_string(child_ends.size());
    PEGBOX_CHECK(add_writer(writers_[variable]));
  }
  for (const Descriptor& end : child_ends) plan.descriptors.push_back(end.get());
  plan.environment = environment_of(environment);
  return {};
}

Result<std::unique_ptr<Subprocess>> Process::start(const ProcessSpec& spec) {
  PEGBOX_CHECK(check(spec));
  auto process = std::make_unique<Process>();
  process->name_ = spec.arguments[0];
  SpawnPlan plan{
      .program = {}, .arguments = spec.arguments, .environment = {}, .folder = spec.folder.string(), .descriptors = {}};
  PEGBOX_TRY(plan.program, find_program(spec));
  std::vector<Descriptor> child_ends;
  PEGBOX_CHECK(process->make_pipes(spec, plan, child_ends));
  PEGBOX_TRY(process->spawned_, spawn(plan));
  return process;
}

Process::~Process() {
  if (spawned_.process_id < 0) return;
  ::kill(-spawned_.guardian_id, SIGKILL);
  if (!status_) ::kill(spawned_.process_id, SIGKILL);  // it may have left the group
  while (!status_ && ::waitpid(spawned_.process_id, nullptr, 0) < 0 && errno == EINTR) continue;
  while (::waitpid(spawned_.guardian_id, nullptr, 0) < 0 && errno == EINTR) continue;
}

int Process::read_pipe(std::string_view variable) const {
  const auto found = readers_.find(variable);
  return found == readers_.end() ? -1 : found->second.get();
}

Result<void> Process::write(std::string_view bytes, std::string_view variable) {
  const auto found = writers_.find(variable);
  if (found == writers_.end())
    return fail(ErrorKind::Io, {.where = name_, .what = "its input is closed or was never a pipe"});
  while (!bytes.empty()) {
    const ssize_t count = write_quietly(found->second.get(), bytes);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      if (!wait_writable(found->second.get()))
        return fail(ErrorKind::Io,
                    {.where = name_, .what = fmt::format("it did not read its input for {} s", kWriteWait_ms / 1000)});
    } else if (errno != EINTR) {
      return fail_errno(name_, "cannot write to its input");
    }
  }
  return {};
}

std::optional<ExitStatus> Process::poll() {
  if (status_) return status_;
  int wait_status = 0;
  const pid_t ended = ::waitpid(spawned_.process_id, &wait_status, WNOHANG);
  if (ended == spawned_.process_id) status_ = status_of(wait_status);
  if (ended < 0 && errno == ECHILD) status_ = ExitStatus{.code = 255};  // the host ignores SIGCHLD: nobody can know
  return status_;
}

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

}  // namespace

std::string ExitStatus::describe() const {
  return signal == 0 ? fmt::format("exit code {}", code) : "killed by " + signal_name(signal);
}

Result<std::unique_ptr<Subprocess>> Subprocess::start(const ProcessSpec& spec) { return Process::start(spec); }

bool LineReader::fill(int descriptor) {
  char chunk[65536];
  for (std::size_t total = 0; total < kMostPerFill_bytes;) {
    const ssize_t count = ::read(descriptor, chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN;
    if (count == 0) return false;
    buffer_.append(chunk, static_cast<std::size_t>(count));
    total += static_cast<std::size_t>(count);
  }
  return true;
}

std::optional<std::string> LineReader::take() {
  overflowed_ = false;
  while (true) {
    const std::size_t newline = buffer_.find('\n', std::max(start_, searched_));
    const bool whole = newline != std::string::npos;
    const std::size_t length = (whole ? newline : buffer_.size()) - start_;
    if (!whole && (skipping_ || length <= limit_bytes_)) {
      if (skipping_) start_ = buffer_.size();
      buffer_.erase(0, std::exchange(start_, 0));
      searched_ = buffer_.size();
      return std::nullopt;
    }
    std::string line = buffer_.substr(start_, std::min(length, limit_bytes_));
    start_ = whole ? newline + 1 : buffer_.size();
    const bool was_skipped = std::exchange(skipping_, !whole);
    if (was_skipped) continue;
    overflowed_ = length > limit_bytes_;
    return line;
  }
}

std::string LineReader::rest() {
  std::string rest = skipping_ ? std::string() : buffer_.substr(start_);
  buffer_.clear();
  start_ = searched_ = 0;
  skipping_ = false;
  return rest;
}

void wait_readable(const std::vector<int>& descriptors, std::chrono::milliseconds wait) {
  std::vector<pollfd> entries;
  for (const int descriptor : descriptors) entries.push_back({.fd = descriptor, .events = POLLIN, .revents = 0});
  const auto wait_ms = std::clamp<std::int64_t>(wait.count(), 0, std::numeric_limits<int>::max());
  ::poll(entries.data(), entries.size(), static_cast<int>(wait_ms));
}

}  // namespace pegbox
