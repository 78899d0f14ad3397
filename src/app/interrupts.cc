// Interrupts: Ctrl-C and SIGTERM as a flag; the second one ends the program at once.
#include "app/interrupts.h"

#include <signal.h>
#include <unistd.h>

#include "app/exit_code.h"

namespace pegbox {

namespace {

// The one global of the program: a signal handler can reach nothing else.
std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void on_signal(int) {
  if (interrupted.exchange(true)) _exit(static_cast<int>(ExitCode::Interrupted));
}

}  // namespace

const std::atomic<bool>& catch_interrupts() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  for (int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction present{};
    // A signal that the parent ignores (nohup) stays ignored.
    if (sigaction(number, nullptr, &present) == 0 && present.sa_handler == SIG_IGN) continue;
    sigaction(number, &action, nullptr);
  }
  signal(SIGPIPE, SIG_IGN);
  return interrupted;
}

}  // namespace pegbox
