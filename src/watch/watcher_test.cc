// Tests of Watcher: what it hears of logs that drift, grow, break and go on.
#include "watch/watcher.h"

#include <gmock/gmock.h>

#include "watch/watch_kit_for_test.h"

namespace pegbox::watch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST_F(WatchTest, IsSilentWhereNothingChanges) {
  append_records({}, 2000);
  HeardListener heard;
  Json summary;
  ASSERT_TRUE(run(config(), heard, &summary));
  EXPECT_THAT(heard.windows, SizeIs(4));
  EXPECT_THAT(heard.alarms, IsEmpty()) << heard.alarms.front().text;
  EXPECT_EQ(summary["records"], 2000);
  EXPECT_EQ(summary["reference"], 400);
  EXPECT_EQ(summary["rates"]["bad_ratings"]["of"], 2000);
}

TEST_F(WatchTest, NamesWhatDriftedAndLeavesTheRestInPeace) {
  append_records({}, 800);
  append_records({.refund_share = 0.3, .score_shift = 0.8}, 400);
  HeardListener heard;
  ASSERT_TRUE(run(config(), heard));
  ASSERT_THAT(heard.alarms, SizeIs(1));
  EXPECT_THAT(heard.alarms[0].text, HasSubstr("window 2: "));
  EXPECT_THAT(heard.alarms[0].text, HasSubstr("judge (kolmogorov_smirnov"));
  EXPECT_THAT(heard.alarms[0].text, HasSubstr("refund"));
  EXPECT_THAT(heard.alarms[0].text, Not(HasSubstr("model")));
  EXPECT_EQ(heard.alarms[0].record, 1200);
}

TEST_F(WatchTest, TestsRatesAfterEachRecord) {
  append_records({}, 1000);
  append_records({.bad_share = 0.6}, 199);
  HeardListener heard;
  ASSERT_TRUE(run(config(), heard));
  ASSERT_THAT(heard.alarms, testing::Not(IsEmpty()));
  EXPECT_EQ(heard.alarms[0].kind, "rate");
  EXPECT_THAT(heard.alarms[0].text, HasSubstr("bad_ratings: "));
  EXPECT_GT(heard.alarms[0].record, 1000);
  EXPECT_LT(heard.alarms[0].record, 1100) << "long before the window is full";
}

TEST_F(WatchTest, GivesTheSameInOneRunAndInMany) {
  const LogShape shape{.refund_share = 0.25};
  HeardListener whole, parts;
  append_records({}, 700);
  append_records(shape, 700);
  WatchConfig other = config();
  other.state = (folder() / "other.json").string();
  ASSERT_TRUE(run(other, whole));
  const std::string all = *read_file(folder() / "log.jsonl");
  std::filesystem::remove(folder() / "log.jsonl");
  for (std::size_t start = 0; start < all.size(); start += 29989) {
    append(all.substr(start, 29989));
    const auto done = run(config(), parts);
    ASSERT_TRUE(done) << done.error().message;
  }
  EXPECT_THAT(parts.windows, SizeIs(2));
  ASSERT_EQ(parts.windows.size(), whole.windows.size());
  for (std::size_t i = 0; i < whole.windows.size(); ++i)
    EXPECT_EQ(to_json(parts.windows[i]), to_json(whole.windows[i])) << i;
  ASSERT_EQ(parts.alarms.size(), whole.alarms.size());
  EXPECT_THAT(parts.alarms, Not(IsEmpty()));
}

TEST_F(WatchTest, StopsAtABrokenLineUnlessItIsToldToSkipIt) {
  append_records({}, 30);
  append("{\"prompt\": \"call 555-867-5309, ann@example.org\" broken\n");
  append("{\"other\": 1}\n\xFF\xFE\n[1]\n\n");
  append_records({}, 10);
  HeardListener heard;
  for (int time = 0; time < 2; ++time) {
    const auto stopped = run(config(), heard);
    ASSERT_FALSE(stopped);
    EXPECT_THAT(stopped.error().message, HasSubstr("log.jsonl:31"));
    EXPECT_THAT(stopped.error().message, HasSubstr("broken: skip"));
    EXPECT_THAT(stopped.error().message, Not(HasSubstr("ann@example.org")));
  }
  Json summary;
  ASSERT_TRUE(run(config(R"("broken": "skip")"), heard, &summary));
  EXPECT_EQ(summary["records"], 40) << "what came before the broken line was kept, once";
  EXPECT_EQ(summary["broken"], 4);
  EXPECT_THAT(heard.broken, ElementsAre(HasSubstr("log.jsonl:31"), HasSubstr("neither a prompt nor an output"),
                                        HasSubstr("not UTF-8"), HasSubstr("no JSON object")));
}

