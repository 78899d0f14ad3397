// Tests of FileLineReader.
#include "base/file_line_reader.h"

#include <gtest/gtest.h>

#include <vector>

namespace pegbox {
namespace {

std::vector<std::string> lines_of(const std::string& bytes) {
  const auto folder = TemporaryFolder::create("pegbox-lines");
  const Path path = folder->path() / "file";
  EXPECT_TRUE(replace_file(path, bytes));
  auto reader = FileLineReader::open(path);
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

TEST(FileLineReader, GivesEachLineWithoutItsEnd) {
  EXPECT_EQ(lines_of("a\n\nb\r\n"), (std::vector<std::string>{"a", "", "b\r"}));
  EXPECT_EQ(lines_of("a\nb"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(lines_of("").empty());
  EXPECT_EQ(lines_of("\n"), std::vector<std::string>{""});
}

TEST(FileLineReader, ReadsLinesThatAreLongerThanOneRead) {
  const std::string first((std::size_t{3} << 20) + 7, 'x'), second((std::size_t{1} << 20) - 1, 'y');
  EXPECT_EQ(lines_of(first + "\n" + second + "\nz\n"), (std::vector<std::string>{first, second, "z"}));
}

TEST(FileLineReader, SaysWhichFileIsNotThere) {
  const auto reader = FileLineReader::open("no/such/file");
  ASSERT_FALSE(reader);
  EXPECT_NE(reader.error().message.find("no/such/file"), std::string::npos);
}

}  // namespace
}  // namespace pegbox
