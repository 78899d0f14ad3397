// EventFile: see event_file.h. Numbers of fields are those of tensorflow's event.proto, summary.proto, tensor.proto.
#include "base/event_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <bit>

#include "base/clock.h"
#include "base/crc32c.h"

namespace pegbox {

namespace {

// Events: 1 wall_time, 2 step, 3 file_version, 5 summary, 7 session_log.
constexpr int kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7;
constexpr std::uint64_t kSessionStart = 1, kTextType = 7;  // SessionLog.START, DT_STRING

template <class Unsigned>
std::string little_endian(Unsigned value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof value; ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xFF);
  return bytes;
}

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

enum class Wire : std::uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

std::string key(int field, Wire wire) {
  return varint(static_cast<std::uint64_t>(field) << 3 | static_cast<std::uint64_t>(wire));
}

std::string integer_member(int field, std::uint64_t value) { return key(field, Wire::Varint) + varint(value); }
std::string float_member(int field, float value) {
  return key(field, Wire::Fixed32) + little_endian(std::bit_cast<std::uint32_t>(value));
}
std::string double_member(int field, double value) {
  return key(field, Wire::Fixed64) + little_endian(std::bit_cast<std::uint64_t>(value));
}
/// A text, or a message inside a message.
std::string bytes_member(int field, std::string_view bytes) {
  return key(field, Wire::Bytes) + varint(bytes.size()) + std::string(bytes);
}

/// TensorBoard masks checksums, since a checksum of bytes that hold checksums is weak.
std::uint32_t masked(std::uint32_t crc) { return std::rotr(crc, 15) + 0xA282EAD8u; }

/// Summary: 1 value. Value: 1 tag, 2 simple_value, 8 tensor, 9 metadata.
std::string scalar_value(const std::string& tag, double value) {
  return bytes_member(1, bytes_member(1, tag) + float_member(2, static_cast<float>(value)));
}

/// A tensor of one text (1 dtype, 2 shape of one dimension of size 1, 8 string_val), shown by the plugin "text".
std::string text_value(std::string_view tag, std::string_view text) {
  const std::string shape = bytes_member(2, integer_member(1, 1));
  const std::string tensor = integer_member(1, kTextType) + bytes_member(2, shape) + bytes_member(8, text);
  const std::string metadata = bytes_member(1, bytes_member(1, "text"));
  return bytes_member(1, bytes_member(1, tag) + bytes_member(8, tensor) + bytes_member(9, metadata));
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "host";
}

/// A name that no file in the folder has; files are read in the order of their names.
Path new_path(const Path& folder) {
  const auto seconds = static_cast<std::int64_t>(unix_time_s());
  for (int number = 0;; ++number) {
    const Path path =
        folder / fmt::format("events.out.tfevents.{:010}.{}.{}.{}", seconds, host_name(), ::getpid(), number);
    if (!std::filesystem::exists(path)) return path;
  }
}

}  // namespace

std::string framed_record(std::string_view bytes) {
  const std::string length = little_endian(std::uint64_t{bytes.size()});
  return length + little_endian(masked(crc32c(length))) + std::string(bytes) + little_endian(masked(crc32c(bytes)));
}

Result<EventFile> EventFile::create(const Path& folder, std::int64_t first_step) {
  PEGBOX_CHECK(make_folder(folder));
  PEGBOX_TRY(AppendFile opened, AppendFile::open(new_path(folder)));
  EventFile file(std::move(opened));
  PEGBOX_CHECK(file.add_event(0, bytes_member(kFileVersion, "brain.Event:2")));
  PEGBOX_CHECK(file.add_event(first_step, bytes_member(kSessionLog, integer_member(1, kSessionStart))));
  return file;
}

Result<void> EventFile::add_scalars(std::int64_t step, const std::map<std::string, double>& values) {
  std::string summary;
  for (const auto& [tag, value] : values) summary += scalar_value(tag, value);
  return add_event(step, bytes_member(kSummary, summary));
}

Result<void> EventFile::add_text(std::string_view tag, std::int64_t step, std::string_view markdown) {
  return add_event(step, bytes_member(kSummary, text_value(tag, markdown)));
}

Result<void> EventFile::add_event(std::int64_t step, std::string_view members) {
  return file_.append(framed_record(double_member(kWallTime, unix_time_s()) +
                                    integer_member(kStep, static_cast<std::uint64_t>(step)) + std::string(members)));
}

}  // namespace pegbox
