// Tests of yaml_document and yaml_scalar: what people write in YAML, and what they get wrong.
#include "app/yaml_document.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "app/yaml_scalar.h"

namespace pegbox {
namespace {

Json value_of(std::string_view text) {
  auto document = parse_yaml(text, "study.yaml");
  if (!document) return document.error().message;
  return document->json;
}

std::string error_of_yaml(std::string_view text) {
  const auto document = parse_yaml(text, "study.yaml");
  return document ? "no error" : document.error().message;
}

TEST(YamlScalar, ReadsNumbersAsTheCoreSchemaDoes) {
  EXPECT_EQ(plain_yaml_scalar("1e-5"), Json(1e-5));
  EXPECT_EQ(plain_yaml_scalar("2e8"), Json(2e8));
  EXPECT_TRUE(plain_yaml_scalar("60").is_number_integer());
  EXPECT_EQ(plain_yaml_scalar("-7"), Json(-7));
  EXPECT_EQ(plain_yaml_scalar("+3"), Json(3));
  EXPECT_EQ(plain_yaml_scalar("010"), Json(10));
  EXPECT_EQ(plain_yaml_scalar("0x1F"), Json(31));
  EXPECT_EQ(plain_yaml_scalar("0o17"), Json(15));
  EXPECT_EQ(plain_yaml_scalar(".5"), Json(0.5));
  EXPECT_EQ(plain_yaml_scalar("3."), Json(3.0));
  EXPECT_EQ(plain_yaml_scalar("-.inf"), Json("-inf"));
  EXPECT_EQ(plain_yaml_scalar("1e999"), Json("inf"));
  EXPECT_EQ(plain_yaml_scalar("1e-999"), Json(0.0));
}

TEST(YamlScalar, LeavesWordsAndSizesAsText) {
  for (const char* text :
       {"20GiB", "20m", "no", "yes", "on", "1.2.3", "1e", "e5", ".", "-", "0x", "0xZ", "1_000", "12:30"})
    EXPECT_EQ(plain_yaml_scalar(text), Json(text)) << text;
}

TEST(YamlScalar, KnowsNullAndBooleans) {
  EXPECT_TRUE(plain_yaml_scalar("~").is_null());
  EXPECT_TRUE(plain_yaml_scalar("").is_null());
  EXPECT_EQ(plain_yaml_scalar("True"), Json(true));
  EXPECT_EQ(plain_yaml_scalar("FALSE"), Json(false));
}

TEST(YamlDocument, ReadsNestedValuesInTheirOrder) {
  const Json json = value_of("name: a\nspace:\n  rank: {choice: [4, 8], ordered: true}\n  lr: {range: [1e-5, 1e-2]}\n");
  EXPECT_EQ(json.dump(),
            R"({"name":"a","space":{"rank":{"choice":[4,8],"ordered":true},"lr":{"range":[1e-05,0.01]}}})");
}

TEST(YamlDocument, KeepsQuotedScalarsAsText) {
  EXPECT_EQ(value_of("a: '1e-5'\nb: \"true\"\nc: !!str 5\nd: |\n  12\n").dump(),
            R"({"a":"1e-5","b":"true","c":"5","d":"12\n"})");
}

TEST(YamlDocument, KnowsTheLineOfEveryValue) {
  const auto document =
      parse_yaml("# a study\nname: x\nspace:\n  rank:\n    choice:\n      - 4\n      - 8\n", "s.yaml");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->lines.at("/name"), 2);
  EXPECT_EQ(document->lines.at("/space"), 3);
  EXPECT_EQ(document->lines.at("/space/rank"), 4);
  EXPECT_EQ(document->lines.at("/space/rank/choice/1"), 7);
}

TEST(YamlDocument, EscapesPointersOfKeysWithSlashes) {
  const auto document = parse_yaml("a/b:\n  c~d: 1\n", "s.yaml");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->lines.at("/a~1b/c~0d"), 2);
}

