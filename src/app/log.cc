// Log: what the program did, for later reading: lines with a time in the file that --log-file names.
#include "app/log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>

#include <cstdio>
#include <utility>

namespace pegbox {

struct Log::Sink {
  spdlog::logger logger;
};

Log::Log() = default;
Log::Log(Log&&) noexcept = default;
Log& Log::operator=(Log&&) noexcept = default;
Log::~Log() = default;

Result<Log> Log::open(const Path& path, bool verbose) {
  Log log;
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string());
    log.sink_ = std::make_unique<Sink>(Sink{spdlog::logger("pegbox", std::move(sink))});
  } catch (const spdlog::spdlog_ex& exception) {
    return fail(ErrorKind::Io, {.where = "--log-file " + path.string(),
                                .what = "the log file cannot be written",
                                .got = exception.what(),
                                .hint = "name a file in a folder that exists and that you may write to"});
  }
  log.sink_->logger.set_level(verbose ? spdlog::level::debug : spdlog::level::info);
  log.sink_->logger.flush_on(spdlog::level::info);
  log.sink_->logger.set_error_handler([path, said = false](const std::string& why) mutable {
    if (!std::exchange(said, true))
      std::fputs(fmt::format("pegbox: warning: [--log-file {}] nothing more is written to it: {}\n", path.string(), why)
                     .c_str(),
                 stderr);
  });
  log.sink_->logger.set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  return log;
}

void Log::detail(std::string_view text) {
  if (sink_) sink_->logger.debug(text);
}
void Log::info(std::string_view text) {
  if (sink_) sink_->logger.info(text);
}
void Log::warning(std::string_view text) {
  if (sink_) sink_->logger.warn(text);
}
void Log::error(std::string_view text) {
  if (sink_) sink_->logger.error(text);
}

}  // namespace pegbox
