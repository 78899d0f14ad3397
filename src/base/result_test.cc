// Tests of Result: the form of messages and the two macros.
#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace pegbox {
namespace {

Result<int> half(int x) {
  if (x % 2 != 0) return fail(ErrorKind::InvalidInput, {.what = "odd"});
  return x / 2;
}

Result<int> quarter(int x) {
  PEGBOX_TRY(const int h, half(x));
  PEGBOX_TRY(const int q, half(h));
  return q;
}

Result<void> check_even(int x) {
  PEGBOX_CHECK(half(x));
  return {};
}

TEST(Problem, HasOneFormWithAllItsParts) {
  EXPECT_EQ(format_problem(
                {.where = "a.yaml:3", .what = "unknown name", .got = "x", .expected = "y", .hint = "did you mean y?"}),
            "[a.yaml:3] unknown name; got x; expected y; did you mean y?");
}

TEST(Problem, LeavesOutPartsThatAreEmpty) {
  EXPECT_EQ(format_problem({.what = "broken"}), "broken");
  EXPECT_EQ(format_problem({.where = "here", .got = "x"}), "[here] got x");
  EXPECT_EQ(format_problem({.what = "broken", .hint = "repair it"}), "broken; repair it");
  EXPECT_EQ(format_problem({.got = "x", .expected = "y"}), "got x; expected y");
}

TEST(Problem, KeepsPartsApartWhenTheFaultEndsInABracket) {
  EXPECT_EQ(format_problem({.what = "not [a] ", .got = "x"}), "not [a] ; got x");
}

TEST(Result, TryGivesTheValueOrReturnsTheError) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_EQ(quarter(7).error().kind, ErrorKind::InvalidInput);
}

TEST(Result, CheckReturnsTheErrorOfAFailedStep) {
  EXPECT_TRUE(check_even(2).has_value());
  EXPECT_EQ(check_even(3).error().message, "odd");
}

TEST(FailErrno, SaysInWordsThatTheDiskIsFull) {
  errno = ENOSPC;
  const Error error = fail_errno("study.db", "cannot write").value();
  EXPECT_EQ(error.kind, ErrorKind::Io);
  EXPECT_TRUE(error.message.starts_with("[study.db] cannot write: the disk is full; ")) << error.message;
}

TEST(FailErrno, UsesTheSystemsWordsForRareFaults) {
  errno = ELOOP;
  EXPECT_NE(fail_errno("a", "b").value().message.find("symbolic"), std::string::npos);
}

}  // namespace
}  // namespace pegbox
