// Console: the one place where the program writes to its user. Results go to stdout, all else to stderr.
#include "app/console.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace pegbox {

namespace {

/// Writes all bytes and waits where the reader is slow; gives up at an error, which it returns, else 0.
int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      pollfd ready{.fd = descriptor, .events = POLLOUT, .revents = 0};
      (void)poll(&ready, 1, 1000);
      continue;
    }
    if (written <= 0) return written < 0 ? errno : EIO;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

Console::Console(bool quiet, bool verbose, Log log)
    : quiet_(quiet),
      verbose_(verbose),
      log_(std::move(log)),
      out_(Terminal::look_at(STDOUT_FILENO)),
      err_(Terminal::look_at(STDERR_FILENO)) {}

void Console::print(std::string_view text) {
  const int error = write_all(STDOUT_FILENO, text);
  if (error != 0 && error != EPIPE) out_error_ = error;
}

Result<void> Console::check_output() const {
  errno = out_error_;
  if (errno != 0) return fail_errno("standard output", "cannot write the result");
  return {};
}

void Console::say(std::string_view line) {
  const std::string clean = clean_text(line);
  log_.info(clean);
  if (!quiet_) write_all(STDERR_FILENO, clean + "\n");
}

void Console::detail(std::string_view line) {
  const std::string clean = clean_text(line);
  log_.detail(clean);
  if (verbose_) write_all(STDERR_FILENO, clean + "\n");
}

void Console::warn(std::string_view line) {
  const std::string clean = clean_text(line);
  log_.warning(clean);
  write_all(STDERR_FILENO, err_paint().yellow("pegbox: warning: ") + clean + "\n");
}

void Console::error(std::string_view line) {
  const std::string clean = clean_text(line);
  log_.error(clean);
  write_all(STDERR_FILENO, err_paint().red("pegbox: ") + clean + "\n");
}

void Console::draw(std::string_view bytes) {
  if (!quiet_) write_all(STDERR_FILENO, bytes);
}

}  // namespace pegbox