TEST(YamlDocument, RefusesAKeyGivenTwiceAndNamesBothLines) {
  const std::string message = error_of_yaml("seed: 1\nname: a\nseed: 2\n");
  EXPECT_NE(message.find("study.yaml:3"), std::string::npos) << message;
  EXPECT_NE(message.find("line 1"), std::string::npos) << message;
}

TEST(YamlDocument, RefusesTabsAsIndentation) {
  const std::string message = error_of_yaml("space:\n\trank: 4\n");
  EXPECT_NE(message.find("study.yaml:2"), std::string::npos) << message;
  EXPECT_NE(message.find("tab"), std::string::npos) << message;
}

TEST(YamlDocument, RefusesEmptyBinaryAndMisencodedFiles) {
  EXPECT_NE(error_of_yaml(" \n\n").find("empty"), std::string::npos);
  EXPECT_NE(error_of_yaml(std::string_view("a: \0", 4)).find("binary"), std::string::npos);
  EXPECT_NE(error_of_yaml("a: 1\nb: \xFF\n").find("study.yaml:2"), std::string::npos);
  EXPECT_NE(error_of_yaml("a: \xC0\x80\n").find("UTF-8"), std::string::npos);
  EXPECT_NE(error_of_yaml("# only this\n").find("nothing"), std::string::npos);
}

TEST(YamlDocument, NamesTheLineOfBrokenYaml) {
  const std::string message = error_of_yaml("name: a\nspace: {rank: [4, 8}\n");
  EXPECT_NE(message.find("study.yaml:2"), std::string::npos) << message;
}

TEST(YamlDocument, RefusesASecondDocument) {
  EXPECT_NE(error_of_yaml("a: 1\n---\nb: 2\n").find("second document"), std::string::npos);
}

TEST(YamlDocument, ResolvesAliases) {
  EXPECT_EQ(value_of("a: &x {choice: [1, 2]}\nb: *x\n").dump(), R"({"a":{"choice":[1,2]},"b":{"choice":[1,2]}})");
}

TEST(YamlDocument, StopsAnAliasBomb) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += fmt::format("a{}: &a{} [", i, i);
    for (int j = 0; j < 10; ++j) bomb += fmt::format("{}*a{}", j ? ", " : "", i - 1);
    bomb += "]\n";
  }
  EXPECT_NE(error_of_yaml(bomb).find("100000"), std::string::npos);
}

TEST(YamlDocument, StopsDeepNesting) {
  EXPECT_NE(error_of_yaml(std::string(5000, '[')).find("study.yaml"), std::string::npos);
}

TEST(YamlDocument, RefusesTagsAndCollectionsAsKeys) {
  EXPECT_NE(error_of_yaml("a: !python/object x\n").find("tag"), std::string::npos);
  EXPECT_NE(error_of_yaml("[a, b]: 1\n").find("key"), std::string::npos);
}

TEST(YamlDocument, ReadsJsonFilesStrictlyWithTheirLines) {
  const auto folder = TemporaryFolder::create("yaml-test");
  ASSERT_TRUE(folder);
  const Path path = folder->path() / "study.json";
  ASSERT_TRUE(replace_file(path, "{\n  \"name\": \"a\",\n  \"seed\": 3\n}\n"));
  const auto document = read_document(path);
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->json["seed"], Json(3));
  EXPECT_EQ(document->lines.at("/seed"), 3);
  ASSERT_TRUE(replace_file(path, "{\"a\": 1, \"a\": 2}"));
  EXPECT_FALSE(read_document(path));
  ASSERT_TRUE(replace_file(path, "name: yaml"));
  EXPECT_FALSE(read_document(path));
}

TEST(YamlDocument, SaysWhenTheFileIsNotThere) {
  const auto document = read_document("no/such/study.yaml");
  ASSERT_FALSE(document);
  EXPECT_NE(document.error().message.find("no/such/study.yaml"), std::string::npos);
}

}  // namespace
}  // namespace pegbox
