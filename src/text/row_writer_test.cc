// Tests of RowWriter: nothing is there before it is whole, and nothing is written over.
#include "text/row_writer.h"

#include <gtest/gtest.h>

#include "text/test_support.h"

namespace pegbox::text {
namespace {

using test::expect_error;
using test::Files;

TEST(RowWriter, LeavesAFileThatAppearsWhileItWrites) {
  const Files files;
  const Path path = files.folder() / "out.jsonl";
  {
    auto writer = RowWriter::create(path);
    ASSERT_OK(writer);
    ASSERT_OK(writer->add({.file = 0, .line = 1, .bytes = "{}"}));
    EXPECT_FALSE(std::filesystem::exists(path)) << "it is not whole";
    files.write("out.jsonl", "theirs");
    expect_error(writer->finish(), ErrorKind::InvalidInput, {"out.jsonl", "nothing is written over"});
  }
  EXPECT_EQ(*read_file(path), "theirs");
  const auto entries = std::filesystem::directory_iterator(files.folder());
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1) << "its own file is gone";
}

}  // namespace
}  // namespace pegbox::text
