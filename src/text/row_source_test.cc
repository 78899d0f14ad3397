// Tests of RowSource: the same rows as load_dataset has, whatever the format.
#include "text/row_source.h"

#include <gtest/gtest.h>

#include "text/test_support.h"

namespace pegbox::text {
namespace {

using test::Files;

std::vector<RawRow> rows_of(const std::vector<Path>& paths) {
  auto source = RowSource::open(paths);
  EXPECT_TRUE(source) << source.error().message;
  std::vector<RawRow> rows;
  for (;;) {
    auto row = source->next();
    EXPECT_TRUE(row) << row.error().message;
    if (!row || !*row) return rows;
    rows.push_back(**std::move(row));
  }
}

TEST(RowSource, GivesTheRowsOfEachFormatWithTheirLines) {
  const Files files;
  const auto rows =
      rows_of({files.write("a.jsonl", "\xEF\xBB\xBF{\"text\": \"one\"}\n\n{\"text\": \"two\"}"),
               files.write("b.json", "[\n {\"text\": \"three\"},\n {\"text\": \"four\"}\n]\n"),
               files.write("c.csv", "text,label\n\"five\nlines\",x\nsix,y\n"), files.write("d.txt", "seven\n")});
  ASSERT_EQ(rows.size(), 7u);
  const std::vector<std::pair<int, int>> places = {{0, 1}, {0, 3}, {1, 2}, {1, 3}, {2, 2}, {2, 4}, {3, 0}};
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(std::pair(rows[i].file, rows[i].line), places[i]) << i;
  EXPECT_EQ(rows[0].bytes, "{\"text\": \"one\"}");
  EXPECT_EQ(rows[4].bytes, R"({"text":"five\nlines","label":"x"})");
  EXPECT_TRUE(rows[6].is_document);
  EXPECT_EQ(rows[6].bytes, "seven\n");
}

TEST(RowSource, GivesAFileThatIsNotWhatItsNameSaysAsAFault) {
  const Files files;
  const auto rows = rows_of({files.write("a.json", "[{\"text\": \"one\"}"), files.write("b.csv", "text\n\"open\n"),
                             files.write("c.csv", "text\n\xE9\n")});
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_NE(rows[0].fault.find("a.json"), std::string::npos);
  EXPECT_NE(rows[1].fault.find("never closed"), std::string::npos);
  EXPECT_EQ(rows[2].bytes, "text\n\xE9\n") << "whoever looks at the bytes sees what they are";
}

TEST(RowSource, LosesOnlyTheRecordsThatAreNone) {
  const Files files;
  const auto rows = rows_of({files.write("a.CSV", "text,label\none,x\ntwo\n\"three\"3,x\nfour,y\n")});
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].bytes, R"({"text":"one","label":"x"})");
  EXPECT_NE(rows[1].fault.find("not as many fields"), std::string::npos);
  EXPECT_EQ(rows[2].line, 4);
  EXPECT_NE(rows[2].fault.find("after a closing quote"), std::string::npos);
  EXPECT_EQ(rows[3].bytes, R"({"text":"four","label":"y"})");
}

TEST(RowSource, TakesTheFilesOfAMixedFolderForDocumentsAndLeavesOutThoseThatAreNone) {
  const Files files;
  files.write("d/a.jsonl", "{\"text\": \"one\"}\n{\"text\": \"two\"}\n");
  files.write("d/b.txt", "three");
  files.write("d/c.bin", std::string_view("\0", 1));
  const auto rows = rows_of({files.folder() / "d"});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_TRUE(rows[0].is_document);
}

TEST(RowSource, RefusesAPathThatDoesNotExist) {
  const std::vector<Path> paths = {"no/such.jsonl"};
  test::expect_error(RowSource::open(paths), ErrorKind::NotFound, {"no/such.jsonl"});
}

TEST(RowSource, RefusesWhatCannotBeReadTwice) {
  test::expect_error(RowSource::open(std::vector<Path>{"/dev/null"}), ErrorKind::InvalidInput,
                     {"/dev/null", "a pipe or a device"});
}

}  // namespace
}  // namespace pegbox::text
