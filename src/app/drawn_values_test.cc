// Tests of drawn values: that every value is tried with others, and what is said of one that nothing goes with.
#include "app/drawn_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/yaml_document.h"

namespace pegbox {
namespace {

using testing::HasSubstr;

StudySpec spec_of(const std::string& space, const std::string& more = "") {
  const auto document = parse_yaml(
      "name: a\nspace: " + space + "\nobjective: {minimize: loss}\nbudget: {trials: 3}\n" + more, "study.yaml");
  auto spec = StudySpec::read(*document);
  EXPECT_TRUE(spec) << spec.error().message;
  return *std::move(spec);
}

/// Refusals of those draws that `is_refused` says.
Json refusals(const std::vector<DrawnValue>& drawn, bool (*is_refused)(const Config&)) {
  Json refused = Json::array();
  for (const DrawnValue& draw : drawn) refused.push_back(is_refused(draw.config) ? Json("[x] no") : Json());
  return refused;
}

TEST(DrawnValues, AreAllChoicesAndTheEndsOfRangesEachWithOthers) {
  const StudySpec spec = spec_of(
      "{method: {choice: [lora, full]}, rank: {choice: [4, 8, 16], ordered: true, when: {method: lora}}, "
      "rate: {range: [1e-4, 1e-1], scale: log}, mixture: {simplex: [a, b]}}");
  const auto drawn = drawn_values(spec);
  EXPECT_EQ(drawn.size(), 3u * (2 + 3 + 2));
  for (const DrawnValue& draw : drawn) {
    ASSERT_NE(draw.config.find(draw.parameter), nullptr) << draw.parameter;
    EXPECT_TRUE(same_value(*draw.config.find(draw.parameter), draw.value));
    EXPECT_TRUE(spec.space.contains(draw.config)) << draw.config.to_text();
  }
}

TEST(DrawnValues, AreRefusedWhereNothingGoesWithThem) {
  const StudySpec spec = spec_of("{stop: {range: [0, 3], integer: true}, rate: {range: [0.1, 1]}}");
  const auto drawn = drawn_values(spec);
  EXPECT_TRUE(check_drawn(drawn, refusals(drawn, [](const Config&) { return false; })));
  const auto refused =
      check_drawn(drawn, refusals(drawn, [](const Config& c) { return as_number(*c.find("stop")) == 3; }));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message,
              HasSubstr("[space: stop] the trainer would refuse every trial with 3; got [x] no"));
  EXPECT_TRUE(check_drawn(
      drawn,
      refusals(drawn,
               [](const Config& c) { return as_number(*c.find("stop")) == 3 && as_number(*c.find("rate")) > 0.999; })))
      << "with other rates it goes";
}

TEST(DrawnValues, KeepToTheConstraints) {
  const StudySpec spec =
      spec_of("{heads: {choice: [3, 4]}, width: {choice: [64, 128]}}", "constraints: [heads divides width]\n");
  const auto drawn = drawn_values(spec);
  EXPECT_EQ(drawn.size(), 3u * 3) << "no width has three heads";
  for (const DrawnValue& draw : drawn) EXPECT_EQ(as_number(*draw.config.find("heads")), 4);
}

}  // namespace
}  // namespace pegbox
