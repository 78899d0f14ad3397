// TrialsCsv: what a table of trials holds.
#include "app/trials_csv.h"

#include <gtest/gtest.h>

#include <cmath>

#include "search/history_for_test.h"

namespace pegbox {
namespace {

TEST(TrialsCsv, HasALineForEachTrialAndAColumnForWhatAnyOfThemHas) {
  HistoryForTest study(R"({"space": {"method": {"choice": ["lora", "full"]},
                                     "rank": {"choice": [4, 8], "when": {"method": "lora"}}}})");
  study.done(Suggestion{Config{{"method", "lora"}, {"rank", std::int64_t{8}}}, {}},
             {{"loss", 0.1 + 0.2}, {"speed", 5}});
  const auto failed = study.create(Config{{"method", "full"}});
  study.start(failed);
  study.report(failed, 3, {{"loss", std::nan("")}});
  study.move(failed, TrialState::Failed, FailureKind::Diverged);
  const auto waiting = study.create(Config{{"method", "full"}});
  EXPECT_EQ(waiting, 2);
  EXPECT_EQ(trials_csv(study.history()),
            "number,state,config.method,config.rank,metric.loss,metric.speed,step,seed,created_s,started_s,ended_s,"
            "failure,detail\n"
            "0,done,lora,8,0.30000000000000004,5.0,1,0,0.0,0.0,0.0,,test\n"
            "1,failed,full,,nan,,3,0,0.0,0.0,0.0,diverged,test\n"
            "2,waiting,full,,,,0,0,0.0,0.0,0.0,,\n");
}

TEST(TrialsCsv, QuotesWhatWouldBreakALine) {
  HistoryForTest study(R"({"space": {"text": {"choice": ["a,b", "say \"c\"\n", "d"]}}})");
  for (const char* text : {"a,b", "say \"c\"\n", "d"}) study.create(Config{{"text", std::string(text)}});
  const std::string table = trials_csv(study.history());
  EXPECT_NE(table.find("\n0,waiting,\"a,b\","), std::string::npos) << table;
  EXPECT_NE(table.find("\n1,waiting,\"say \"\"c\"\"\n\","), std::string::npos) << table;
  EXPECT_NE(table.find("\n2,waiting,d,"), std::string::npos) << table;
}

}  // namespace
}  // namespace pegbox
