// Tests of Document and Node: typed reading, and errors that a person can act on.
#include "base/document.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace pegbox {
namespace {

Document parsed(std::string_view text) { return parse_document(text, "study.json").value(); }

const std::string kText = R"({
  "name": "demo",
  "space": {
    "rank": 8,
    "range": [1e-5,
              0.5]
  },
  "count": 2e8, "half": 0.5, "flag": true, "none": null, "end": "inf", "huge": 18446744073709551615, "wide": 1e300
})";

TEST(Document, RefusesBrokenTextWithItsName) {
  EXPECT_EQ(parse_document("{", "study.json").error().message.find("[study.json:1:2]"), 0u);
}

TEST(Node, KnowsItsPlaceInTheFile) {
  const Document document = parsed(kText);
  const Node range = document.root().at("space")->at("range").value();
  EXPECT_EQ(document.root().where(), "study.json:1");
  EXPECT_EQ(range.where(), "study.json:5 space.range");
  EXPECT_EQ(range.items().at(1).where(), "study.json:6 space.range.1");
  EXPECT_EQ(range.items().at(1).pointer(), "/space/range/1");
}

TEST(Node, FallsBackToTheLineAroundItOrToNone) {
  Document document{.json = {{"a", {{"b", 1}}}}, .name = "s.yaml", .lines = {{"/a", 3}}};
  EXPECT_EQ(document.root().at("a")->at("b")->where(), "s.yaml:3 a.b");
  document.lines.clear();
  EXPECT_EQ(document.root().at("a")->at("b")->where(), "s.yaml a.b");
  document.name.clear();
  EXPECT_EQ(document.root().at("a")->at("b")->where(), "a.b");
}

TEST(Node, EscapesNamesWithSlashesAndTildes) {
  const Document document = parsed("{\n\"a/b~c\": 1}");
  const Node node = document.root().at("a/b~c").value();
  EXPECT_EQ(node.pointer(), "/a~1b~0c");
  EXPECT_EQ(node.where(), "study.json:2 a/b~c");
  EXPECT_EQ(document.json.at(Json::json_pointer(node.pointer())), 1);
}

TEST(Node, ReadsTypedValues) {
  const Document document = parsed(kText);
  const Node root = document.root();
  EXPECT_EQ(root.at("name")->string().value(), "demo");
  EXPECT_EQ(root.at("count")->integer().value(), 200000000);
  EXPECT_EQ(root.at("count")->real().value(), 2e8);
  EXPECT_EQ(root.at("half")->real().value(), 0.5);
  EXPECT_TRUE(root.at("flag")->boolean().value());
  EXPECT_TRUE(std::isinf(root.at("end")->real().value()));
  EXPECT_TRUE(root.at("none")->is_null());
  EXPECT_EQ(root.at("space")->at("rank")->integer().value(), 8);
}

TEST(Node, RefusesOtherTypesAndSaysWhatItFound) {
  const Document document = parsed(kText);
  const Node root = document.root();
  EXPECT_EQ(root.at("half")->integer().error().message,
            "[study.json:8 half] not a whole number; got 0.5; expected an integer");
  EXPECT_EQ(root.at("name")->real().error().message,
            "[study.json:2 name] not a number; got \"demo\"; expected a number");
  EXPECT_EQ(root.at("flag")->string().error().message, "[study.json:8 flag] not a text; got true; expected a text");
  EXPECT_EQ(root.at("half")->boolean().error().message,
            "[study.json:8 half] not a truth value; got 0.5; expected true or false");
  EXPECT_FALSE(root.at("flag")->integer());
  EXPECT_FALSE(root.at("flag")->real());
  EXPECT_FALSE(root.at("none")->integer());
  EXPECT_FALSE(root.at("huge")->integer());
  EXPECT_FALSE(root.at("wide")->integer());
  EXPECT_EQ(root.at("name")->at("x").error().message.find("[study.json:2 name] not an object; got \"demo\""), 0u);
}

TEST(Node, RefusesANumberThatIsNone) {
  const Document document = parsed(R"({"x": "nan"})");
  EXPECT_FALSE(document.root().at("x")->real());
}

TEST(Node, NamesAMissingMemberAndWhatIsThere) {
  const Document document = parsed("{\"model\": {\n\"rnak\": 8, \"alpha\": 1}}");
  const auto missing = document.root().at("model")->at("rank");
  EXPECT_EQ(missing.error().message,
            "[study.json:1 model] \"rank\" is missing; got only rnak, alpha; is \"rnak\" meant to be \"rank\"?");
  EXPECT_EQ(missing.error().kind, ErrorKind::InvalidInput);
}

TEST(Node, GivesMembersInTheirOrder) {
  const Document document = parsed(R"({"z": 1, "a": 2})");
  const auto members = document.root().members();
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members[0].first, "z");
  EXPECT_EQ(members[1].second.pointer(), "/a");
  EXPECT_TRUE(document.root().items().empty());
  EXPECT_TRUE(members[0].second.members().empty());
  EXPECT_FALSE(members[0].second.has("z"));
}

TEST(Node, RefusesUnknownNamesWithTheirLineAndTheNearestKnownName) {
  constexpr std::array<std::string_view, 3> kKnown{"rank", "alpha", "dropout"};
  const Document document = parsed("{\"rank\": 1,\n \"droput\": 0.1}");
  EXPECT_EQ(document.root().only(kKnown).error().message,
            "[study.json:2 droput] unknown name; got \"droput\"; expected one of rank, alpha, dropout; did you mean "
            "\"dropout\"?");
  EXPECT_TRUE(parsed(R"({"alpha": 1})").root().only(kKnown));
  EXPECT_FALSE(parsed("[]").root().only(kKnown));
}

TEST(Node, ShortensLongValuesInMessages) {
  const Document document = parsed("{\"a\": \"" + std::string(5000, 'x') + "\"}");
  EXPECT_LT(document.root().at("a")->integer().error().message.size(), 200u);
}

TEST(NearestName, FindsSlipsOfTheFinger) {
  constexpr std::array<std::string_view, 5> kNames{"learning_rate", "rank", "weight_decay", "minimize", "gpus"};
  EXPECT_EQ(nearest_name("learnign_rate", kNames), "learning_rate");
  EXPECT_EQ(nearest_name("learning-rate", kNames), "learning_rate");
  EXPECT_EQ(nearest_name("Rank", kNames), "rank");
  EXPECT_EQ(nearest_name("ranks", kNames), "rank");
  EXPECT_EQ(nearest_name("minimise", kNames), "minimize");
  EXPECT_EQ(nearest_name("gpu", kNames), "gpus");
  EXPECT_EQ(nearest_name("weigth_decya", kNames), "weight_decay");
}

TEST(NearestName, SuggestsNothingThatIsNotNear) {
  constexpr std::array<std::string_view, 3> kNames{"learning_rate", "rank", "k"};
  EXPECT_EQ(nearest_name("temperature", kNames), "");
  EXPECT_EQ(nearest_name("x", kNames), "");
  EXPECT_EQ(nearest_name("", kNames), "");
  EXPECT_EQ(nearest_name(std::string(100000, 'r'), kNames), "");
  EXPECT_EQ(nearest_name("rank", {}), "");
}

}  // namespace
}  // namespace pegbox
