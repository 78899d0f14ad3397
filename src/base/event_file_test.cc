// Tests of event files: framing, and an event byte by byte. tests/peers reads them with TensorBoard.
#include "base/event_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/crc32c.h"

namespace pegbox {
namespace {

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data() + at, size);
  return value;
}

std::uint64_t masked_crc(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return static_cast<std::uint32_t>(((crc >> 15) | (crc << 17)) + 0xA282EAD8u);
}

TEST(EventFile, FramesRecordsWithTheirLengthAndMaskedChecksums) {
  const std::string record = framed_record("pegs");
  ASSERT_EQ(record.size(), 8u + 4 + 4 + 4);
  EXPECT_EQ(number_at(record, 0, 8), 4u);
  EXPECT_EQ(number_at(record, 8, 4), masked_crc(record.substr(0, 8)));
  EXPECT_EQ(record.substr(12, 4), "pegs");
  EXPECT_EQ(number_at(record, 16, 4), masked_crc("pegs"));
}

TEST(EventFile, WritesEventsInProtocolBuffersWireFormat) {
  const TemporaryFolder folder = *TemporaryFolder::create("events");
  for (int file = 0; file < 2; ++file) {
    auto events = EventFile::create(folder.path() / "run", 300);
    ASSERT_TRUE(events) << events.error().message;
    ASSERT_TRUE(events->add_scalars(300, {{"loss", 1.5}}));
  }
  std::vector<Path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path() / "run")) paths.push_back(entry.path());
  ASSERT_EQ(paths.size(), 2u) << "no file is written twice";
  std::string rest = *read_file(paths[0]);
  std::vector<std::string> records;
  while (!rest.empty()) {
    const std::size_t size = number_at(rest, 0, 8);
    records.push_back(rest.substr(12, size));
    ASSERT_EQ(framed_record(records.back()), rest.substr(0, 16 + size));
    rest.erase(0, 16 + size);
  }
  ASSERT_EQ(records.size(), 3u);
  // After the time (9 bytes): step 0 and the version; step 300 and the start of a session; step 300 and the summary.
  EXPECT_EQ(records[0].substr(9), std::string("\x10\0\x1A\x0D", 4) + "brain.Event:2");
  EXPECT_EQ(records[1].substr(9), "\x10\xAC\x02\x3A\x02\x08\x01");
  EXPECT_EQ(records[2].substr(9),
            std::string("\x10\xAC\x02\x2A\x0D\x0A\x0B\x0A\x04loss\x15") + std::string("\x00\x00\xC0\x3F", 4));
}

}  // namespace
}  // namespace pegbox
