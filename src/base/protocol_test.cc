// Tests of the protocol: the exact lines of the public contract, round trips, and everything that may come instead.
#include "base/protocol.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/number.h"
#include "base/rng.h"

namespace pegbox {
namespace {

using namespace message;

std::vector<HostMessage> host_messages() {
  return {Describe{1},
          Start{.trial = 7,
                .seed = ~0ull,
                .config = {{"lr", 1e-4}, {"method", "lora"}},
                .until = 400,
                .resume = Resume{3, "c-300"}},
          Start{.trial = 8, .seed = 9, .config = Json::object(), .until = 0, .resume = std::nullopt},
          Go{7, 1200},
          Stop{7},
          Pause{7},
          Release{7},
          Quit{}};
}

std::vector<WorkerMessage> worker_messages() {
  return {Ready{.protocol = 1, .slots = 8, .describes = true},
          Described{1, {{"parameters", 6.4e6}}, {{"peak_memory", "1e9 + 2 * rank"}}},
          Report{7, 50, {{"tokens", 204800}, {"validation_loss", 2.31}}},
          Report{7, 51, {{"a", std::nan("")}, {"b", kInfinity}, {"c", -kInfinity}}},
          Checkpoint{7, 300, "c-300"},
          Reached{7, 400, {{"loss", 2}}, "c-400"},
          Paused{7, 410, "c-410"},
          Done{7, 1200, {{"loss", 1.5}}},
          Stopped{7},
          Failed{7, FailureKind::OutOfMemory, "needs 21 GiB\n\"really\""},
          Alive{}};
}

std::string host_error(std::string_view line) {
  const auto message = decode_host(line);
  return message ? "accepted" : message.error().message;
}

std::string worker_error(std::string_view line) {
  const auto message = decode_worker(line);
  return message ? "accepted" : message.error().message;
}

TEST(Protocol, WritesHostMessagesAsTheContractShowsThem) {
  const std::vector<std::string> lines{
      R"({"describe":{"id":1}})",
      R"({"start":{"trial":7,"seed":18446744073709551615,"config":{"lr":0.0001,"method":"lora"},"until":400,"resume":{"trial":3,"checkpoint":"c-300"}}})",
      R"({"start":{"trial":8,"seed":9,"config":{},"until":0,"resume":null}})",
      R"({"go":{"trial":7,"until":1200}})",
      R"({"stop":{"trial":7}})",
      R"({"pause":{"trial":7}})",
      R"({"release":{"trial":7}})",
      R"({"quit":{}})"};
  const auto messages = host_messages();
  ASSERT_EQ(lines.size(), messages.size());
  for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(encode(messages[i]), lines[i] + "\n");
}

TEST(Protocol, WritesWorkerMessagesAsTheContractShowsThem) {
  const std::vector<std::string> lines{
      R"({"ready":{"protocol":1,"slots":8,"describes":true}})",
      R"({"described":{"id":1,"values":{"parameters":6400000.0},"limits":{"peak_memory":"1e9 + 2 * rank"}}})",
      R"({"report":{"trial":7,"step":50,"metrics":{"tokens":204800.0,"validation_loss":2.31}}})",
      R"({"report":{"trial":7,"step":51,"metrics":{"a":"nan","b":"inf","c":"-inf"}}})",
      R"({"checkpoint":{"trial":7,"step":300,"name":"c-300"}})",
      R"({"reached":{"trial":7,"step":400,"metrics":{"loss":2.0},"checkpoint":"c-400"}})",
      R"({"paused":{"trial":7,"step":410,"checkpoint":"c-410"}})",
      R"({"done":{"trial":7,"step":1200,"metrics":{"loss":1.5}}})",
      R"({"stopped":{"trial":7}})",
      R"({"failed":{"trial":7,"kind":"out-of-memory","detail":"needs 21 GiB\n\"really\""}})",
      R"({"alive":{}})"};
  const auto messages = worker_messages();
  ASSERT_EQ(lines.size(), messages.size());
  for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(encode(messages[i]), lines[i] + "\n");
}

