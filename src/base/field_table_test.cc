// Tests of FieldTable: reading, bounds, units, and the schema and words that come out of the rows.
#include "base/field_table.h"

#include <gtest/gtest.h>

namespace pegbox {
namespace {

struct Options {
  double learning_rate = 3e-4;
  std::int64_t rank = 8;
  bool packed = true;
  std::string optimizer = "adamw";
  std::int64_t memory_bytes = 1 << 30;
  double timeout_s = 60;
  std::string note;
  double limit = std::numeric_limits<double>::infinity();
  std::int64_t wait_s = 1;
};

const FieldTable<Options>& option_fields() {
  static const FieldTable<Options> table{{
      {.name = "learning_rate",
       .member = &Options::learning_rate,
       .minimum = 0,
       .maximum = 1,
       .help = "peak learning rate",
       .source = "laws.md"},
      {.name = "rank", .member = &Options::rank, .minimum = 1, .help = "rank of A | B"},
      {.name = "packed", .member = &Options::packed, .help = "pack sequences"},
      {.name = "optimizer",
       .member = &Options::optimizer,
       .choices = {"adamw", "adafactor", "sgd"},
       .help = "update rule"},
      {.name = "memory", .member = &Options::memory_bytes, .minimum = 1, .unit = Unit::Bytes, .help = "most memory"},
      {.name = "timeout", .member = &Options::timeout_s, .minimum = 0, .unit = Unit::Seconds, .help = "longest trial"},
      {.name = "note", .member = &Options::note},
      {.name = "limit", .member = &Options::limit, .maximum = std::numeric_limits<double>::infinity()},
      {.name = "wait", .member = &Options::wait_s, .unit = Unit::Seconds},
  }};
  return table;
}

Result<Options> read(std::string_view text) {
  const Document document = parse_document(text, "run.json").value();
  return option_fields().read(document.root());
}

std::string message_of(std::string_view text) {
  const auto options = read(text);
  return options ? "accepted" : options.error().message;
}

TEST(FieldTable, LeavesDefaultsWhereNothingIsGiven) {
  const Options options = read("{}").value();
  EXPECT_EQ(options.learning_rate, 3e-4);
  EXPECT_EQ(options.optimizer, "adamw");
  EXPECT_TRUE(options.packed);
}

TEST(FieldTable, ReadsEveryTypeAndUnit) {
  const Options options =
      read(R"({"learning_rate": 1e-3, "rank": 1.6e1, "packed": false, "optimizer": "sgd", "memory": "20GiB",
               "timeout": "1h30m", "note": "x", "limit": "inf", "wait": "2m"})")
          .value();
  EXPECT_EQ(options.learning_rate, 1e-3);
  EXPECT_EQ(options.rank, 16);
  EXPECT_FALSE(options.packed);
  EXPECT_EQ(options.optimizer, "sgd");
  EXPECT_EQ(options.memory_bytes, 20ll << 30);
  EXPECT_EQ(options.timeout_s, 5400);
  EXPECT_EQ(options.note, "x");
  EXPECT_EQ(options.wait_s, 120);
}

TEST(FieldTable, TakesPlainNumbersForUnits) {
  const Options options = read(R"({"memory": 1e9, "timeout": 0.5})").value();
  EXPECT_EQ(options.memory_bytes, 1000000000);
  EXPECT_EQ(options.timeout_s, 0.5);
}

TEST(FieldTable, RefusesValuesOutOfRange) {
  EXPECT_EQ(message_of("{\n\"learning_rate\": 2}"),
            "[run.json:2 learning_rate] out of range; got 2; expected from 0 to 1");
  EXPECT_EQ(message_of(R"({"rank": 0})"), "[run.json:1 rank] out of range; got 0; expected at least 1");
  EXPECT_EQ(message_of(R"({"memory": "0 B"})"), "[run.json:1 memory] out of range; got \"0 B\"; expected at least 1");
  EXPECT_EQ(message_of(R"({"learning_rate": "inf"})"),
            "[run.json:1 learning_rate] out of range; got \"inf\"; expected from 0 to 1");
}

TEST(FieldTable, RefusesWrongTypesAndUnits) {
  EXPECT_EQ(message_of(R"({"rank": "8"})"), "[run.json:1 rank] not a number; got \"8\"; expected an integer");
  EXPECT_EQ(message_of(R"({"rank": null})"), "[run.json:1 rank] not a number; got null; expected an integer");
  EXPECT_EQ(message_of(R"({"memory": "20 parsecs"})"),
            "[run.json:1 memory] not a size; got \"20 parsecs\"; expected bytes, such as 20GiB, 512 MB or 1e9");
  EXPECT_EQ(
      message_of(R"({"timeout": "20GiB"})"),
      "[run.json:1 timeout] not a duration; got \"20GiB\"; expected seconds, or a duration such as 20m, 1h30m or 2d");
  EXPECT_EQ(message_of(R"({"wait": "250ms"})"),
            "[run.json:1 wait] not a whole number; got \"250ms\"; expected whole seconds");
  EXPECT_EQ(message_of(R"({"memory": "1e30"})"),
            "[run.json:1 memory] too large; got \"1e30\"; expected an integer below 2^63");
}

TEST(FieldTable, NamesTheChoicesAndTheNearestOne) {
  EXPECT_EQ(message_of(R"({"optimizer": "adam_w"})"),
            "[run.json:1 optimizer] unknown choice; got \"adam_w\"; expected one of adamw, adafactor, sgd; did you "
            "mean \"adamw\"?");
}

TEST(FieldTable, RefusesUnknownMembersUnlessTheCallerTakesThem) {
  EXPECT_NE(message_of(R"({"learning_rat": 1})").find("did you mean \"learning_rate\"?"), std::string::npos);
  const Document document = parse_document(R"({"rank": 3, "other": 1})", "run.json").value();
  EXPECT_EQ(option_fields().read_known(document.root())->rank, 3);
}

TEST(FieldTable, WritesWhatItReadsBack) {
  Options options;
  options.rank = 32;
  options.note = "a \"b\"";
  const Json json = option_fields().write(options);
  EXPECT_EQ(json.begin().key(), "learning_rate");
  EXPECT_EQ(json["limit"], "inf");
  const Document document{.json = json, .name = "written", .lines = {}};
  const Options back = option_fields().read(document.root()).value();
  EXPECT_EQ(option_fields().write(back), json);
  EXPECT_EQ(back.rank, 32);
}

TEST(Schema, DescribesEveryRow) {
  const Json schema = schema_of(option_fields().rows());
  EXPECT_EQ(schema["type"], "object");
  EXPECT_EQ(schema["additionalProperties"], false);
  const Json& fields = schema["properties"];
  EXPECT_EQ(
      to_line(fields["learning_rate"]),
      R"x({"type":"number","default":0.0003,"minimum":0.0,"maximum":1.0,"description":"peak learning rate (default: laws.md)"})x");
  EXPECT_EQ(to_line(fields["rank"]), R"({"type":"integer","default":8,"minimum":1,"description":"rank of A | B"})");
  EXPECT_EQ(to_line(fields["packed"]), R"({"type":"boolean","default":true,"description":"pack sequences"})");
  EXPECT_EQ(to_line(fields["optimizer"]["enum"]), R"(["adamw","adafactor","sgd"])");
  EXPECT_EQ(to_line(fields["memory"]["type"]), R"(["integer","string"])");
  EXPECT_EQ(to_line(fields["limit"]), R"({"type":["number","string"],"default":"inf"})");
  EXPECT_EQ(fields.size(), option_fields().rows().size());
}

TEST(AcceptedValues, AreSaidInWords) {
  std::vector<std::string> words;
  for (const FieldRow& row : option_fields().rows()) words.push_back(accepted_values(row));
  EXPECT_EQ(words, (std::vector<std::string>{"number from 0 to 1", "integer at least 1", "true or false",
                                             "`adamw`, `adafactor`, `sgd`", "bytes (`20GiB`) at least 1",
                                             "seconds (`30m`) at least 0", "text", "number", "seconds (`30m`)"}));
}

}  // namespace
}  // namespace pegbox
