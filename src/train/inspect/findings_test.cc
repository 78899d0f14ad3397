// Tests of findings: each is found where it is planted, says its numbers, and is not found in a healthy model.
#include "train/inspect/findings.h"

#include <gmock/gmock.h>

namespace pegbox::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

MeanLoss loss_part(double loss, double error = 0.01) { return {.loss = loss, .error = error, .labels = 1000}; }

/// Two layers of two heads in which nothing is odd.
Inspection healthy() {
  Inspection inspection{.documents = 40, .tokens = 8000, .loss = loss_part(3)};
  inspection.removal_tokens = 2000;
  for (int layer = 0; layer < 2; ++layer) {
    InspectedLayer seen{.stream = 1, .attended = 0.3, .fed = 0.4, .stream_gradient = 0.1, .units = 100};
    for (int head = 0; head < 2; ++head)
      seen.heads.push_back({.pattern = {.relative_entropy = 0.6, .first_share = 0.2, .previous_share = 0.3},
                            .gradient = 0.7,
                            .removal = Removal{0.05, 0.01}});
    inspection.layers.push_back(seen);
  }
  inspection.by_position = {
      {"1", loss_part(5)}, {"2-3", loss_part(4)}, {"4-7", loss_part(3.5)}, {"8-15", loss_part(3)}};
  inspection.adapter = {{.layer = 0, .target = "q_proj", .norm = 1, .relative_norm = 0.1, .rank = 8, .energy_rank = 6}};
  return inspection;
}

std::vector<std::string> finding_names(const Inspection& inspection) {
  std::vector<std::string> found;
  for (const InspectionFinding& finding : findings_of(inspection)) {
    found.emplace_back(finding.name);
    EXPECT_FALSE(finding.bears_on.empty()) << finding.name;
    EXPECT_FALSE(finding.hint.empty()) << finding.name;
  }
  return found;
}

TEST(Findings, AreNoneOfAHealthyModel) {
  EXPECT_THAT(finding_names(healthy()), IsEmpty());
  EXPECT_THAT(notable_heads(healthy()), IsEmpty());
}

TEST(Findings, NameHeadsThatChangeNothingOrCanBeSpared) {
  Inspection inspection = healthy();
  inspection.layers[1].heads[0].gradient = 0;
  EXPECT_THAT(finding_names(inspection), ElementsAre("dead-heads"));
  EXPECT_THAT(findings_of(inspection)[0].what, HasSubstr("1.0"));
  inspection.layers[1].heads[0].removal = Removal{0.0001, 0.0001};
  EXPECT_THAT(finding_names(inspection), ElementsAre("dead-heads", "idle-heads"));
  inspection.layers[1].heads[0].removal = Removal{0.0001, 0.01};
  EXPECT_THAT(finding_names(inspection), ElementsAre("dead-heads")) << "not sure enough";
}

TEST(Findings, KnowDeadUnitsLayersAndAttention) {
  Inspection units = healthy();
  units.layers[1].dead_units = 12;
  EXPECT_THAT(finding_names(units), ElementsAre("dead-units"));
  EXPECT_THAT(findings_of(units)[0].what, HasSubstr("12 % in layer 1"));
  Inspection gradients = healthy();
  gradients.layers[0].stream_gradient = 20;
  EXPECT_THAT(finding_names(gradients), ElementsAre("uneven-gradients"));
  Inspection layers = healthy();
  layers.layers[0].attended = layers.layers[0].fed = 0.001;
  EXPECT_THAT(finding_names(layers), ElementsAre("idle-layers"));
  Inspection collapsed = healthy();
  for (InspectedHead& head : collapsed.layers[0].heads) head.pattern.relative_entropy = 0.01;
  EXPECT_THAT(finding_names(collapsed), ElementsAre("collapsed-attention"));
  Inspection blind = healthy();
  for (InspectedLayer& layer : blind.layers)
    for (InspectedHead& head : layer.heads) head.pattern.relative_entropy = 0.99;
  EXPECT_THAT(finding_names(blind), ElementsAre("blind-attention"));
}

TEST(Findings, SayWhereContextDoesNotHelpAnyMore) {
  Inspection inspection = healthy();
  inspection.by_position = {{"1", loss_part(5)},
                            {"2-3", loss_part(3, 0.005)},
                            {"4-7", loss_part(3, 0.005)},
                            {"8-15", loss_part(2.99, 0.005)}};
  EXPECT_THAT(finding_names(inspection), ElementsAre("short-context"));
  EXPECT_THAT(findings_of(inspection)[0].hint, HasSubstr("sequence_length of 3"));
  inspection.by_position.back().mean = loss_part(2.99, 0.2);
  EXPECT_THAT(finding_names(inspection), IsEmpty()) << "it may be lower by far";
  inspection.by_position.back().mean = loss_part(2.9, 0.005);
  EXPECT_THAT(finding_names(inspection), IsEmpty()) << "it is lower";
}

TEST(Findings, SayHowMuchOfTheRankIsUsed) {
  Inspection inspection = healthy();
  inspection.adapter[0].energy_rank = 3;
  EXPECT_THAT(finding_names(inspection), ElementsAre("spare-rank"));
  EXPECT_THAT(findings_of(inspection)[0].what, HasSubstr("of the adapter as saved"));
  EXPECT_THAT(findings_of(inspection)[0].hint, HasSubstr("Try rank 3; PiSSA and OLoRA are saved with twice the rank"));
  inspection.adapter[0].energy_rank = 8;
  EXPECT_THAT(finding_names(inspection), ElementsAre("full-rank"));
  inspection.adapter[0].energy_rank = 0;
  EXPECT_THAT(finding_names(inspection), ElementsAre("empty-adapter"));
}

TEST(Findings, NameHeadsByWhatTheyDo) {
  Inspection inspection = healthy();
  inspection.layers[0].heads[1].pattern.previous_share = 0.9;
  inspection.layers[1].heads[0].induction_share = 0.8;
  const auto notable = notable_heads(inspection);
  ASSERT_EQ(notable.size(), 2u);
  EXPECT_EQ(notable[0].kind, "previous token");
  EXPECT_EQ(notable[0].head, 1u);
  EXPECT_EQ(notable[1].kind, "induction");
  Json json = Json::object();
  add_findings(inspection, json);
  EXPECT_EQ(json["notable_heads"][1]["layer"], 1);
  EXPECT_TRUE(json["findings"].empty());
}

}  // namespace
}  // namespace pegbox::train
