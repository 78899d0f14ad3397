// Tests of Json: what is refused and where, and agreement with nlohmann's parser on whatever bytes come.
#include "base/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/rng.h"

namespace pegbox {
namespace {

std::string refusal_of(std::string_view text) {
  const auto result = parse_json(text, "f");
  return result ? "accepted: " + to_line(*result) : result.error().message;
}

TEST(ParseJson, ReadsEveryKindOfValue) {
  const auto json =
      parse_json(" {\"a\": [1, -2, 3.5, 1e2, true, false, null, \"x\"], \"b\": {}, \"c\": []}\r\n\t", "f");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(to_line(*json), R"({"a":[1,-2,3.5,100.0,true,false,null,"x"],"b":{},"c":[]})");
}

TEST(ParseJson, KeepsTheOrderOfMembers) {
  EXPECT_EQ(to_line(parse_json(R"({"z":1,"a":2,"m":3})", "f").value()), R"({"z":1,"a":2,"m":3})");
}

TEST(ParseJson, ReadsIntegersExactlyAndLargerOnesAsDoubles) {
  EXPECT_EQ(parse_json("18446744073709551615", "f")->get<std::uint64_t>(), ~0ull);
  EXPECT_EQ(parse_json("-9223372036854775808", "f")->get<std::int64_t>(), std::numeric_limits<std::int64_t>::min());
  EXPECT_TRUE(parse_json("18446744073709551616", "f")->is_number_float());
  EXPECT_EQ(parse_json("18446744073709551616", "f")->get<double>(), 0x1p64);
}

TEST(ParseJson, ReadsDoublesToTheBitAndTinyOnesAsZero) {
  EXPECT_EQ(parse_json("0.1", "f")->get<double>(), 0.1);
  EXPECT_EQ(parse_json("5e-324", "f")->get<double>(), 5e-324);
  EXPECT_EQ(parse_json("1.7976931348623157e308", "f")->get<double>(), std::numeric_limits<double>::max());
  EXPECT_EQ(parse_json("1e-999", "f")->get<double>(), 0);
  EXPECT_EQ(refusal_of("1e999"), "[f:1:1] a number too large for a double; got \"1e999\"");
}

TEST(ParseJson, ReadsEscapesAndSurrogatePairs) {
  EXPECT_EQ(parse_json(R"("\"\\\/\b\f\n\r\t\u00e9\u20AC\uD83D\uDE00\u0041")", "f")->get<std::string>(),
            "\"\\/\b\f\n\r\t\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"
            "A");
  for (const char* text : {R"("\x")", R"("\u12")", R"("\u12g4")", R"("\u-123")", R"("\)"})
    EXPECT_FALSE(parse_json(text, "f")) << text;
  for (const char* text : {R"("\uD83D")", R"("\uDE00")", R"("\uD83D\u0041")", R"("\uD83Dx")"})
    EXPECT_NE(refusal_of(text).find("surrogate"), std::string::npos) << text;
}

TEST(ParseJson, RefusesAKeyTwiceAndNamesTheSecondPlace) {
  EXPECT_EQ(refusal_of("{\"a\": 1,\n  \"a\": 2}"),
            "[f:2:3] the key \"a\" stands twice in one object; remove one of them");
  EXPECT_EQ(refusal_of(R"({"a":1,"\u0061":2})").find("[f:1:8] the key \"a\" stands twice"), 0u);
  EXPECT_TRUE(parse_json(R"([{"a":1},{"a":1,"b":{"a":2}}])", "f")) << "the same key in other objects is fine";
}

TEST(ParseJson, FindsARepeatedKeyAmongVeryManyQuickly) {
  std::string text = "{";
  for (int i = 0; i < 200000; ++i) text += "\"key" + std::to_string(i) + "\":0,";
  EXPECT_TRUE(parse_json(text + "\"last\":1}", "f"));
  EXPECT_NE(refusal_of(text + "\"key777\":1}").find("\"key777\" stands twice"), std::string::npos);
}

TEST(ParseJson, RefusesWhateverStandsAfterTheValue) {
  EXPECT_EQ(refusal_of("{}\n x"), "[f:2:2] something stands after the value; got \"x\"");
  EXPECT_FALSE(parse_json("1 2", "f"));
  EXPECT_FALSE(parse_json(std::string_view("1\0", 2), "f")) << "a zero byte is no end";
  EXPECT_FALSE(parse_json("{}{}", "f"));
}

TEST(ParseJson, NamesLineColumnAndWhatWasFound) {
  EXPECT_EQ(refusal_of("[1,\n\n 0x1]"),
            "[f:3:2] not a value; got \"0x1\"; expected a text, a number, an object, an array, true, "
            "false or null");
  EXPECT_EQ(refusal_of("{\"a\" 1}"), "[f:1:6] no colon after a key; got \"1\"; expected \":\"");
  EXPECT_EQ(refusal_of("[1 2]"), "[f:1:4] an array goes on without a comma; got \"2\"; expected \",\" or \"]\"");
  EXPECT_EQ(refusal_of("{\"a\":1 \"b\":2}").find("[f:1:8] an object goes on without a comma"), 0u);
  EXPECT_EQ(refusal_of("[1,2"), "[f:1:5] the text ends too early; expected \",\" or \"]\"");
  EXPECT_EQ(refusal_of("").find("[f:1:1] the text ends too early"), 0u);
}

TEST(ParseJson, HelpsWithCommonSlips) {
  EXPECT_NE(refusal_of("{\"loss\": NaN}").find("as the string \"nan\""), std::string::npos);
  EXPECT_NE(refusal_of("[-Infinity]").find("as the string \"nan\""), std::string::npos);
  EXPECT_NE(refusal_of("[True]").find("true, false and null"), std::string::npos);
  EXPECT_NE(refusal_of("{'a': 1}").find("double quotes"), std::string::npos);
  EXPECT_NE(refusal_of("{} // x").find("no comments"), std::string::npos);
  EXPECT_NE(refusal_of("\"a\nb\"").find("line break as \\n"), std::string::npos);
}

TEST(Json, TakesPythonsWordsForNonFiniteNumbersFromOtherPrograms) {
  const auto json = parse_foreign_json(R"({"a": NaN, "b": [Infinity, -Infinity], "c": -1})", "line");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(to_line(*json), R"({"a":"nan","b":["inf","-inf"],"c":-1})");
  for (const char* text : {"nan", "NaNs", "-NaN", "+Infinity", "-Infinit", "{NaN: 1}", "Infinity2"})
    EXPECT_FALSE(parse_foreign_json(text, "line")) << text;
}

TEST(ParseJson, RefusesNumbersInOtherForms) {
  for (const char* text : {"01", "+1", ".5", "1.", "-", "1e", "1e+", "0x10", "1_000", "--1", "1.e3", "-a"})
    EXPECT_FALSE(parse_json(text, "f")) << text;
}

TEST(ParseJson, RefusesBytesThatAreNotUtf8ButReportsInUtf8) {
  for (const char* bytes : {"\xff", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x80\x80\x80",
                            "\xc3", "\xe2\x82", "\x80"}) {
    const std::string message = refusal_of("[\"a" + std::string(bytes) + "\"]");
    EXPECT_EQ(message.find("[f:1:4] bytes that are not UTF-8"), 0u) << message;
    EXPECT_TRUE(parse_json(Json(message).dump(), "f")) << "the message itself is UTF-8";
  }
  EXPECT_TRUE(parse_json("\"\xf4\x8f\xbf\xbf\xed\x9f\xbf\"", "f"));
}

TEST(ParseJson, SkipsAByteOrderMarkAtTheStartOnly) {
  EXPECT_TRUE(parse_json("\xEF\xBB\xBF{}", "f"));
  EXPECT_FALSE(parse_json("{\xEF\xBB\xBF}", "f"));
}

TEST(ParseJson, RefusesDeepNestingInsteadOfOverflowingTheStack) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse_json(nested(200), "f"));
  EXPECT_NE(refusal_of(nested(201)).find("nested too deep"), std::string::npos);
  EXPECT_NE(refusal_of(std::string(1 << 20, '[')).find("nested too deep"), std::string::npos);
}

TEST(ParseJson, NotesTheLineOfEveryValue) {
  std::map<std::string, int> lines;
  ASSERT_TRUE(
      parse_json("{\n \"a/b\": 1,\n \"list\": [\n  10,\n  20\n  , {\"c~\": 3}\n ],\n \"late\":\n\n  {}}", "f", lines));
  const std::map<std::string, int> expected{{"", 1},        {"/a~1b", 2},   {"/list", 3},       {"/list/0", 4},
                                            {"/list/1", 5}, {"/list/2", 6}, {"/list/2/c~0", 6}, {"/late", 8}};
  EXPECT_EQ(lines, expected);
}

// What nlohmann accepts and we do not must have one of our own reasons.
bool is_stricter_reason(const std::string& message) {
  for (const char* reason : {"stands twice", "something stands after", "nested too deep"})
    if (message.find(reason) != std::string::npos) return true;
  return false;
}

TEST(ParseJson, AgreesWithNlohmannOnMutatedTexts) {
  const std::vector<std::string> seeds{
      R"({"report": {"trial": 7, "step": 50, "metrics": {"loss": 2.31e-3, "tokens": 204800}}})",
      R"([0, -0, 1.5E+3, 1e-7, "\u20ac\uD83D\uDE00\n", {"": [[]]}, true, false, null, 123456789012345678901234567890])",
      "{\"name\": \"\xE2\x82\xAC uro \xF0\x9F\x98\x80\", \"nested\": {\"a\": {\"b\": [1, 2, {\"c\": \"\\\\\\\"\"}]}}}"};
  constexpr std::string_view kBytes = "{}[]\",:\\0123456789.eE+-tfnu \n\x80\xC3\xE2\xF0\xFF\x1F";
  Rng rng({.seed = 3, .stream = stream_id("json")});
  int accepted = 0, refused = 0;
  for (int i = 0; i < 60000; ++i) {
    std::string text = seeds[rng.below(seeds.size())];
    for (std::uint64_t change = rng.below(3) + 1; change-- > 0 && !text.empty();) {
      const std::size_t at = rng.below(text.size());
      const char byte = kBytes[rng.below(kBytes.size())];
      if (const auto how = rng.below(4); how == 0)
        text.erase(at, 1 + rng.below(4));
      else if (how == 1)
        text.insert(at, 1, byte);
      else if (how == 2)
        text[at] = byte;
      else
        text.insert(at, text.substr(rng.below(text.size()), rng.below(12)));
    }
    const Json theirs = Json::parse(text, nullptr, false);
    const auto ours = parse_json(text, "f");
    if (ours) {
      ASSERT_EQ(*ours, theirs) << text;
      ASSERT_EQ(ours->dump(), theirs.dump()) << text;
      ++accepted;
    } else {
      ASSERT_TRUE(theirs.is_discarded() || is_stricter_reason(ours.error().message)) << text << "\n"
                                                                                     << ours.error().message;
      ++refused;
    }
  }
  EXPECT_GT(accepted, 5000);
  EXPECT_GT(refused, 5000);
}

TEST(ParseJson, ReadsRandomDoublesAsTheyWereWritten) {
  Rng rng({.seed = 4, .stream = stream_id("json doubles")});
  for (int i = 0; i < 50000; ++i) {
    const double value = std::ldexp(rng.uniform() - 0.5, static_cast<int>(rng.below(2000)) - 1000);
    ASSERT_EQ(parse_json(to_line(value), "f")->get<double>(), value) << to_line(value);
  }
}

TEST(ToLine, NeverFailsAndNeverBreaksTheLine) {
  EXPECT_EQ(to_line(Json{{"a", "x\ny"}, {"b", 1}}), R"({"a":"x\ny","b":1})");
  EXPECT_EQ(to_line("a\xff"
                    "b"),
            "\"a\xEF\xBF\xBD"
            "b\"");
}

TEST(JsonNumber, CarriesEveryDoubleThereAndBack) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double value : {0.0, -0.0, 1e-320, 3.25, infinity, -infinity}) {
    double back = 1;
    ASSERT_TRUE(read_json_number(parse_json(to_line(json_number(value)), "f").value(), back));
    EXPECT_EQ(back, value);
    EXPECT_EQ(std::signbit(back), std::signbit(value));
  }
  double back = 1;
  ASSERT_TRUE(read_json_number(json_number(std::nan("")), back));
  EXPECT_TRUE(std::isnan(back));
  for (const Json& other : {Json("NaN"), Json("1"), Json(nullptr), Json(true), Json::array({1})})
    EXPECT_FALSE(read_json_number(other, back));
}

TEST(Excerpt, CutsBetweenCharacters) {
  EXPECT_EQ(excerpt(Json("abc")), "\"abc\"");
  const std::string cut = excerpt(Json(std::string(50, 'x') + "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"), 55);
  EXPECT_EQ(cut, "\"" + std::string(50, 'x') + "\xE2\x82\xAC...");
}

}  // namespace
}  // namespace pegbox
