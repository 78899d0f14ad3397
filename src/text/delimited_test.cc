// Tests of comma- and tab-separated records: the cases of RFC 4180, and what is refused.
#include "text/delimited.h"

#include <gtest/gtest.h>

#include "text/test_support.h"

namespace pegbox::text {
namespace {

using test::expect_error;
using Fields = std::vector<std::string>;

/// All records; the first fault ends it.
Result<std::vector<Record>> read_all(std::string_view bytes, char separator, const std::string& name) {
  std::vector<Record> records;
  PEGBOX_CHECK(visit_delimited(bytes, separator, name, [&](Result<Record> record, std::int32_t) -> Result<void> {
    PEGBOX_TRY(Record read, std::move(record));
    records.push_back(std::move(read));
    return {};
  }));
  return records;
}

std::vector<Fields> fields_of(std::string_view bytes, char separator = ',') {
  const auto records = read_all(bytes, separator, "a.csv");
  EXPECT_TRUE(records.has_value()) << records.error().message;
  std::vector<Fields> fields;
  if (records)
    for (const Record& record : *records) fields.push_back(record.fields);
  return fields;
}

TEST(Delimited, ReadsRecordsWithEitherEndOfLineAndWithoutALastOne) {
  const std::vector<Fields> expected = {{"a", "b"}, {"1", ""}, {"", "2"}};
  EXPECT_EQ(fields_of("a,b\n1,\n,2\n"), expected);
  EXPECT_EQ(fields_of("a,b\r\n1,\r\n\r\n,2"), expected);
  EXPECT_EQ(fields_of("a\tb\n1\t\n\t2", '\t'), expected);
  EXPECT_TRUE(fields_of("\n\n").empty());
}

TEST(Delimited, ReadsQuotedFieldsWithSeparatorsLineBreaksAndQuotes) {
  EXPECT_EQ(fields_of("text,label\n\"one, \"\"two\"\"\r\nthree\",x\n\"\",\"y\"\n"),
            (std::vector<Fields>{{"text", "label"}, {"one, \"two\"\r\nthree", "x"}, {"", "y"}}));
  EXPECT_EQ(fields_of("a,5\" pipe\n"), (std::vector<Fields>{{"a", "5\" pipe"}}));
}

TEST(Delimited, CountsTheLinesInsideOfQuotedFields) {
  const auto records = read_all("a,b\n\"1\n\n2\",x\n\n3,4\n", ',', "a.csv");
  ASSERT_OK(records);
  EXPECT_EQ((*records)[1].line, 2);
  EXPECT_EQ((*records)[2].line, 6);
}

TEST(Delimited, NamesTheLineOfAFault) {
  expect_error(read_all("a,b\n1,\"2\n3,4\n", ',', "a.csv"), ErrorKind::InvalidInput, {"a.csv:2", "never closed"});
  expect_error(read_all("a,b\n\"1\n\"x,2\n", ',', "a.csv"), ErrorKind::InvalidInput,
               {"a.csv:3", "after a closing quote"});
  expect_error(read_all("a,b\n1,2\n1,2,3\n", ',', "a.csv"), ErrorKind::InvalidInput,
               {"a.csv:3", "got 3", "expected 2"});
}

TEST(Delimited, GoesOnWithTheLineAfterAFault) {
  std::vector<std::string> seen;
  const auto read =
      visit_delimited("a,b\n1,2\n\"x\"y,2\n3,4\n5\n6,\"7\n8\"\n9,10\n11,\"12\n13,14\n", ',', "a.csv",
                      [&](const Result<Record>& record, std::int32_t line) -> Result<void> {
                        seen.push_back(std::to_string(line) + (record ? " " + record->fields[0] : " fault"));
                        return {};
                      });
  ASSERT_OK(read);
  EXPECT_EQ(seen, (std::vector<std::string>{"1 a", "2 1", "3 fault", "4 3", "5 fault", "6 6", "8 9", "9 fault"}));
}

}  // namespace
}  // namespace pegbox::text
