// Spawn by fork and exec. Between the two only async-signal-safe calls are made: other threads may hold any lock.
#include "base/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace pegbox {

namespace {

enum class Step : int { Group, Folder, Descriptors, Program };

// What a child that could not start tells its parent.
struct Failure {
  Step step;
  int error;
};

// All that the child needs, made before the fork.
struct Child {
  const char* program;
  char* const* arguments;
  char* const* environment;
  const char* folder;      // or null
  const int* descriptors;  // each above `count`
  int count;
  int failure_pipe;  // above `count`
  pid_t parent;
  pid_t group;  // 0: a group of its own
  bool ignores_signals;
};

[[noreturn]] void give_up(int failure_pipe, Step step) {
  const Failure failure{step, errno};
  (void)!::write(failure_pipe, &failure, sizeof failure);
  ::_exit(127);
}

void set_signals(bool ignore) {
  struct sigaction action{};
  action.sa_handler = ignore ? SIG_IGN : SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void close_from(int first) {
  if (::close_range(static_cast<unsigned>(first), ~0u, 0) == 0) return;
  const long limit = ::sysconf(_SC_OPEN_MAX);
  for (int descriptor = first; descriptor < limit; ++descriptor) ::close(descriptor);
}

[[noreturn]] void run(const Child& child) {
  set_signals(child.ignores_signals);
  if (::setpgid(0, child.group) != 0) give_up(child.failure_pipe, Step::Group);
  if (::getppid() != child.parent) ::_exit(127);  // it died meanwhile, maybe before we joined the guardian's group
  if (child.folder && ::chdir(child.folder) != 0) give_up(child.failure_pipe, Step::Folder);
  for (int i = 0; i < child.count; ++i)
    if (::dup2(child.descriptors[i], i) < 0) give_up(child.failure_pipe, Step::Descriptors);
  if (::dup3(child.failure_pipe, child.count, O_CLOEXEC) < 0) give_up(child.failure_pipe, Step::Descriptors);
  close_from(child.count + 1);
  ::execve(child.program, child.arguments, child.environment);
  give_up(child.count, Step::Program);
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

Result<Descriptor> copy_above(int descriptor, int lowest) {
  Descriptor copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, lowest));
  if (!copy) return fail_errno("spawn", "cannot copy a descriptor");
  return copy;
}

tl::unexpected<Error> explain(const SpawnPlan& plan, const Failure& failure) {
  errno = failure.error;
  if (failure.step == Step::Folder) return fail_errno(plan.folder, "cannot start a program in this folder");
  if (failure.step != Step::Program) return fail_errno(plan.program, "cannot prepare the process");
  if (failure.error == ENOENT || failure.error == ENOTDIR)
    return fail(ErrorKind::NotFound,
                {.where = plan.program,
                 .what = "no such program, or its interpreter (the line that begins with #!) is missing"});
  if (failure.error == ENOEXEC)
    return fail(ErrorKind::Io, {.where = plan.program,
                                .what = "the system cannot run this file",
                                .hint = "a script's first line must name its interpreter, such as #!/bin/sh"});
  return fail_errno(plan.program, "cannot run the program");
}

void kill_and_reap(pid_t process) {
  ::kill(process, SIGKILL);
  while (::waitpid(process, nullptr, 0) < 0 && errno == EINTR) continue;
}

// Forks and returns the child's id once its program runs.
Result<pid_t> start(const SpawnPlan& plan, pid_t group, bool ignores_signals) {
  const int lowest = static_cast<int>(plan.descriptors.size()) + 1;
  std::vector<Descriptor> owned;
  std::vector<int> descriptors;
  for (const int descriptor : plan.descriptors) {
    PEGBOX_TRY(owned.emplace_back(), copy_above(descriptor, lowest));
    descriptors.push_back(owned.back().get());
  }
  PEGBOX_TRY(Pipe failures, make_pipe());
  PEGBOX_TRY(failures.write_end, copy_above(failures.write_end.get(), lowest));
  const auto arguments = pointers_to(plan.arguments), environment = pointers_to(plan.environment);
  const Child child{.program = plan.program.c_str(),
                    .arguments = arguments.data(),
                    .environment = environment.data(),
                    .folder = plan.folder.empty() ? nullptr : plan.folder.c_str(),
                    .descriptors = descriptors.data(),
                    .count = lowest - 1,
                    .failure_pipe = failures.write_end.get(),
                    .parent = ::getpid(),
                    .group = group,
                    .ignores_signals = ignores_signals};
  sigset_t all, before;  // a handler of ours must not run in the child
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t process = ::fork();
  if (process == 0) run(child);
  const int fork_error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = fork_error;
  if (process < 0) return fail_errno(plan.program, "cannot start a process");

  failures.write_end.close();
  Failure failure{};
  ssize_t count = -1;
  do count = ::read(failures.read_end.get(), &failure, sizeof failure);
  while (count < 0 && errno == EINTR);
  if (count == 0) return process;
  kill_and_reap(process);
  return explain(plan, failure);
}

Result<pid_t> start_guardian(const Pipe& lifeline) {
  const Descriptor nothing(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (!nothing) return fail_errno("/dev/null", "cannot open");
  const SpawnPlan plan{.program = "/bin/sh",
                       .arguments = {"pegbox-guardian", "-c", "read -r _; kill -KILL 0"},
                       .environment = {},
                       .folder = "/",
                       .descriptors = {lifeline.read_end.get(), nothing.get(), nothing.get()}};
  return start(plan, 0, true);
}

}  // namespace

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe", "cannot make a pipe");
  Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
  for (Descriptor* end : {&pipe.read_end, &pipe.write_end}) {
    if (end->get() > STDERR_FILENO) continue;
    PEGBOX_TRY(*end, copy_above(end->get(), STDERR_FILENO + 1));
  }
  return pipe;
}

Result<Spawned> spawn(const SpawnPlan& plan) {
  PEGBOX_TRY(Pipe lifeline, make_pipe());
  PEGBOX_TRY(const pid_t guardian, start_guardian(lifeline));
  const auto process = start(plan, guardian, false);
  if (!process) {
    kill_and_reap(guardian);
    return tl::make_unexpected(process.error());
  }
  return Spawned{*process, guardian, std::move(lifeline.write_end)};
}

}  // namespace pegbox