TEST_F(WatchTest, KeepsNoPersonalData) {
  for (int i = 0; i < 60; ++i)
    append(
        fmt::format("{{\"prompt\": \"Mail maria{}@example.org now\", \"output\": \"Sent to maria{}@example.org and to "
                    "boss@example.com\", \"model\": \"of maria{}@example.org\"}}\n",
                    i, i, i));
  HeardListener heard;
  Json summary;
  WatchConfig small = config();
  small.reference.records = small.window = 20;
  ASSERT_TRUE(run(small, heard, &summary));
  const std::string state = *read_file(folder() / "state.json");
  for (const std::string& kept : {state, summary.dump(), to_json(heard.windows.at(1)).dump()}) {
    EXPECT_THAT(kept, Not(HasSubstr("example.org")));
    EXPECT_THAT(kept, Not(HasSubstr("maria")));
    EXPECT_THAT(kept, Not(HasSubstr("boss")));
  }
  EXPECT_EQ(summary["rates"]["personal_data"]["yes"], 60) << "the boss is not of the prompt";
  EXPECT_EQ(summary["groups"]["model"].size(), 1u) << "[EMAIL] is one value";
}

TEST_F(WatchTest, TakesAnEchoForNoLeak) {
  for (int i = 0; i < 5; ++i)
    append("{\"prompt\": \"Mail ann@example.org\", \"output\": \"Sent to ann@example.org\"}\n");
  HeardListener heard;
  Json summary;
  ASSERT_TRUE(run(config(), heard, &summary));
  EXPECT_EQ(summary["rates"]["personal_data"]["yes"], 0);
}

TEST_F(WatchTest, SaysWhatNoLongerFitsItsState) {
  append_records({}, 30);
  HeardListener heard;
  ASSERT_TRUE(run(config(), heard));
  WatchConfig changed = config();
  changed.identity["window"] = 500;
  const auto refused = run(changed, heard);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("`window` is not what it was"));
  ASSERT_TRUE(replace_file(folder() / "state.json", "{\"format\": 1}"));
  const auto damaged = run(config(), heard);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().kind, ErrorKind::Corrupt);
}

TEST_F(WatchTest, GoesOnThroughARotation) {
  append_records({}, 500);
  HeardListener heard;
  ASSERT_TRUE(run(config(), heard));
  append_records({}, 100);
  std::filesystem::rename(folder() / "log.jsonl", folder() / "log.jsonl.1");
  append_records({}, 200);
  Json summary;
  ASSERT_TRUE(run(config(), heard, &summary));
  EXPECT_EQ(summary["records"], 800);
  EXPECT_THAT(heard.notes, ElementsAre(HasSubstr("log.jsonl.1"), HasSubstr("was renamed")));
}

TEST_F(WatchTest, TakesAWholeLastRecordWithoutALineFeedOnce) {
  append_records({}, 10);
  std::string last = record_line({}, 99);
  last.pop_back();
  append(last);
  HeardListener heard;
  Json summary;
  ASSERT_TRUE(run(config(), heard, &summary));
  EXPECT_EQ(summary["records"], 11);
  append("\n" + last.substr(0, 20));
  ASSERT_TRUE(run(config(), heard, &summary));
  EXPECT_EQ(summary["records"], 11);
  EXPECT_THAT(heard.notes, ElementsAre(HasSubstr("may still be being written")));
  append(last.substr(20) + "\n");
  ASSERT_TRUE(run(config(), heard, &summary));
  EXPECT_EQ(summary["records"], 12);
}

TEST_F(WatchTest, NamesALineBehindAnUnfinishedOneByItsNumber) {
  append_records({}, 3);
  std::string last = record_line({}, 99);
  last.pop_back();
  append(last);
  HeardListener heard;
  ASSERT_TRUE(run(config(), heard));
  append("\nno JSON\n");
  const auto refused = run(config(), heard);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("log.jsonl:5"));
}

TEST_F(WatchTest, ComparesGroupsWithTheOthers) {
  for (int i = 0; i < 300; ++i)
    append(fmt::format("{{\"prompt\": \"p\", \"output\": \"{}\", \"model\": \"{}\", \"rating\": {}}}\n",
                       i % 3 == 0 && i % 2 == 0 ? "I cannot help with that." : "Yes.", i % 3 == 0 ? "a" : "b", i % 5));
  HeardListener heard;
  Json summary;
  ASSERT_TRUE(run(config(R"("feedback": {"good": 4, "bad": 1})"), heard, &summary));
  const Json& a = summary["groups"]["model"]["a"];
  EXPECT_EQ(a["refusals"]["yes"], 50);
  EXPECT_EQ(a["refusals"]["of"], 100);
  EXPECT_LT(a["refusals"]["p_value"].get<double>(), 1e-6);
  EXPECT_NEAR(a["refusals"]["low"].get<double>(), 0.398, 1e-3);
  EXPECT_EQ(summary["groups"]["model"]["b"]["refusals"]["yes"], 0);
  EXPECT_EQ(a["mean_rating"], 2);
  EXPECT_EQ(a["bad_ratings"]["yes"], 40);
  EXPECT_GT(a["bad_ratings"]["p_value"].get<double>(), 0.9);
}

}  // namespace
}  // namespace pegbox::watch
