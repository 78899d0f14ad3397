// Tests of how many workers are hired, who leaves, and of workers that are never heard.
#include "app/engine/staffing.h"

#include <gmock/gmock.h>

#include "app/engine/roll_call.h"

namespace pegbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Staff staff_of(std::vector<Hand> hands, int wanted) {
  Staff staff;
  staff.hands = std::move(hands);
  staff.wanted = wanted;
  staff.now_s = 1000;
  return staff;
}

Hand running(const std::string& name) { return {.name = name, .runs = true}; }
Hand waiting(const std::string& name) { return {.name = name, .runs = false, .why = "Resources"}; }

TEST(Staffing, HiresWhatIsMissing) {
  EXPECT_EQ(staff_change(staff_of({}, 4)).hire, 4);
  EXPECT_EQ(staff_change(staff_of({running("a"), waiting("b")}, 4)).hire, 2);
  EXPECT_EQ(staff_change(staff_of({running("a"), waiting("b")}, 2)).hire, 0);
}

TEST(Staffing, HiresNobodyWhileSomebodyHasNothingToDo) {
  Staff staff = staff_of({running("a"), running("b")}, 4);
  staff.busy = {"a-01"};
  staff.present = {{"a-01", {1000, {}}}, {"b-02", {1000, 990}}};
  EXPECT_EQ(staff_change(staff).hire, 0);
  staff.present["b-02"].idle_since_s.reset();
  EXPECT_EQ(staff_change(staff).hire, 2);
}

TEST(Staffing, ThoseThatWaitLeaveBeforeThoseThatAreIdleAndNobodyThatIsBusy) {
  Staff staff = staff_of({running("a"), running("b"), running("c"), waiting("d")}, 2);
  staff.busy = {"a-01"};
  staff.present = {{"a-01", {1000, 100}}, {"b-02", {1000, 999}}, {"c-03", {1000, {}}}};
  EXPECT_THAT(staff_change(staff).dismiss, ElementsAre("d", "b"));
  staff.wanted = 1;
  EXPECT_THAT(staff_change(staff).dismiss, ElementsAre("d", "b")) << "c has not asked yet";
}

TEST(Staffing, WhoHasBeenIdleForLongLeavesButNotTheLastOne) {
  Staff staff = staff_of({running("a"), running("b")}, 2);
  staff.present = {{"a-01", {1000, 900}}, {"b-02", {1000, 900}}};
  EXPECT_THAT(staff_change(staff).dismiss, ElementsAre("a"));
}

TEST(Staffing, OneWorkersNameMayBeginLikeAnothers) {
  Staff staff = staff_of({running("slurm-1_1"), running("slurm-1_10")}, 1);
  staff.busy = {"slurm-1_10-aa"};
  staff.present = {{"slurm-1_1-bb", {1000, 999}}};
  EXPECT_THAT(staff_change(staff).dismiss, ElementsAre("slurm-1_1"));
}

TEST(RollCall, GivesUpAfterWorkersThatEndWithoutAWord) {
  RollCall roll;
  for (const char* hand : {"a", "b", "c"}) {
    EXPECT_THAT(roll.hopeless(), IsEmpty());
    roll.hired({hand});
    roll.look(staff_of({}, 1));
  }
  EXPECT_EQ(roll.hopeless(), "c");
}

TEST(RollCall, WorkersThatWereHeardOrDismissedMayEnd) {
  RollCall roll;
  for (const char* hand : {"a", "b", "c", "d"}) {
    roll.hired({hand, std::string(hand) + "2"});
    Staff staff = staff_of({running(hand)}, 1);
    staff.present[std::string(hand) + "-01"] = {1000, {}};
    roll.dismissed({std::string(hand) + "2"});
    roll.look(staff);
    roll.look(staff_of({}, 1));
  }
  EXPECT_THAT(roll.hopeless(), IsEmpty());
}

TEST(RollCall, NamesAWorkerThatRunsUnheard) {
  RollCall roll;
  roll.hired({"a"});
  roll.look(staff_of({running("a")}, 1));
  EXPECT_EQ(roll.unheard(1010), "");
  EXPECT_EQ(roll.unheard(2000), "a");
  Staff staff = staff_of({running("a")}, 1);
  staff.present["a-01"] = {1000, {}};
  roll.look(staff);
  EXPECT_EQ(roll.unheard(2000), "");
}

}  // namespace
}  // namespace pegbox