TEST(Protocol, ReadsBackEveryMessageItWrites) {
  for (const HostMessage& message : host_messages()) {
    const auto back = decode_host(encode(message));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->index(), message.index());
    EXPECT_EQ(encode(*back), encode(message));
  }
  for (const WorkerMessage& message : worker_messages()) {
    const auto back = decode_worker(encode(message));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->index(), message.index());
    EXPECT_EQ(encode(*back), encode(message));
  }
}

TEST(Protocol, KeepsEveryFieldOfAStart) {
  const Start start = std::get<Start>(decode_host(encode(host_messages()[1])).value());
  EXPECT_EQ(start.trial, 7);
  EXPECT_EQ(start.seed, ~0ull);
  EXPECT_EQ(start.config["method"], "lora");
  EXPECT_EQ(start.until, 400);
  ASSERT_TRUE(start.resume);
  EXPECT_EQ(start.resume->trial, 3);
  EXPECT_EQ(start.resume->checkpoint, "c-300");
}

TEST(Protocol, CarriesMetricsThatAreNotFinite) {
  const auto report = std::get<Report>(decode_worker(encode(worker_messages()[3])).value());
  EXPECT_TRUE(std::isnan(report.metrics.at("a")));
  EXPECT_EQ(report.metrics.at("b"), kInfinity);
  EXPECT_EQ(report.metrics.at("c"), -kInfinity);
}

TEST(Protocol, IgnoresUnknownFieldsAndFillsInOptionalOnes) {
  const auto ready =
      std::get<Ready>(decode_worker(R"({"ready": {"protocol": 1, "slots": 2, "color": "red"}})").value());
  EXPECT_EQ(ready.slots, 2);
  EXPECT_FALSE(ready.describes);
  const auto start = std::get<Start>(decode_host(R"({"start": {"trial": 1, "seed": 2, "config": {}}})").value());
  EXPECT_EQ(start.until, 0);
  EXPECT_FALSE(start.resume);
  EXPECT_EQ(std::get<Done>(decode_worker(R"({"done": {"trial": 1, "metrics": {}}})").value()).step, 0);
  EXPECT_EQ(std::get<Failed>(decode_worker(R"({"failed": {"trial": 1, "kind": "error"}})").value()).detail, "");
}

TEST(Protocol, TakesWholeNumbersHoweverTheyAreWritten) {
  EXPECT_EQ(
      std::get<Report>(decode_worker(R"({"report": {"trial": 1.0, "step": 2e3, "metrics": {"x": 1}}})").value()).step,
      2000);
}

TEST(Protocol, RefusesUnknownMessagesByNameWithTheKnownOnes) {
  EXPECT_EQ(host_error(R"({"strat": {}})"),
            "[message from the host strat] unknown name; got \"strat\"; expected one of describe, start, go, stop, "
            "pause, release, "
            "quit; did you mean \"start\"?");
  EXPECT_NE(
      worker_error(R"({"start": {}})")
          .find("expected one of ready, described, report, checkpoint, reached, paused, done, stopped, failed, alive"),
      std::string::npos)
      << "messages of the other direction are unknown";
}

TEST(Protocol, NamesTheFieldThatIsMissingOrWrong) {
  EXPECT_EQ(worker_error(R"({"report": {"trial": 7, "metrics": {}}})"),
            "[message from the worker report] \"step\" is missing; got only trial, metrics");
  EXPECT_EQ(worker_error(R"({"report": {"trial": 7, "step": "50", "metrics": {}}})"),
            "[message from the worker report.step] not a number; got \"50\"; expected an integer");
  EXPECT_EQ(worker_error(R"({"report": {"trial": 7, "step": 5, "metrics": {"loss": "low"}}})"),
            "[message from the worker report.metrics.loss] not a number; got \"low\"; expected a number, \"nan\", "
            "\"inf\" or \"-inf\"");
  EXPECT_EQ(worker_error(R"({"report": {"trial": 7, "step": 5, "metrics": [1]}})"),
            "[message from the worker report.metrics] not an object; got [1]; expected metric names with numbers");
  EXPECT_EQ(worker_error(R"({"failed": {"trial": 7, "kind": "oom"}})"),
            "[message from the worker failed.kind] unknown kind of failure; got \"oom\"; expected one of error, "
            "out-of-memory, "
            "diverged, infeasible, timeout, worker-lost");
  EXPECT_EQ(host_error(R"({"start": {"trial": 1, "seed": -1, "config": {}}})"),
            "[message from the host start.seed] negative; got -1; expected an integer of at least 0");
  EXPECT_EQ(host_error(R"({"start": {"trial": 1, "seed": 1, "config": 3}})"),
            "[message from the host start.config] not an object; got 3; expected an object");
  EXPECT_EQ(host_error(R"({"start": {"trial": 1, "seed": 1, "config": {}, "resume": {"trial": 2}}})"),
            "[message from the host start.resume] \"checkpoint\" is missing; got only trial");
}

