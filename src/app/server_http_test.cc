// The server over HTTP, on a real port with a real store: the API as a worker sees it, and whatever else may come over
// a network.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmath>
#include <future>
#include <map>
#include <set>
#include <thread>

#include "app/server/http_client.h"
#include "app/server/http_server.h"
#include "app/server/study_shift.h"
#include "app/stored_studies.h"
#include "base/descriptor.h"
#include "base/subprocess.h"
#include "search/stores/table.h"
#include "search/study_kit_for_test.h"

namespace pegbox {
namespace {

using server::HttpClient;
using server::HttpOptions;
using server::HttpServer;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kStudy[] = R"(
name: mine
trial: {command: "true {x}"}
space: {x: {range: [0, 10]}}
objective: {minimize: loss}
budget: {trials: 4}
search: random
stop: {name: asha, reduction: 3, min: 3}
steps: 27
workers: {lease: 5s}
)";

class ServerTest : public testing::Test {
 protected:
  ServerTest() : folder_(*TemporaryFolder::create("pegbox-server")) {}

  void start(HttpOptions options = {}) {
    options.port = 0;
    auto started = HttpServer::start(std::move(options), decider_, studies_);
    ASSERT_TRUE(started) << started.error().message;
    server_ = *std::move(started);
    client_ = connect();
  }
  Result<std::unique_ptr<HttpServer>> start_another(HttpOptions options) {
    return HttpServer::start(std::move(options), decider_, studies_);
  }
  std::unique_ptr<HttpClient> connect(const std::string& token = {}, const Path& authorities = {}) const {
    auto client =
        HttpClient::create({.url = server_->url(), .token = token, .authorities = authorities, .timeout_s = 10});
    EXPECT_TRUE(client) << client.error().message;
    return *std::move(client);
  }

  Json get(const std::string& target) { return answered(client_->ask("GET", target)); }
  Json post(const std::string& target, const Json& body) { return answered(client_->ask("POST", target, body)); }
  Error refused(const std::string& target, const Json& body) {
    const auto answer = client_->ask("POST", target, body);
    EXPECT_FALSE(answer) << to_line(*answer);
    return answer ? Error{} : answer.error();
  }
  int status(const std::string& method, const std::string& target, const std::string& body = {}) {
    const auto reply = client_->send(method, target, body);
    EXPECT_TRUE(reply) << reply.error().message;
    return reply ? reply->status : 0;
  }
  void create() { ASSERT_EQ(post("/api/studies", {{"file", kStudy}})["created"], true); }
  Json ask(const std::string& ticket) {
    return post("/api/studies/mine/ask", {{"worker", "box"}, {"ticket", ticket}})["trial"];
  }

  Descriptor dial() const {
    Descriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(server_->port());
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    return socket;
  }

