// Tests of WatchConfig: what is read, and what is refused with its place.
#include "watch/watch_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "watch/drift.h"

namespace pegbox::watch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<WatchConfig> read(const std::string& json) {
  PEGBOX_TRY(const Document document, parse_document(json, "watch.yaml"));
  return WatchConfig::read(document, "conf", "conf/watch.state.json");
}

TEST(WatchConfig, ReadsWhatIsSaidAndHasDefaultsForTheRest) {
  const auto config = read(R"({"logs": ["a.jsonl", "/var/b.jsonl"], "scores": "judge", "groups": ["model"],
    "fields": {"output": "response.text"}, "drift": {"tests": {"judge": "wasserstein"}, "thresholds": {"judge": 0.2}},
    "rates": {"limits": {"refusals": 0.05}}, "alarm": {"command": ["notify", "-"], "timeout": "2m"}})");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_THAT(config->logs, ElementsAre("conf/a.jsonl", "/var/b.jsonl"));
  EXPECT_EQ(config->state, "conf/watch.state.json");
  EXPECT_EQ(config->fields.output, "response.text");
  EXPECT_EQ(config->fields.prompt, "prompt");
  EXPECT_EQ(config->drift.tests.at("judge"), "wasserstein");
  EXPECT_EQ(config->rates.limits[static_cast<std::size_t>(Rate::Refusals)], 0.05);
  EXPECT_FALSE(config->rates.limits[static_cast<std::size_t>(Rate::BadRatings)]);
  EXPECT_EQ(config->alarm.timeout_s, 120);
  EXPECT_EQ(config->window, 1000);
  EXPECT_FALSE(config->skips_broken);
}

TEST(WatchConfig, RefusesWithThePlaceAndWhatWouldBeRight) {
  const auto message = [](const std::string& json) {
    const auto config = read(json);
    EXPECT_FALSE(config) << json;
    return config ? std::string() : config.error().message;
  };
  EXPECT_THAT(message(R"({"log": "a"})"), HasSubstr("logs"));
  EXPECT_THAT(message(R"({"logs": "a", "window": 5})"), HasSubstr("watch.yaml:1 window"));
  EXPECT_THAT(message(R"({"logs": "a", "driff": {}})"), HasSubstr("drift"));
  EXPECT_THAT(message(R"({"logs": ["a", "a"]})"), HasSubstr("twice"));
  EXPECT_THAT(message(R"({"logs": ["a", "b/../a"]})"), HasSubstr("twice"));
  EXPECT_THAT(message(R"({"logs": "a", "broken": "ignore"})"), HasSubstr("stop or skip"));
  EXPECT_THAT(message(R"({"logs": "a", "scores": "rating"})"), HasSubstr("two columns are called `rating`"));
  EXPECT_THAT(message(R"({"logs": "a", "drift": {"tests": {"rating": "wassertein"}}})"),
              HasSubstr("kolmogorov_smirnov"));
  EXPECT_THAT(message(R"({"logs": "a", "groups": "m", "drift": {"tests": {"m": "wasserstein"}}})"),
              HasSubstr("categories"));
  EXPECT_THAT(message(R"({"logs": "a", "drift": {"tests": {"prompt_words": "chi_squared"}}})"),
              HasSubstr("prompt_words"));
  EXPECT_THAT(message(R"({"logs": "a", "rates": {"limits": {"refusal": 0.1}}})"), HasSubstr("refusals"));
  EXPECT_THAT(message(R"({"logs": "a", "rates": {"limits": {"refusals": 1}}})"), HasSubstr("between 0 and 1"));
  EXPECT_THAT(message(R"({"logs": "a", "reference": {"file": "b", "records": 50}})"),
              HasSubstr("one of file and records"));
  EXPECT_THAT(message(R"({"logs": "a", "feedback": {"good": 1, "bad": 2}})"), HasSubstr("bad below good"));
  EXPECT_THAT(message(R"({"logs": "a", "alarm": {"command": "curl x | sh"}})"), HasSubstr("no shell"));
  EXPECT_THAT(message(R"({"logs": "a", "safety": {"offensive": {"data": "x"}}})"), HasSubstr("positive"));
}

TEST(WatchConfig, RefusesOneLogUnderTwoPaths) {
  const auto folder = *TemporaryFolder::create("pegbox-watch-config");
  ASSERT_TRUE(replace_file(folder.path() / "log.jsonl", ""));
  std::filesystem::create_symlink("log.jsonl", folder.path() / "today");
  const auto read_in_folder = [&](const std::string& json) {
    return WatchConfig::read(*parse_document(json, "watch.yaml"), folder.path(), "state.json");
  };
  const auto config = read_in_folder(R"({"logs": ["log.jsonl", "today"]})");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("today are one file"));
  EXPECT_TRUE(read_in_folder(R"({"logs": ["log.jsonl", "tomorrow"]})"));
}

}  // namespace
}  // namespace pegbox::watch
