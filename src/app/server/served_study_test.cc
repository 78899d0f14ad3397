// A study under leases, over a real store: questions and messages that come twice, silence, a server that dies.
#include "app/server/served_study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "search/stores/table.h"

namespace pegbox::server {
namespace {

using ::testing::HasSubstr;

StudySpec spec_of(const Json& changes = Json::object()) {
  Document document;
  document.name = "study.yaml";
  document.json = {{"name", "s"},
                   {"space", {{"x", {{"range", {0, 10}}}}}},
                   {"objective", {{"minimize", "loss"}}},
                   {"budget", {{"trials", 6}}},
                   {"search", "random"},
                   {"stop", {{"name", "asha"}, {"reduction", 3}, {"min", 3}}},
                   {"steps", 27},
                   {"workers", {{"lease", 30}}}};
  document.json.update(changes);
  auto spec = StudySpec::read(document);
  EXPECT_TRUE(spec) << (spec ? "" : spec.error().message);
  return *spec;
}

/// A server's share of a study; a second one over the same store is what a restarted server would see.
struct Sitting {
  explicit Sitting(Store& store, const StudySpec& spec = spec_of()) : store(store) {
    auto study = Study::open(store, spec.name);
    if (!study) study = Study::create(store, spec);
    auto opened = ServedStudy::open(store, {nullptr, *std::move(study)}, clock);
    EXPECT_TRUE(opened) << opened.error().message;
    served = *std::move(opened);
    EXPECT_TRUE(served->flush());
  }
  ServedStudy* operator->() const { return served.get(); }

  LeasedTrial ask(const std::string& ticket) const {
    const auto asked = served->ask({"box", ticket, {}});
    EXPECT_TRUE(asked && *asked) << (asked ? "no trial" : asked.error().message);
    EXPECT_TRUE(served->flush());
    return asked && *asked ? **asked : LeasedTrial{};
  }
  Result<Standing> say(TrialMessage message) const {
    auto standing = served->take(message);
    EXPECT_TRUE(served->flush());
    return standing;
  }
  Result<Standing> report(const LeasedTrial& leased, std::int64_t step, double loss) const {
    return say({.kind = MessageKind::Report,
                .trial = leased.trial,
                .lease = leased.lease,
                .step = step,
                .metrics = {{"loss", loss}}});
  }
  Result<Standing> tell(const LeasedTrial& leased, double loss) const {
    return say({.kind = MessageKind::Tell, .trial = leased.trial, .lease = leased.lease, .metrics = {{"loss", loss}}});
  }
  std::uint64_t events() const { return store.read("s").value().size(); }
  const Trial& trial(std::int64_t number) const { return served->state().trial(number); }

  Store& store;
  ManualClock clock;
  std::unique_ptr<ServedStudy> served;
};

TEST(ServedStudy, TheSameQuestionGetsTheSameTrial) {
  const auto store = *open_store("memory:");
  const Sitting sitting(*store);
  const LeasedTrial first = sitting.ask("1");
  const std::uint64_t events = sitting.events();
  const LeasedTrial again = sitting.ask("1");
  EXPECT_EQ(again.trial, first.trial);
  EXPECT_EQ(again.config, first.config);
  EXPECT_EQ(again.until, first.until);
  EXPECT_EQ(sitting.events(), events);
  EXPECT_NE(sitting.ask("2").trial, first.trial);
}

TEST(ServedStudy, AMessageThatComesTwiceCountsOnceAndHearsTheSame) {
  const auto store = *open_store("memory:");
  const Sitting sitting(*store);
  const LeasedTrial leased = sitting.ask("1");
  ASSERT_EQ(leased.until, 3);
  const auto first = sitting.report(leased, 3, 1.0);
  ASSERT_TRUE(first) << first.error().message;
  const std::uint64_t events = sitting.events();
  const auto again = sitting.report(leased, 3, 1.0);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->known);
  EXPECT_EQ(again->verdict, first->verdict);
  EXPECT_EQ(again->until, first->until);
  EXPECT_EQ(sitting.events(), events);
  ASSERT_TRUE(sitting.tell(leased, 0.5));
  const std::uint64_t at_end = sitting.events();
  EXPECT_GT(at_end, events);
  const auto told_again = sitting.tell(leased, 0.5);
  ASSERT_TRUE(told_again);
  EXPECT_TRUE(told_again->known);
  EXPECT_TRUE(sitting.report(leased, 3, 1.0)->known);  // a late copy, after the end
  EXPECT_EQ(sitting.events(), at_end);
  EXPECT_EQ(sitting.trial(leased.trial).state, TrialState::Done);
}

TEST(ServedStudy, WhatATrialThatHasEndedSaysAnewIsRefused) {
  const auto store = *open_store("memory:");
  const Sitting sitting(*store);
  const LeasedTrial leased = sitting.ask("1");
  ASSERT_TRUE(sitting.tell(leased, 0.5));
  const auto late = sitting.report(leased, 50, 0.1);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::Conflict);
  EXPECT_THAT(late.error().message, HasSubstr("has ended"));
}