TEST(Protocol, RefusesFieldsOutOfRange) {
  for (const char* line :
       {R"({"stopped": {"trial": -1}})", R"({"stopped": {"trial": 0.5}})", R"({"stopped": {"trial": 1e300}})",
        R"({"stopped": {"trial": null}})", R"({"ready": {"protocol": 1, "slots": 3000000000}})",
        R"({"ready": {"protocol": 1, "slots": -1}})", R"({"ready": {"slots": 1}})",
        R"({"ready": {"protocol": 1, "slots": 1, "describes": 1}})",
        R"({"described": {"id": 1, "values": {}, "limits": {"x": 3}}})"})
    EXPECT_FALSE(decode_worker(line)) << line;
}

TEST(Protocol, RefusesLinesThatAreNoMessages) {
  for (const char* line :
       {"", "{}", "[]", "null", "7", "\"alive\"", "{\"alive\":{},\"quit\":{}}", "{\"alive\":null}", "{\"alive\":[]}",
        "{\"alive\":{}", "{\"alive\":{}} {}", "{\"report\":{\"trial\":1,\"trial\":2}}", "loss = 3"}) {
    EXPECT_FALSE(decode_worker(line)) << line;
    EXPECT_FALSE(decode_host(line)) << line;
  }
}

TEST(Protocol, RefusesALineOverOneMebibyte) {
  const std::string filler(kMaxLineBytes, ' ');
  EXPECT_TRUE(decode_worker(filler.substr(12) + R"({"alive":{}})"));
  EXPECT_EQ(worker_error(filler.substr(11) + R"({"alive":{}})"),
            "[message from the worker] a line that is too long; got 1048577 bytes; expected at most 1048576 bytes");
}

TEST(Protocol, NeverCrashesOnDamagedLines) {
  Rng rng({.seed = 11, .stream = stream_id("damage")});
  std::vector<std::string> lines;
  for (const auto& message : host_messages()) lines.push_back(encode(message));
  for (const auto& message : worker_messages()) lines.push_back(encode(message));
  int accepted = 0;
  for (int i = 0; i < 60000; ++i) {
    std::string line = lines[rng.below(lines.size())];
    for (std::uint64_t change = 1 + rng.below(4); change-- > 0 && !line.empty();) {
      const std::size_t at = rng.below(line.size());
      if (const auto how = rng.below(4); how == 0)
        line[at] = static_cast<char>(rng.below(256));
      else if (how == 1)
        line.erase(at, 1 + rng.below(8));
      else if (how == 2)
        line.insert(at, line.substr(rng.below(line.size()), rng.below(16)));
      else
        line.resize(at);
    }
    if (const auto message = decode_host(line)) {
      EXPECT_TRUE(decode_host(encode(*message)));
      ++accepted;
    }
    if (const auto message = decode_worker(line)) {
      EXPECT_TRUE(decode_worker(encode(*message)));
      ++accepted;
    }
  }
  EXPECT_GT(accepted, 1000) << "the damage should be small enough to get past the parser often";
}

TEST(FailureKind, HasANameThatReadsBack) {
  for (const FailureKind kind : {FailureKind::Error, FailureKind::OutOfMemory, FailureKind::Diverged,
                                 FailureKind::Infeasible, FailureKind::Timeout, FailureKind::WorkerLost})
    EXPECT_EQ(failure_kind_of(name_of(kind)), kind);
  EXPECT_EQ(name_of(FailureKind::WorkerLost), "worker-lost");
  EXPECT_FALSE(failure_kind_of("Error"));
}

}  // namespace
}  // namespace pegbox
