// EventFile: curves and texts in a file that TensorBoard reads.
//
// Records in TFRecord's framing (length, masked CRC-32C of it, bytes, masked CRC-32C of them), each an Event of
// TensorFlow's event.proto in Protocol Buffers' wire format. Nothing is read back here.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace pegbox {

class EventFile {
 public:
  /// A new file in `folder`, which is made. TensorBoard forgets what older files there say of steps from `first_step`
  /// on: a run that goes on from a checkpoint draws them again.
  static Result<EventFile> create(const Path& folder, std::int64_t first_step);

  /// One point of each curve, in 32 bits, as TensorBoard's scalars are.
  Result<void> add_scalars(std::int64_t step, const std::map<std::string, double>& values);
  Result<void> add_text(std::string_view tag, std::int64_t step, std::string_view markdown);

 private:
  explicit EventFile(AppendFile file) : file_(std::move(file)) {}
  Result<void> add_event(std::int64_t step, std::string_view members);
  AppendFile file_;
};

/// The record of some bytes.
std::string framed_record(std::string_view bytes);

}  // namespace pegbox
