// AlarmCommand: see alarm_command.h.
#include "app/alarm_command.h"

#include <fmt/format.h>
#include <signal.h>

#include "app/child_process.h"
#include "base/clock.h"
#include "base/units.h"

namespace pegbox {

Result<void> run_alarm_command(const watch::AlarmRule& rule, const Json& alarm, const std::atomic<bool>& interrupted) {
  PEGBOX_TRY(const auto child,
             Subprocess::start({.arguments = rule.command, .environment = {}, .folder = {}, .pipe_input = true}));
  (void)child->write(to_line(alarm) + "\n");  // whether it reads what it is told is its own business
  child->close_input();
  const SystemClock clock;
  const double until_s = clock.now_s() + rule.timeout_s;
  bool is_late = false;
  std::string said;
  const auto take = [&](std::string_view bytes) { said += bytes; };
  const ExitStatus status = follow(*child, take, take, &interrupted, [&] {
    if (!is_late && clock.now_s() > until_s) {
      is_late = true;
      child->signal_group(SIGKILL);
    }
  });
  if (status.code == 0) return {};
  return fail(ErrorKind::Io, {.where = "alarm: command: " + rule.command.front(),
                              .what = is_late ? fmt::format("took longer than {}", format_duration(rule.timeout_s))
                                              : status.describe(),
                              .got = last_lines(said)});
}

}  // namespace pegbox
