// Console: the one place where the program writes to its user. Results go to stdout, all else to stderr.
#include "app/console.h"

#include <unistd.h>

#include <cerrno>
#include <string>

namespace pegbox {

namespace {

/// Writes all bytes; gives up where nobody reads any more.
void write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

Console::Console(bool quiet, bool verbose, Log log)
    : quiet_(quiet),
      verbose_(verbose),
      log_(std::move(log)),
      out_(Terminal::look_at(STDOUT_FILENO)),
      err_(Terminal::look_at(STDERR_FILENO)) {}

void Console::print(std::string_view text) { write_all(STDOUT_FILENO, text); }

void Console::say(std::string_view line) {
  log_.info(line);
  if (!quiet_) write_all(STDERR_FILENO, std::string(line) + "\n");
}

void Console::detail(std::string_view line) {
  log_.detail(line);
  if (verbose_) write_all(STDERR_FILENO, std::string(line) + "\n");
}

void Console::warn(std::string_view line) {
  log_.warning(line);
  write_all(STDERR_FILENO, err_paint().yellow("pegbox: warning: ") + std::string(line) + "\n");
}

void Console::error(std::string_view line) {
  log_.error(line);
  write_all(STDERR_FILENO, err_paint().red("pegbox: ") + std::string(line) + "\n");
}

void Console::draw(std::string_view bytes) {
  if (!quiet_) write_all(STDERR_FILENO, bytes);
}

}  // namespace pegbox
