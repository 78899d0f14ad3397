// Tests of logs within bounds.
#include "search/executors/output_log.h"

#include <gtest/gtest.h>

namespace pegbox {
namespace {

TEST(OutputLog, StaysWithinItsBounds) {
  const auto folder = TemporaryFolder::create("pegbox-log").value();
  const Path file = folder.path() / "output.log";
  OutputLog log(file, 1000);
  for (int i = 0; i < 1000; ++i) log.append("line " + std::to_string(i) + "\n");
  EXPECT_LE(tree_bytes(folder.path()), 1000u);
  const std::string kept = read_file(file.string() + ".1").value() + read_file(file).value();
  EXPECT_TRUE(kept.ends_with("line 998\nline 999\n"));
  EXPECT_GT(kept.size(), 500u);
  log.append(std::string(100000, 'x'));
  EXPECT_LE(tree_bytes(folder.path()), 1000u);
}

TEST(OutputLog, GoesOnWithAnExistingFile) {
  const auto folder = TemporaryFolder::create("pegbox-log").value();
  const Path file = folder.path() / "output.log";
  OutputLog(file, 1000).append("one\n");
  OutputLog(file, 1000).append("two\n");
  EXPECT_EQ(read_file(file).value(), "one\ntwo\n");
}

TEST(OutputLog, KeepsTheEndForMessages) {
  const auto folder = TemporaryFolder::create("pegbox-log").value();
  OutputLog log(folder.path() / "none" / "output.log", 1000);
  EXPECT_EQ(log.tail(), "");
  for (int i = 0; i < 5000; ++i) log.append("line " + std::to_string(i) + "\n");
  log.append("bytes \xFF\xC0 \n\n");
  const std::string tail = log.tail();
  EXPECT_LE(tail.size(), 2100u);
  EXPECT_TRUE(tail.starts_with("line "));
  EXPECT_NE(tail.find("line 4999\nbytes "), std::string::npos);
  EXPECT_EQ(tail.find('\xFF'), std::string::npos);
  EXPECT_NE(tail.back(), '\n');
}

}  // namespace
}  // namespace pegbox