TEST(ServedStudy, ASilentWorkerLosesItsTrialAndIsRefusedAfterwards) {
  const auto store = *open_store("memory:");
  Sitting sitting(*store);
  const LeasedTrial leased = sitting.ask("1");
  sitting.clock.set(29);
  ASSERT_TRUE(sitting->look_around());
  EXPECT_EQ(sitting.trial(leased.trial).state, TrialState::Running);
  ASSERT_TRUE(sitting.say({.kind = MessageKind::Renew, .trial = leased.trial, .lease = leased.lease}));
  sitting.clock.set(58);
  ASSERT_TRUE(sitting->look_around());
  EXPECT_EQ(sitting.trial(leased.trial).state, TrialState::Running);
  sitting.clock.set(59.5);
  ASSERT_TRUE(sitting->look_around());
  EXPECT_EQ(sitting.trial(leased.trial).state, TrialState::Waiting);
  EXPECT_EQ(sitting.trial(leased.trial).lost_workers, 1);
  for (const auto& late : {sitting.report(leased, 3, 1.0), sitting.tell(leased, 1.0)}) {
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind, ErrorKind::Conflict);
    EXPECT_THAT(late.error().message, HasSubstr("lease is lost"));
  }
  const LeasedTrial next = sitting.ask("2");
  EXPECT_EQ(next.trial, leased.trial);
  EXPECT_EQ(next.attempt, 2);
  EXPECT_FALSE(sitting.report(leased, 3, 1.0));
  EXPECT_TRUE(sitting.report(next, 3, 1.0));
}

TEST(ServedStudy, ATrialThatLosesTooManyWorkersFails) {
  const auto store = *open_store("memory:");
  Sitting sitting(*store, spec_of({{"workers", {{"lease", 30}, {"retries", 1}}}}));
  const LeasedTrial first = sitting.ask("1");
  sitting.clock.set(31);
  ASSERT_TRUE(sitting->look_around());
  ASSERT_EQ(sitting.ask("2").trial, first.trial);
  sitting.clock.set(62);
  ASSERT_TRUE(sitting->look_around());
  EXPECT_EQ(sitting.trial(first.trial).state, TrialState::Failed);
  EXPECT_EQ(sitting.trial(first.trial).failure, FailureKind::WorkerLost);
}

TEST(ServedStudy, AServerThatDiesAndComesBackKnowsWhoHasWhat) {
  const auto store = *open_store("memory:");
  LeasedTrial held, told;
  {
    const Sitting sitting(*store);
    held = sitting.ask("1");
    told = sitting.ask("2");
    ASSERT_TRUE(sitting.report(held, 1, 4.0));
    ASSERT_TRUE(sitting.tell(told, 2.0));
  }
  Sitting restarted(*store);
  EXPECT_EQ(restarted.trial(held.trial).state, TrialState::Running);
  EXPECT_EQ(restarted.ask("1").trial, held.trial);
  EXPECT_TRUE(restarted.report(held, 1, 4.0)->known);
  EXPECT_FALSE(restarted.report(held, 2, 3.0)->known);
  EXPECT_TRUE(restarted.tell(told, 2.0)->known);
  EXPECT_EQ(restarted.trial(held.trial).reports.size(), 2u);
  restarted.clock.set(31);  // its lease began anew with the server, and was not renewed
  ASSERT_TRUE(restarted->look_around());
  EXPECT_EQ(restarted.trial(held.trial).state, TrialState::Waiting);
}

TEST(ServedStudy, AWorkerThatLeavesGivesBackItsTrialWithItsSnapshot) {
  const auto store = *open_store("memory:");
  const Sitting sitting(*store);
  const LeasedTrial leased = sitting.ask("1");
  ASSERT_TRUE(sitting.report(leased, 2, 4.0));
  const TrialMessage leaves{
      .kind = MessageKind::Return, .trial = leased.trial, .lease = leased.lease, .step = 2, .checkpoint = "step-2"};
  ASSERT_TRUE(sitting.say(leaves));
  EXPECT_TRUE(sitting.say(leaves)->known);
  EXPECT_EQ(sitting.trial(leased.trial).lost_workers, 0);
  const LeasedTrial next = sitting.ask("2");
  EXPECT_EQ(next.trial, leased.trial);
  EXPECT_EQ(next.step, 2);
  ASSERT_TRUE(next.resume);
  EXPECT_EQ(next.resume->name, "step-2");
}

