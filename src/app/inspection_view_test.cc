// Tests of the view of inspections.
#include "app/inspection_view.h"

#include <gmock/gmock.h>

namespace pegbox {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Json inspection() {
  const auto head = [](double removal) {
    return Json{{"relative_entropy", 0.5},
                {"distance", 3},
                {"first_share", 0.25},
                {"removal", removal},
                {"removal_error", 0.001}};
  };
  const Json layer = {{"heads", Json::array({head(0.1), head(0.7)})},
                      {"stream", 2},
                      {"attention_adds", 1},
                      {"feed_forward_adds", 0.5},
                      {"stream_gradient", 0.01},
                      {"rollout_distance", 2},
                      {"units", 40},
                      {"dead_units", 10}};
  const Json notable = {{"layer", 0}, {"head", 1}, {"kind", "induction"}, {"share", 0.81}};
  const Json digits = {{"of", "digit"}, {"label_tokens", 7}, {"loss", 3.25}, {"error", 0.02}};
  const Json finding = {
      {"what", "Units are dead."}, {"bears_on", Json::array({"activation", "rank"})}, {"try", "Try less."}};
  return {{"tokens", 800},
          {"documents", 4},
          {"loss", 2.5},
          {"error", 0.1},
          {"layers", Json::array({layer})},
          {"notable_heads", Json::array({notable})},
          {"loss_by_kind", Json::array({digits})},
          {"loss_by_position", Json::array()},
          {"adapter", Json::array()},
          {"findings", Json::array({finding})}};
}

TEST(InspectionView, ShowsLayersHeadsLossesAndFindings) {
  const std::string text = inspection_text(inspection(), 0, true);
  for (const char* part :
       {"800 tokens of 4 documents", "25.0 %", "50.0 %", "induction       0.1 (81 %)", "missed most     0.1 (loss +0.7",
        "digit", "3.2500", "Units are dead.", "bears on: activation, rank", "Try less."})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_THAT(text, Not(HasSubstr("adapter")));
  EXPECT_THAT(text, Not(HasSubstr("tokens before it")));
}

TEST(InspectionView, ShowsNoErrorOfOneText) {
  Json json = inspection();
  EXPECT_THAT(inspection_text(json, 0, true), AllOf(HasSubstr("2.5000 ± 0.1\n"), Not(HasSubstr("needs two"))));
  json["loss_by_kind"][0]["error"] = "inf";
  const std::string kind = inspection_text(json, 0, true);
  EXPECT_THAT(kind, AllOf(HasSubstr("3.2500  -\n"), HasSubstr("an error needs two"), HasSubstr("2.5000 ± 0.1\n")));
  json["error"] = "inf";
  json["documents"] = 1;
  for (Json& head : json["layers"][0]["heads"]) head["removal_error"] = "inf";
  const std::string one = inspection_text(json, 0, true);
  EXPECT_THAT(one, AllOf(HasSubstr("of 1 document, loss 2.5000\n"), HasSubstr("(loss +0.7 without it)"),
                         HasSubstr("an error needs two"), Not(HasSubstr("inf")), Not(HasSubstr("± "))));
}

TEST(InspectionView, ShowsAnAdapterAndThatNothingStandsOut) {
  Json json = inspection();
  for (const double norm : {0.02, 0.04}) json["adapter"].push_back({{"layer", 0}, {"relative_norm", norm}});
  json["findings"] = Json::array();
  const std::string text = inspection_text(json, 0, true);
  EXPECT_THAT(text, HasSubstr("adapter"));
  EXPECT_THAT(text, HasSubstr("3.0 %"));
  EXPECT_THAT(text, HasSubstr("Nothing stands out."));
}

}  // namespace
}  // namespace pegbox
