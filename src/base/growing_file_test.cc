// Tests of GrowingFile.
#include "base/growing_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace pegbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class GrowingFileTest : public testing::Test {
 protected:
  void append(const std::string& bytes, const std::string& name = "log") const {
    std::ofstream(folder_.path() / name, std::ios::app) << bytes;
  }
  void overwrite(const std::string& bytes) const { std::ofstream(path(), std::ios::trunc) << bytes; }
  void rename(const std::string& to) const { std::filesystem::rename(path(), folder_.path() / to); }
  Path path() const { return folder_.path() / "log"; }

  static std::vector<std::string> lines_of(GrowingFile& file) {
    std::vector<std::string> lines;
    for (;;) {
      const auto line = file.next();
      EXPECT_TRUE(line) << line.error().message;
      if (!line || !*line) return lines;
      lines.emplace_back(**line);
    }
  }

  TemporaryFolder folder_ = *TemporaryFolder::create("pegbox-log");
};

TEST_F(GrowingFileTest, GivesWholeLinesAsTheyCome) {
  GrowingFile file(path());
  EXPECT_THAT(lines_of(file), IsEmpty());
  EXPECT_FALSE(file.exists());
  append("a\nb");
  EXPECT_THAT(lines_of(file), ElementsAre("a"));
  EXPECT_EQ(file.unfinished(), "b");
  append("b\n\n");
  EXPECT_THAT(lines_of(file), ElementsAre("bb", ""));
  EXPECT_EQ(file.place().line, 3);
  append("end");
  EXPECT_THAT(lines_of(file), IsEmpty());
  file.take_unfinished();
  EXPECT_EQ(file.place().offset, 9);
  append("\nc\n");
  EXPECT_THAT(lines_of(file), ElementsAre("c"));
  EXPECT_THAT(file.take_notes(), IsEmpty());
}

TEST_F(GrowingFileTest, CountsALineOnceThatWasTakenUnfinished) {
  append("a\nb");
  GrowingFile file(path());
  lines_of(file);
  file.take_unfinished();
  EXPECT_EQ(file.place().line, 2);
  GrowingFile later(path(), file.place());
  EXPECT_THAT(lines_of(later), IsEmpty());
  append("\n\nc\n");
  for (GrowingFile* each : {&file, &later}) {
    EXPECT_THAT(lines_of(*each), ElementsAre("", "c"));
    EXPECT_EQ(each->place().line, 4);
  }
  append("half");
  lines_of(file);
  file.take_unfinished();
  append(" and half\nd\n");
  EXPECT_EQ(*file.next(), " and half");
  EXPECT_EQ(file.place().line, 5) << "more of the line that was taken";
  EXPECT_EQ(*file.next(), "d");
  EXPECT_EQ(file.place().line, 6);
}

TEST_F(GrowingFileTest, GoesOnWhereItWasLeft) {
  append("a\nb\n");
  GrowingFile first(path());
  lines_of(first);
  append("c\n");
  GrowingFile second(path(), first.place());
  EXPECT_THAT(lines_of(second), ElementsAre("c"));
  EXPECT_EQ(second.place().line, 3);
  EXPECT_THAT(second.take_notes(), IsEmpty());
}

TEST_F(GrowingFileTest, ReadsARenamedFileToItsEndBeforeTheNewOne) {
  append("a\nb\n");
  GrowingFile file(path());
  lines_of(file);
  const FilePlace left = file.place();
  append("c\nlast");
  rename("log.1");
  append("d\n");
  EXPECT_THAT(lines_of(file), ElementsAre("c", "last", "d"));
  EXPECT_THAT(file.take_notes(), ElementsAre(HasSubstr("was renamed after line 4")));
  EXPECT_EQ(file.place().line, 1);
  GrowingFile later(path(), left);
  EXPECT_THAT(lines_of(later), ElementsAre("c", "last", "d"));
  EXPECT_THAT(later.take_notes(), ElementsAre(HasSubstr("is now log.1"), HasSubstr("was renamed")));
}

TEST_F(GrowingFileTest, BeginsAnewWhereAFileShrankOrWasReplaced) {
  append("a\nb\n");
  GrowingFile file(path());
  lines_of(file);
  const FilePlace left = file.place();
  overwrite("x\n");
  EXPECT_THAT(lines_of(file), ElementsAre("x"));
  EXPECT_THAT(file.take_notes(), ElementsAre(HasSubstr("was emptied after line 2")));
  overwrite("y\nz\nlonger than before\n");
  EXPECT_THAT(lines_of(file), ElementsAre("y", "z", "longer than before")) << "another beginning";
  GrowingFile emptied(path(), left);
  EXPECT_THAT(lines_of(emptied), ElementsAre("y", "z", "longer than before"));
  EXPECT_THAT(emptied.take_notes(), ElementsAre(HasSubstr("was emptied since line 2")));
  std::filesystem::remove(path());
  append("other\n", "log.new");
  std::filesystem::rename(folder_.path() / "log.new", path());
  FilePlace gone = left;
  gone.inode = ~0ull;
  GrowingFile replaced(path(), gone);
  EXPECT_THAT(lines_of(replaced), ElementsAre("other"));
  EXPECT_THAT(replaced.take_notes(), ElementsAre(HasSubstr("was replaced since line 2")));
}

TEST_F(GrowingFileTest, GivesALineBeyondTheLimitEmpty) {
  append(std::string(GrowingFile::kMostLineBytes + (2u << 20), 'x'));
  append("end\nshort\n");
  GrowingFile file(path());
  EXPECT_THAT(lines_of(file), ElementsAre("", "short"));
  EXPECT_EQ(file.place().offset, static_cast<std::int64_t>(std::filesystem::file_size(path())));
}

TEST_F(GrowingFileTest, RefusesAFolder) {
  GrowingFile file(folder_.path());
  const auto line = file.next();
  ASSERT_FALSE(line);
  EXPECT_THAT(line.error().message, HasSubstr("a folder"));
}

}  // namespace
}  // namespace pegbox