  /// Sends bytes as they are; what comes back until the server closes, or `until` is in it.
  std::string talk(const std::string& bytes, const std::string& until = {}) const {
    const Descriptor socket = dial();
    (void)::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    std::string answer;
    char buffer[4096];
    for (ssize_t count; until.empty() || answer.find(until) == std::string::npos;) {
      if ((count = ::recv(socket.get(), buffer, sizeof buffer, 0)) <= 0) break;
      answer.append(buffer, static_cast<std::size_t>(count));
    }
    return answer;
  }
  std::string follow(const std::string& place, const std::string& until = {}) const {
    return talk("GET /api/studies/" + place + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", until);
  }

  const Path& folder() const { return folder_.path(); }
  FailingStore& disk() { return disk_; }
  server::Decider& decider() { return decider_; }
  server::Studies& studies() { return studies_; }

 private:
  static Json answered(const Result<Json>& answer) {
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *answer : Json();
  }

  TemporaryFolder folder_;
  Console console_{true, false, Log()};
  std::unique_ptr<Store> store_ = *open_store("sqlite:" + (folder_.path() / "pegbox.db").string());
  FailingStore disk_{*store_};
  StoredStudies studies_{
      disk_, {folder_.path() / "pegbox.db", folder_.path() / "pegbox.files"}, folder_.path(), console_};
  SystemClock clock_;
  server::Decider decider_{disk_, studies_, clock_};

 protected:
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<HttpClient> client_;
};

TEST_F(ServerTest, AStudyIsMadeWorkedForAndEnds) {
  start();
  EXPECT_EQ(get("/api")["api"], 1);
  EXPECT_EQ(get("/api/studies"), Json::array());
  create();
  EXPECT_EQ(get("/api/studies")[0]["name"], "mine");
  EXPECT_EQ(get("/api/studies/mine/spec")["spec"]["name"], "mine");
  EXPECT_EQ(get("/api/studies/mine/best"), Json());
  Json answer;
  for (int ticket = 0; ticket < 20; ++ticket) {
    answer = post("/api/studies/mine/ask", {{"worker", "box"}, {"ticket", std::to_string(ticket)}});
    const Json& trial = answer["trial"];
    if (trial.is_null()) break;
    const std::string place = "/api/studies/mine/trials/" + std::to_string(trial["number"].get<int>());
    const double loss = std::abs(trial["config"]["x"].get<double>() - 3);
    const std::int64_t until = trial["until"].get<std::int64_t>();
    if (until > 0) {
      EXPECT_EQ(until, trial["step"] == 0 ? 3 : 9);
      const Json verdict =
          post(place + "/report", {{"lease", trial["lease"]}, {"step", until}, {"metrics", {{"loss", loss}}}});
      if (verdict["verdict"] != "continue") continue;
      EXPECT_EQ(verdict["until"], until == 3 ? 9 : 0);
    }
    post(place + "/tell", {{"lease", trial["lease"]}, {"metrics", {{"loss", loss / 2}}}});
  }
  EXPECT_EQ(answer["state"], "finished");
  const Json study = get("/api/studies/mine");
  EXPECT_EQ(study["state"], "finished");
  EXPECT_EQ(study["trials"].size(), 4u);
  EXPECT_TRUE(get("/api/studies/mine/best")["config"].contains("x"));
  EXPECT_EQ(get("/api/studies/mine/trials/0")["number"], 0);
}

TEST_F(ServerTest, ABatchHasAnAnswerForEachMessage) {
  start();
  create();
  const Json first = ask("1"), second = ask("2");
  const auto report = [](const Json& trial, int step) {
    return Json{{"event", "report"},
                {"trial", trial["number"]},
                {"lease", trial["lease"]},
                {"step", step},
                {"metrics", {{"loss", 1.0}}}};
  };
  Json lost = report(second, 1);
  lost["lease"] = "other/1";
  Json wrong = report(second, 2);
  wrong["step"] = "two";
  const Json answers =
      post("/api/studies/mine/messages",
           {{"messages", {report(first, 1), report(first, 1), lost, wrong, report(second, 1)}}})["answers"];
  ASSERT_EQ(answers.size(), 5u);
  EXPECT_EQ(answers[0]["verdict"], "continue");
  EXPECT_EQ(answers[1]["known"], true);
  EXPECT_EQ(answers[2]["status"], 409);
  EXPECT_EQ(answers[3]["status"], 400);
  EXPECT_EQ(answers[4]["verdict"], "continue");
  EXPECT_EQ(get("/api/studies/mine/trials/0")["reports"].size(), 1u);
}

TEST_F(ServerTest, AfterAMessageThatMustBeSaidAgainNoneOfItsBatchCounts) {
  start();
  create();
  const Json trial = ask("1");
  Json reports = Json::array();
  for (int step = 1; step <= 2; ++step)
    reports.push_back({{"event", "report"},
                       {"trial", trial["number"]},
                       {"lease", trial["lease"]},
                       {"step", step},
                       {"metrics", {{"loss", 1.0}}}});
  std::promise<void> begun;  // the store is asked for wishes every 0.2 s: the batch is to be what asks
  const auto hold_up = [this](std::promise<void>* said) {
    decider().post({{},
                    [said](server::Desk&) -> server::Answer {
                      if (said != nullptr) said->set_value();
                      std::this_thread::sleep_for(std::chrono::milliseconds(300));
                      return Json();
                    },
                    [](const server::Answer&) {}});
  };
  hold_up(&begun);
  begun.get_future().wait();
  hold_up(nullptr);
  disk().commands_fail = true;
  const Json refused = post("/api/studies/mine/messages", {{"messages", reports}})["answers"];
  disk().commands_fail = false;
  ASSERT_EQ(refused.size(), 2u);
  for (const Json& answer : refused) EXPECT_EQ(answer["status"], 503);
  const Json taken = post("/api/studies/mine/messages", {{"messages", reports}})["answers"];
  for (const Json& answer : taken) EXPECT_EQ(answer["verdict"], "continue");
  EXPECT_EQ(get("/api/studies/mine/trials/0")["reports"].size(), 2u);
}

TEST_F(ServerTest, WhatIsWrongIsSaidWithItsStatus) {
  start();
  create();
  const Json trial = ask("1");
  EXPECT_EQ(status("GET", "/api/studies/other"), 404);
  EXPECT_EQ(status("GET", "/api/studies/mine/trials/99"), 404);
  EXPECT_EQ(status("GET", "/api/studies/..%2F..%2Fetc%2Fpasswd"), 404);
  EXPECT_EQ(status("GET", "/index.html"), 404);
  EXPECT_EQ(status("DELETE", "/api/studies/mine"), 405);
  EXPECT_EQ(status("POST", "/api/studies/other/ask", R"({"worker": "a", "ticket": "1"})"), 404);
  EXPECT_EQ(status("POST", "/api/studies/mine/ask", R"({"worker": "a b", "ticket": "1"})"), 400);
  EXPECT_EQ(status("POST", "/api/studies/mine/ask", R"({"worker": "a", "ticket": "1", "tikcet": 1})"), 400);
  EXPECT_EQ(status("POST", "/api/studies/mine/ask", "{"), 400);
  EXPECT_EQ(status("POST", "/api/studies/mine/ask", "[1]"), 400);
  EXPECT_EQ(status("POST", "/api/studies/mine/trials/99/renew", R"({"lease": "a/1"})"), 404);
  EXPECT_EQ(status("POST", "/api/studies/mine/trials/0/renew", R"({"lease": "a/1"})"), 409);
  EXPECT_THAT(refused("/api/studies", {{"file", "name: x\nspcae: {}"}}).message, HasSubstr("study file"));
  post("/api/studies/mine/trials/0/report", {{"lease", trial["lease"]}, {"step", 1}, {"metrics", {{"loss", 1}}}});
  EXPECT_THAT(refused("/api/studies", {{"file", std::string(kStudy) + "seed: 3\n"}}).message, HasSubstr("seed"));
}

TEST_F(ServerTest, ALargerBudgetGoesOnAndTrialsStayWithTheirWorkers) {
  start();
  create();
  const Json trial = ask("1");
  std::string larger = kStudy;
  larger.replace(larger.find("trials: 4"), 9, "trials: 9");
  const Json made = post("/api/studies", {{"file", larger}});
  EXPECT_EQ(made["created"], false);
  EXPECT_EQ(post("/api/studies/mine/trials/0/renew", {{"lease", trial["lease"]}})["verdict"], "continue");
  EXPECT_EQ(ask("1")["number"], trial["number"]);
}

TEST_F(ServerTest, NothingIsAcknowledgedThatIsNotOnTheDisk) {
  start();
  create();
  const Json trial = ask("1");
  const Json report = {{"lease", trial["lease"]}, {"step", 1}, {"metrics", {{"loss", 1}}}};
  disk().wait_fails = true;
  EXPECT_EQ(status("POST", "/api/studies/mine/trials/0/report", to_line(report)), 503);
  EXPECT_EQ(status("POST", "/api/studies/mine/ask", R"({"worker": "box", "ticket": "2"})"), 503);
  EXPECT_EQ(get("/api/studies/mine/trials/0")["reports"].size(), 0u);
  disk().wait_fails = false;
  EXPECT_EQ(post("/api/studies/mine/trials/0/report", report)["known"], true);
  EXPECT_EQ(get("/api/studies/mine/trials/0")["reports"].size(), 1u);
  EXPECT_EQ(ask("2")["number"], 1);
}

TEST_F(ServerTest, ManyAtOnceShareACommit) {
  start();
  create();
  const Json first = ask("1");
  const int before = disk().waits;
  Json messages = Json::array();
  for (int step = 1; step < 200; ++step)
    messages.push_back({{"event", "checkpoint"},
                        {"trial", first["number"]},
                        {"lease", first["lease"]},
                        {"step", step},
                        {"checkpoint", std::to_string(step)}});
  const Json answers = post("/api/studies/mine/messages", {{"messages", messages}})["answers"];
  ASSERT_EQ(answers.size(), 199u);
  for (const Json& answer : answers) EXPECT_EQ(answer["verdict"], "continue");
  EXPECT_LE(disk().waits - before, 2);
}

TEST_F(ServerTest, AWishReachesTheStudy) {
  start();
  create();
  const Json trial = ask("1");
  EXPECT_EQ(refused("/api/studies/mine/trials/7/stop", Json::object()).kind, ErrorKind::NotFound);
  post("/api/studies/mine/pause", Json::object());
  Json verdict;
  for (int i = 0; i < 100 && verdict["verdict"] != "pause"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    verdict = post("/api/studies/mine/trials/0/renew", {{"lease", trial["lease"]}});
  }
  EXPECT_EQ(verdict["verdict"], "pause");
  EXPECT_EQ(post("/api/studies/mine/ask", {{"worker", "box"}, {"ticket", "2"}})["state"], "paused");
  EXPECT_EQ(refused("/api/studies/mine/pause", Json::object()).kind, ErrorKind::Conflict);
  post("/api/studies", {{"file", kStudy}});
  EXPECT_EQ(ask("3")["number"], trial["number"]);
}

TEST_F(ServerTest, BytesThatAreNoRequestAreRefused) {
  HttpOptions options;
  options.limits.body_bytes = 1000;
  options.limits.header_bytes = 2000;
  start(options);
  const std::string head = "POST /api/studies HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  EXPECT_THAT(talk(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15)),
              StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(talk("NONSENSE\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(talk("GET / HTTP/9.9\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(talk(head + "Content-Length: 5000\r\n\r\n"), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(talk(head + "Transfer-Encoding: chunked\r\n\r\nfff\r\n" + std::string(4095, 'x') + "\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(talk(head + "Content-Length: nine\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(talk(head + "X: " + std::string(3000, 'x') + "\r\n\r\n"), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(talk("POST /api/studies HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"),
              StartsWith("HTTP/1.1 415"));
  EXPECT_EQ(get("/api")["api"], 1);
}

TEST_F(ServerTest, ForeignPagesAreRefused) {
  start();
  EXPECT_THAT(talk("GET /api HTTP/1.1\r\nHost: evil.example.org\r\n\r\n"), StartsWith("HTTP/1.1 421"));
  EXPECT_THAT(talk("GET /api HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 421"));
  EXPECT_THAT(talk("GET /api HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example.org\r\n\r\n"),
              StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(talk("GET /api HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, SlowAndManyAreLimited) {
  HttpOptions options;
  options.limits.idle_s = 0.3;
  options.limits.rate = 5;
  start(options);
  const SystemClock clock;
  const double start_s = clock.now_s();
  EXPECT_EQ(talk("GET /api HTTP/1.1\r\nHost: loc"), "");
  EXPECT_LT(clock.now_s() - start_s, 3);
  int refused = 0;
  for (int i = 0; i < 10; ++i) refused += status("GET", "/api") == 429;
  EXPECT_GE(refused, 3);
}

TEST_F(ServerTest, OthersNeedTokensWithTheirRole) {
  HttpOptions options;
  const Path file = folder() / "tokens.txt";
  const std::string reader = *server::TokenTable::make(file, server::Role::Read, "me");
  const std::string worker = *server::TokenTable::make(file, server::Role::Work, "box");
  const std::string administrator = *server::TokenTable::make(file, server::Role::Administer, "me");
  options.access.tokens = *server::TokenTable::load(file);
  start(options);
  const Json study = {{"file", kStudy}}, question = {{"worker", "a"}, {"ticket", "1"}};
  EXPECT_EQ(status("GET", "/api/studies"), 401);
  EXPECT_EQ(status("GET", "/nothing"), 401);
  EXPECT_EQ(connect(worker)->send("POST", "/api/studies", to_line(study))->status, 403);
  EXPECT_EQ(connect(administrator)->send("POST", "/api/studies", to_line(study))->status, 200);
  EXPECT_EQ(connect(reader)->send("GET", "/api/studies/mine")->status, 200);
  EXPECT_EQ(connect(reader)->send("POST", "/api/studies/mine/ask", to_line(question))->status, 403);
  EXPECT_EQ(connect(worker)->send("POST", "/api/studies/mine/ask", to_line(question))->status, 200);
  EXPECT_EQ(connect("pegbox_guess")->send("GET", "/api")->status, 401);
}

TEST_F(ServerTest, AnotherAddressWithoutTokensIsRefused) {
  start();
  HttpOptions open;
  open.address = "0.0.0.0";
  open.port = 0;
  const auto server = start_another(open);
  ASSERT_FALSE(server);
  EXPECT_THAT(server.error().message, HasSubstr("there are no tokens"));
  HttpOptions taken;
  taken.port = server_->port();
  EXPECT_EQ(start_another(taken).error().kind, ErrorKind::Conflict);
}

TEST_F(ServerTest, ALogIsFollowedAsItGrows) {
  start();
  create();
  std::string stream;
  std::thread follower([&] { stream = follow("mine/events", "\"step\":2"); });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const Json trial = ask("1");
  for (int step = 1; step < 3; ++step)
    post("/api/studies/mine/trials/0/report", {{"lease", trial["lease"]}, {"step", step}, {"metrics", {{"loss", 1}}}});
  follower.join();
  EXPECT_THAT(stream, HasSubstr("text/event-stream"));
  EXPECT_THAT(stream, HasSubstr("id: 0\nevent: study-created\ndata: {\"index\":0,"));
  EXPECT_THAT(stream, HasSubstr("event: trial-created\n"));
  EXPECT_THAT(follow("mine/events?from=1", "id: 1\n"), HasSubstr("\r\n\r\nid: 1\n"));
  EXPECT_THAT(follow("none/events"), StartsWith("HTTP/1.1 404"));
  for (const char* from : {"1000", "18446744073709551615", "18446742974197923840"})
    EXPECT_THAT(follow(std::string("mine/events?from=") + from), StartsWith("HTTP/1.1 400")) << from;
}

TEST_F(ServerTest, ALongLogIsSentInPieces) {
  start();
  create();
  const Json trial = ask("1");
  Json messages = Json::array();
  for (int step = 1; step <= 2500; ++step)
    messages.push_back({{"event", "checkpoint"},
                        {"trial", trial["number"]},
                        {"lease", trial["lease"]},
                        {"step", step},
                        {"checkpoint", std::to_string(step)}});
  post("/api/studies/mine/messages", {{"messages", messages}});
  EXPECT_EQ(studies().events("mine", 0).value().events.size(), 1000u);
  const std::string stream = follow("mine/events", "\"step\":2500");
  const std::size_t count = disk().entry("mine").value().event_count;
  for (std::size_t index = 0; index < count; ++index) ASSERT_THAT(stream, HasSubstr(fmt::format("\nid: {}\n", index)));
}

TEST_F(ServerTest, AnotherStudyOfTheSameNameIsNotTakenForTheOneThatWasDeleted) {
  start();
  create();
  const Json trial = ask("1");
  post("/api/studies/mine/trials/0/tell", {{"lease", trial["lease"]}, {"metrics", {{"loss", 1}}}});
  post("/api/studies/mine/pause", Json::object());
  while (get("/api/studies/mine")["state"] != "paused") std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(post("/api/studies/mine/ask", {{"worker", "box"}, {"ticket", "2"}})["state"], "paused");
  std::string stream;
  std::thread follower([&] { stream = follow("mine/events"); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ASSERT_TRUE(disk().remove("mine"));
  ASSERT_TRUE(Study::create(disk(), small_study({{"name", "mine"}})));
  EXPECT_EQ(get("/api/studies/mine")["trials"], Json::array());
  EXPECT_EQ(ask("3")["number"], 0);
  follower.join();  // the stream has ended
  EXPECT_THAT(stream, HasSubstr("paused"));
}

TEST_F(ServerTest, NoLeaseRunsOutWhileTheServerIsHeldUp) {
  start();
  std::string file = kStudy;
  file.replace(file.find("lease: 5s"), 9, "lease: 1s");
  post("/api/studies", {{"file", file}});
  const Json trial = ask("1");
  std::promise<void> is_held_up;
  decider().post({{},
                  [&](server::Desk&) -> server::Answer {
                    is_held_up.set_value();
                    std::this_thread::sleep_for(std::chrono::milliseconds(1300));
                    return Json();
                  },
                  [](const server::Answer&) {}});
  is_held_up.get_future().wait();
  EXPECT_EQ(post("/api/studies/mine/trials/0/renew", {{"lease", trial["lease"]}})["verdict"], "continue");
}

TEST_F(ServerTest, TakesAsManyConnectionsAsItSaysWhateverTheShellsLimit) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit few = before;
  few.rlim_cur = 64;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  start();
  std::vector<Descriptor> idle;
  for (int i = 0; i < 100; ++i) idle.push_back(dial());
  EXPECT_EQ(get("/api")["api"], 1);
  create();  // makes a lock file, too
  idle.clear();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

/// Runs what it is told to, as long as the test wants; a trial that runs already cannot be started.
class PatientExecutor final : public Executor {
 public:
  int places = 1;
  std::map<std::int64_t, int> starts;
  std::set<std::int64_t> running;
  std::vector<Signal> signals;

  int slots() const override { return places; }
  Result<std::optional<message::Described>> describe() override { return std::nullopt; }
  Result<void> start(const Launch& launch) override {
    if (!running.insert(launch.trial).second) return fail(ErrorKind::Internal, {.what = "it runs already"});
    ++starts[launch.trial];
    return {};
  }
  void pause(std::int64_t trial) override { end(SignalKind::Paused, trial, {}); }
  void stop(std::int64_t trial) override { end(SignalKind::Stopped, trial, {}); }
  void release(std::int64_t) override {}
  void end(SignalKind kind, std::int64_t trial, const Metrics& metrics) {
    running.erase(trial);
    signals.push_back({.kind = kind, .trial = trial, .step = 27, .metrics = metrics});
  }
  Result<std::vector<Signal>> poll(std::chrono::milliseconds) override { return std::exchange(signals, {}); }
  const Clock& clock() const override { return clock_; }

 private:
  SystemClock clock_;
};

TEST_F(ServerTest, AWorkerThatGetsATrialAgainThatItHadLostRunsItOnce) {
  start();
  std::string file = kStudy;
  file.replace(file.find("lease: 5s"), 9, "lease: 1s");
  post("/api/studies", {{"file", file}});
  const SystemClock clock;
  server::ServerLink link(*client_, "box", clock, [](const std::string&) {});
  auto owned = std::make_unique<PatientExecutor>();
  PatientExecutor& executor = *owned;
  server::StudyShift shift("mine", {std::move(owned)}, {}, link, [](const std::string&) {});
  ASSERT_TRUE(shift.turn());
  ASSERT_EQ(executor.starts[0], 1);
  while (get("/api/studies/mine/trials/0")["state"] == "running")  // it cannot be reached meanwhile
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  executor.places = 2;
  for (int i = 0; i < 3; ++i) {
    const auto turned = shift.turn();
    ASSERT_TRUE(turned) << turned.error().message;
  }
  EXPECT_EQ(executor.starts[0], 2);
  EXPECT_TRUE(executor.running.contains(0));
  executor.end(SignalKind::Done, 0, {{"loss", 1.0}});
  ASSERT_TRUE(shift.turn());
  EXPECT_EQ(get("/api/studies/mine/trials/0")["state"], "done");
}

TEST_F(ServerTest, SpeaksTlsAndIsCheckedByItsClients) {
  const auto made = Subprocess::start(
      {.arguments = {"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out",
                     "cert.pem", "-days", "2", "-subj", "/CN=box", "-addext", "subjectAltName=IP:127.0.0.1"},
       .folder = folder()});
  ASSERT_TRUE(made) << made.error().message;
  while (!(*made)->poll()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  HttpOptions options;
  options.certificate = folder() / "cert.pem";
  options.key = folder() / "key.pem";
  options.access.tls = true;
  start(options);
  EXPECT_THAT(server_->url(), StartsWith("https://127.0.0.1:"));
  const auto unknown = connect()->ask("GET", "/api");  // a certificate that nobody has vouched for
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("--authorities"));
  const auto plain = HttpClient::create({.url = "http" + server_->url().substr(5)}).value()->ask("GET", "/api");
  ASSERT_FALSE(plain);
  EXPECT_THAT(plain.error().message, HasSubstr("https://"));
  const auto trusted = connect({}, folder() / "cert.pem")->ask("GET", "/api");
  ASSERT_TRUE(trusted) << trusted.error().message;
  EXPECT_EQ((*trusted)["api"], 1);
  HttpOptions wrong;
  wrong.certificate = folder() / "key.pem";
  wrong.key = folder() / "key.pem";
  EXPECT_THAT(start_another(wrong).error().message, HasSubstr("key.pem"));
}

TEST(HttpClient, RefusesWhatIsNoAddress) {
  for (const char* url : {"box:8765", "ftp://box", "http://", "http://box:port", "http://a/b", "http://me@box"})
    EXPECT_FALSE(HttpClient::create({.url = url})) << url;
  for (const char* url : {"http://box", "https://box:1/", "http://[::1]:8765"})
    EXPECT_TRUE(HttpClient::create({.url = url})) << url;
}

TEST(HttpClient, KnowsWhetherOthersCouldReadAToken) {
  const auto is_exposed = [](const char* url) { return HttpClient::create({.url = url}).value()->is_exposed(); };
  for (const char* url : {"http://box", "http://box:8765", "http://10.0.0.1/", "http://127.evil.org"})
    EXPECT_TRUE(is_exposed(url)) << url;
  for (const char* url : {"https://box", "http://localhost", "http://127.0.0.1:8765", "http://[::1]:8765"})
    EXPECT_FALSE(is_exposed(url)) << url;
}

}  // namespace
}  // namespace pegbox
