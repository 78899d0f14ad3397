// OutputLog: what a child process printed, on disk within bounds, and its end in memory for messages.
#include "search/executors/output_log.h"

#include <utility>

#include "base/json.h"

namespace pegbox {

void OutputTail::append(std::string_view bytes) {
  bytes_.append(bytes);
  if (bytes_.size() > 4 * limit_bytes_) bytes_.erase(0, bytes_.size() - limit_bytes_);
}

std::string OutputTail::text() const {
  std::string_view end = bytes_;
  if (end.size() > limit_bytes_) {
    end.remove_prefix(end.size() - limit_bytes_);
    if (const auto newline = end.find('\n'); newline + 1 < end.size()) end.remove_prefix(newline + 1);
  }
  while (!end.empty() && (end.back() == '\n' || end.back() == '\r' || end.back() == ' ')) end.remove_suffix(1);
  const auto whole = parse_json(to_line(Json(end)), "output");  // to_line replaces what is not UTF-8
  return whole ? whole->get<std::string>() : std::string();
}

OutputLog::OutputLog(Path file, std::uint64_t limit_bytes) : file_(std::move(file)), limit_bytes_(limit_bytes) {
  std::error_code code;
  const auto size = std::filesystem::file_size(file_, code);
  written_bytes_ = code ? 0 : size;
}

void OutputLog::append(std::string_view bytes) {
  if (bytes.empty()) return;
  tail_.append(bytes);
  if (written_bytes_ > 0 && written_bytes_ + bytes.size() > limit_bytes_ / 2) {
    out_.reset();
    std::error_code code;
    std::filesystem::rename(file_, file_.string() + ".1", code);
    written_bytes_ = 0;
  }
  if (!out_) {
    auto opened = AppendFile::open(file_);
    if (!opened) return;
    out_ = *std::move(opened);
  }
  if (out_->append(bytes.substr(0, limit_bytes_ / 2))) written_bytes_ += bytes.size();
}

}  // namespace pegbox
