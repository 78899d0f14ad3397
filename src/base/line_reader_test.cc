// Tests of LineReader.
#include "base/line_reader.h"

#include <gtest/gtest.h>

#include <vector>

namespace pegbox {
namespace {

std::vector<std::string> lines_of(const std::string& bytes) {
  const auto folder = TemporaryFolder::create("pegbox-lines");
  const Path path = folder->path() / "file";
  EXPECT_TRUE(replace_file(path, bytes));
  auto reader = LineReader::open(path);
  EXPECT_TRUE(reader);
  std::vector<std::string> lines;
  for (;;) {
    const auto line = reader->next();
    EXPECT_TRUE(line);
    if (!line || !*line) return lines;
    lines.emplace_back(**line);
    EXPECT_EQ(reader->line(), static_cast<std::int64_t>(lines.size()));
  }
}

TEST(LineReader, GivesEachLineWithoutItsEnd) {
  EXPECT_EQ(lines_of("a\n\nb\r\n"), (std::vector<std::string>{"a", "", "b\r"}));
  EXPECT_EQ(lines_of("a\nb"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(lines_of("").empty());
  EXPECT_EQ(lines_of("\n"), std::vector<std::string>{""});
}

TEST(LineReader, ReadsLinesThatAreLongerThanOneRead) {
  const std::string first((std::size_t{3} << 20) + 7, 'x'), second((std::size_t{1} << 20) - 1, 'y');
  EXPECT_EQ(lines_of(first + "\n" + second + "\nz\n"), (std::vector<std::string>{first, second, "z"}));
}

TEST(LineReader, SaysWhichFileIsNotThere) {
  const auto reader = LineReader::open("no/such/file");
  ASSERT_FALSE(reader);
  EXPECT_NE(reader.error().message.find("no/such/file"), std::string::npos);
}

}  // namespace
}  // namespace pegbox
