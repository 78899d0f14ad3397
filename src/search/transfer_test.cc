// Tests of `transfer:` in a study file, and of its events in the log.
#include "search/transfer.h"

#include <gmock/gmock.h>

#include "search/history_for_test.h"
#include "search/stores/table.h"
#include "search/study.h"

namespace pegbox {
namespace {

using testing::HasSubstr;

Result<StudySpec> study_with(const std::string& transfer) {
  const auto document = parse_document(
      R"({"name": "new", "space": {"lr": {"range": [1e-5, 1e-1], "scale": "log"}, "method": {"choice": ["a", "b"]}},)"
      R"( "objective": {"minimize": "loss"}, "budget": {"trials": 5}, "transfer": )" +
          transfer + "}",
      "study.json");
  EXPECT_TRUE(document);
  return StudySpec::read(*document);
}

event::SourceAdded a_source() {
  return {"small",
          {{"matched", {"lr"}}, {"lacks", Json::array()}},
          {{7, Config{{"lr", 1e-3}}, {{"loss", 0.5}}}, {8, Config{{"lr", 1.0}}, {{"loss", HUGE_VAL}}}}};
}

TEST(Transfer, IsANameOrSaysWhereAndHowOrIsAList) {
  const auto one = study_with(R"("small")");
  ASSERT_TRUE(one) << one.error().message;
  ASSERT_EQ(one->transfer.size(), 1u);
  EXPECT_EQ(one->transfer[0].study, "small");
  EXPECT_FALSE(one->transfer[0].facts);
  const auto two = study_with(
      R"(["small", {"study": "old", "store": "sqlite:old.db", "shift": {"lr": 0.3}, "parameters": 1e7, "tokens": 1e9}])");
  ASSERT_TRUE(two) << two.error().message;
  EXPECT_EQ(two->transfer[1].store, "sqlite:old.db");
  EXPECT_EQ(two->transfer[1].shift.at("lr"), 0.3);
  EXPECT_EQ(two->transfer[1].facts->parameters, 1e7);
  EXPECT_TRUE(study_with("[]")->transfer.empty());
}

TEST(Transfer, RefusesWhatItCannotBe) {
  const auto refused = [](const std::string& transfer, const std::string& why) {
    const auto read = study_with(transfer);
    ASSERT_FALSE(read) << transfer;
    EXPECT_THAT(read.error().message, HasSubstr(why)) << transfer;
  };
  refused("3", "not a study to start from");
  refused(R"("")", "an empty name");
  refused(R"({"store": "sqlite:old.db"})", "study");
  refused(R"({"study": "s", "stor": "x"})", "store");
  refused(R"({"study": "s", "shift": {"lrr": 2}})", "lr");
  refused(R"({"study": "s", "shift": {"lr": 0}})", "not a factor");
  refused(R"({"study": "s", "shift": {"method": 2}})", "method");
}

TEST(Transfer, IsInTheLogAndReadBack) {
  const auto decoded = decode_payload("source-added", encode_payload(a_source()));
  ASSERT_TRUE(decoded) << decoded.error().message;
  const auto& source = std::get<event::SourceAdded>(*decoded);
  EXPECT_EQ(source.study, "small");
  EXPECT_EQ(source.mapping, a_source().mapping);
  ASSERT_EQ(source.trials.size(), 2u);
  EXPECT_EQ(source.trials[0].trial, 7);
  EXPECT_EQ(source.trials[0].config, a_source().trials[0].config);
  EXPECT_EQ(source.trials[1].metrics.at("loss"), HUGE_VAL);
  for (const std::string damaged :
       {R"({"study":"s","mapping":{}})", R"({"study":"s","mapping":{},"trials":{}})",
        R"({"study":"s","mapping":{},"trials":[{"trial":1,"config":{"x":[]},"metrics":{}}]})",
        R"({"study":"s","mapping":{},"trials":[{"trial":1,"config":{},"metrics":{},"more":1}]})"})
    EXPECT_FALSE(decode_payload("source-added", damaged)) << damaged;
}

TEST(Transfer, IsForgottenWhenTheStudyFileNamesOthers) {
  HistoryForTest kit(R"({"space": {"lr": {"range": [1e-5, 1e-1], "scale": "log"}}, "transfer": ["small"]})");
  kit.apply(a_source());
  Json spec = kit.spec().source;
  spec["budget"] = {{"trials", 7}};
  kit.apply(event::StudyChanged{spec});
  EXPECT_EQ(kit.history().sources.size(), 1u);
  spec["transfer"] = {"other"};
  kit.apply(event::StudyChanged{spec});
  EXPECT_EQ(kit.history().sources.size(), 0u);
}

TEST(Transfer, IsThereFromTheFirstMomentOn) {
  const auto store = *open_store("memory:");
  const auto spec = study_with(R"("small")");
  ASSERT_TRUE(Study::create(*store, *spec, {a_source(), a_source()}));
  const auto events = store->read("new");
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 3u);
  const auto opened = Study::open(*store, "new");
  ASSERT_TRUE(opened);
  EXPECT_EQ((*opened)->history().sources.size(), 2u);
}

}  // namespace
}  // namespace pegbox