TEST(ServedStudy, AForeignLeaseAndAnUnknownTrialAreRefused) {
  const auto store = *open_store("memory:");
  const Sitting sitting(*store);
  LeasedTrial leased = sitting.ask("1");
  leased.lease = "thief/1";
  EXPECT_EQ(sitting.report(leased, 1, 1.0).error().kind, ErrorKind::Conflict);
  leased.trial = 17;
  EXPECT_EQ(sitting.report(leased, 1, 1.0).error().kind, ErrorKind::NotFound);
}

TEST(ServedStudy, AWishOfAPersonReachesATrialThatOnlyRenews) {
  const auto store = *open_store("memory:");
  Sitting sitting(*store);
  const LeasedTrial leased = sitting.ask("1");
  ASSERT_TRUE(store->post("s", {Command::StopTrial, leased.trial}));
  sitting.clock.set(1);
  const TrialMessage renew{.kind = MessageKind::Renew, .trial = leased.trial, .lease = leased.lease};
  EXPECT_EQ(sitting.say(renew)->verdict, Verdict::Stop);
  EXPECT_EQ(sitting.say(renew)->verdict, Verdict::Stop);
  EXPECT_EQ(sitting.trial(leased.trial).state, TrialState::Stopped);
}

TEST(ServedStudy, WhatAPersonAskedForIsNotForgottenWhenTheServerDies) {
  const auto store = *open_store("memory:");
  LeasedTrial stopped, other;
  {
    Sitting sitting(*store);
    stopped = sitting.ask("1");
    other = sitting.ask("2");
    ASSERT_TRUE(store->post("s", {Command::StopTrial, stopped.trial}));
    sitting.clock.set(1);
    ASSERT_TRUE(sitting->look_around());
    ASSERT_TRUE(sitting->flush());
  }
  {
    const Sitting restarted(*store);
    EXPECT_EQ(restarted.report(stopped, 1, 1.0)->verdict, Verdict::Stop);
    EXPECT_EQ(restarted.report(other, 1, 1.0)->verdict, Verdict::Continue);
  }
  ASSERT_TRUE(store->post("s", {Command::Pause}));  // while no server is there
  {
    Sitting sitting(*store);
    sitting.clock.set(1);
    ASSERT_TRUE(sitting->look_around());
    ASSERT_TRUE(sitting->flush());
  }
  Sitting restarted(*store);
  EXPECT_EQ(restarted.report(other, 2, 1.0)->verdict, Verdict::Pause);
  restarted.clock.set(1);
  ASSERT_TRUE(restarted->look_around());
  EXPECT_EQ(run_state(restarted->state()), "paused");
}

TEST(ServedStudy, AWishIsForgottenWhenSomebodyGoesOnWithTheStudy) {
  const auto store = *open_store("memory:");
  LeasedTrial leased;
  {
    Sitting sitting(*store);
    leased = sitting.ask("1");
    ASSERT_TRUE(store->post("s", {Command::Pause}));
    sitting.clock.set(1);
    ASSERT_TRUE(sitting->look_around());
    ASSERT_TRUE(sitting->flush());
  }
  const ManualClock clock;
  auto served = ServedStudy::open(*store, {nullptr, *Study::open(*store, "s"), false, true}, clock);
  ASSERT_TRUE(served);
  const TrialMessage renew{.kind = MessageKind::Renew, .trial = leased.trial, .lease = leased.lease};
  EXPECT_EQ((*served)->take(renew)->verdict, Verdict::Continue);
}

TEST(ServedStudy, ARuleThatNeedsALengthWaitsForAWorkerThatKnowsIt) {
  const auto store = *open_store("memory:");
  StudySpec spec = spec_of();
  Document document{spec.source, "study.yaml", {}};
  document.json.erase("steps");
  const Sitting sitting(*store, *StudySpec::read(document));
  const auto refused = sitting->ask({"box", "1", {}});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("length of a full trial"));
  message::Described described;
  described.values = {{"steps", 27}};
  const auto asked = sitting->ask({"box", "1", described});
  ASSERT_TRUE(asked && *asked);
  EXPECT_EQ((**asked).until, 3);
}

TEST(ServedStudy, EndsWhenTheBudgetIsSpent) {
  const auto store = *open_store("memory:");
  const Sitting sitting(*store, spec_of({{"stop", "none"}}));
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(sitting.tell(sitting.ask(std::to_string(i)), i));
  const auto none = sitting->ask({"box", "6", {}});
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
  EXPECT_TRUE(sitting->is_over());
  EXPECT_EQ(run_state(sitting->state()), "finished");
}

}  // namespace
}  // namespace pegbox::server
