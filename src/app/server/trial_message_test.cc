// Messages of trials: what is read, what is refused.
#include "app/server/trial_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/server/rate_limit.h"

namespace pegbox::server {
namespace {

using ::testing::HasSubstr;

Result<TrialMessage> entry(const std::string& text) {
  const auto document = parse_document(text, "body");
  EXPECT_TRUE(document);
  return read_batch_entry(document->root());
}

TEST(TrialMessage, ComesBackFromJson) {
  const TrialMessage message{.kind = MessageKind::Report,
                             .trial = 3,
                             .lease = "box/1",
                             .step = 7,
                             .metrics = {{"loss", std::numeric_limits<double>::infinity()}, {"speed", 2}},
                             .checkpoint = "step-7"};
  const auto back = entry(to_line(to_json(message)));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->kind, message.kind);
  EXPECT_EQ(back->metrics, message.metrics);
  EXPECT_EQ(back->checkpoint, "step-7");
  EXPECT_EQ(back->lease, "box/1");
}

TEST(TrialMessage, RefusesWhatIsNone) {
  EXPECT_THAT(entry(R"({"event": "cheat", "trial": 1, "lease": "a/1"})").error().message, HasSubstr("no such event"));
  EXPECT_THAT(entry(R"({"event": "report", "trial": 1, "lease": "a/1", "metrics": {}})").error().message,
              HasSubstr("step"));
  EXPECT_FALSE(entry(R"({"event": "report", "trial": 1, "lease": "a/1", "step": -1, "metrics": {}})"));
  EXPECT_FALSE(entry(R"({"event": "report", "trial": 1, "lease": "a/1", "step": 1, "metrics": {"loss": "low"}})"));
  EXPECT_FALSE(entry(R"({"event": "renew", "trial": 1})"));
  EXPECT_FALSE(entry(R"({"event": "renew", "trial": 1, "lease": "a/1", "step": 3})"));
  EXPECT_FALSE(entry(R"({"event": "tell", "trial": 1, "lease": "a/1", "failed": "bored"})"));
}

TEST(TrialMessage, ACheckpointStaysInItsFolder) {
  const auto named = [](const std::string& name) {
    return entry(to_line({{"event", "checkpoint"}, {"trial", 1}, {"lease", "a/1"}, {"step", 1}, {"checkpoint", name}}));
  };
  for (const char* name : {"step-1", "a/b", ".", "s3://bucket/x"}) EXPECT_TRUE(named(name)) << name;
  for (const char* name : {"/etc/passwd", "../../x", "a/../../x", "file:///etc/passwd", "..", "../x://"})
    EXPECT_FALSE(named(name)) << name;
}

TEST(RateLimit, FillsWithTime) {
  RateLimit limit(2);
  EXPECT_TRUE(limit.take("a", 0));
  EXPECT_TRUE(limit.take("a", 0));
  EXPECT_FALSE(limit.take("a", 0.1));
  EXPECT_TRUE(limit.take("b", 0.1));
  EXPECT_TRUE(limit.take("a", 0.6));
  EXPECT_FALSE(limit.take("a", 0.7));
}

}  // namespace
}  // namespace pegbox::server
