// A server and workers as processes: whole studies, and what becomes of them when one of either is killed.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "app/program_test_kit.h"
#include "app/server/http_client.h"
#include "base/descriptor.h"
#include "search/event.h"
#include "search/stores/table.h"

namespace pegbox {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

/// Reports at steps 1, 2, ... 6, an eighth of a second in all, and notes in runs.txt that it was started.
constexpr char kTrain[] = R"(
echo "$PEGBOX_TRIAL" >> "$RUNS"
for step in 1 2 3 4 5 6; do
  echo "{\"step\": $step, \"loss\": $1.$step}" >&"$PEGBOX_REPORT_FD"
  sleep 0.02
done
)";

std::string study_file(const std::string& name, const Json& changes = Json::object()) {
  Json file = {{"name", name},
               {"trial", {{"command", "sh train.sh {x}"}}},
               {"space", {{"x", {{"range", {1, 9}}, {"integer", true}}}, {"seed", {{"range", {0, 1}}}}}},
               {"objective", {{"minimize", "loss"}}},
               {"budget", {{"trials", 12}}},
               {"search", "random"},
               {"stop", "none"},
               {"steps", 6},
               {"workers", {{"lease", "2s"}, {"grace", "1s"}}}};
  file.update(changes);
  return to_line(file);
}

class ClusterTest : public ProgramTest {
 protected:
  ClusterTest() : port_(free_port()) {
    write("train.sh", "RUNS=runs.txt\n" + std::string(kTrain));
    serve();
  }

  static int free_port() {
    const Descriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    return ntohs(at.sin_port);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  void serve() {
    server_ = start({"serve", "--port", std::to_string(port_)});
    client_ = *server::HttpClient::create({.url = url(), .timeout_s = 10});
    ASSERT_TRUE(wait_until([&] { return client_->ask("GET", "/api").has_value(); }));
  }
  void kill_server() {
    server_->signal_group(SIGKILL);
    server_ = nullptr;
  }

  void create(const std::string& file) {
    const auto made = client_->ask("POST", "/api/studies", {{"file", file}});
    ASSERT_TRUE(made) << made.error().message;
  }
  std::unique_ptr<Subprocess> work(const std::string& study) { return start({"worker", url(), "--study", study}); }

  std::vector<Event> events(const std::string& study) const {
    const auto store = open_store("sqlite:" + (folder() / "pegbox.db").string(), OpenMode::ReadOnly);
    EXPECT_TRUE(store) << store.error().message;
    return *(*store)->read(study);
  }

  std::int64_t done(const std::string& study) const {
    return std::ranges::count_if(events(study), [](const Event& event) {
      const auto* moved = std::get_if<event::TrialMoved>(&event.what);
      return moved != nullptr && moved->to == TrialState::Done;
    });
  }
  bool wait_for(const std::string& study, std::int64_t count) const {
    return wait_until([&] { return done(study) >= count; });
  }
  /// For a worker that has ended a trial and is in the midst of another.
  bool wait_for_work(const std::string& study) const {
    return wait_until([&] {
      const auto all = events(study);
      const auto started = std::ranges::count_if(
          all, [](const Event& event) { return std::holds_alternative<event::TrialStarted>(event.what); });
      return done(study) >= 1 && started > done(study);
    });
  }

  /// How often each trial's program was started.
  std::map<std::string, int> runs() const {
    std::map<std::string, int> counts;
    std::istringstream lines(read_file(folder() / "runs.txt").value_or(""));
    for (std::string line; std::getline(lines, line);) ++counts[line];
    return counts;
  }

  void expect_whole(const std::string& study, std::size_t trials) {
    const auto answer = client_->ask("GET", "/api/studies/" + study);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ((*answer)["state"], "finished");
    ASSERT_THAT((*answer)["trials"], SizeIs(trials));
    for (const Json& trial : (*answer)["trials"]) {
      EXPECT_EQ(trial["state"], "done") << to_line(trial);
      std::vector<int> steps;
      for (const Json& report : trial["reports"]) steps.push_back(report["step"].get<int>());
      EXPECT_EQ(steps, (std::vector<int>{1, 2, 3, 4, 5, 6})) << to_line(trial);
    }
  }

  const int port_;
  std::unique_ptr<Subprocess> server_;
  std::unique_ptr<server::HttpClient> client_;
};

TEST_F(ClusterTest, TwoWorkersRunAWholeStudy) {
  create(study_file("whole"));
  const auto one = work("whole"), two = work("whole");
  EXPECT_EQ(finish(*one).code, 0);
  EXPECT_EQ(finish(*two).code, 0);
  expect_whole("whole", 12);
  std::set<std::string> workers;
  for (const Event& event : events("whole"))
    if (const auto* started = std::get_if<event::TrialStarted>(&event.what))
      workers.insert(started->worker.substr(0, started->worker.find('/')));
  EXPECT_THAT(workers, SizeIs(2));
  const auto started = runs();
  EXPECT_THAT(started, SizeIs(12));
  for (const auto& [trial, count] : started) EXPECT_EQ(count, 1) << trial;
}

TEST_F(ClusterTest, AServerThatIsKilledLosesAndDoublesNothing) {
  create(study_file("killed", {{"workers", {{"lease", "20s"}}}}));
  const auto one = work("killed"), two = work("killed");
  for (const std::int64_t count : {2, 6}) {
    ASSERT_TRUE(wait_for("killed", count));
    kill_server();
    std::this_thread::sleep_for(std::chrono::milliseconds(400));  // trials end meanwhile
    serve();
  }
  EXPECT_EQ(finish(*one).code, 0);
  EXPECT_EQ(finish(*two).code, 0);
  expect_whole("killed", 12);
  for (const auto& [trial, count] : runs()) EXPECT_EQ(count, 1) << trial;
}

TEST_F(ClusterTest, AWorkerThatIsKilledLosesItsTrialToAnother) {
  create(study_file("dead"));
  const auto doomed = work("dead");
  ASSERT_TRUE(wait_for_work("dead"));
  doomed->signal_group(SIGKILL);
  const auto other = work("dead");
  EXPECT_EQ(finish(*other).code, 0);
  expect_whole("dead", 12);
  const auto all = events("dead");
  EXPECT_EQ(std::ranges::count_if(all,
                                  [](const Event& event) {
                                    const auto* moved = std::get_if<event::TrialMoved>(&event.what);
                                    return moved != nullptr && moved->failure == FailureKind::WorkerLost &&
                                           moved->to == TrialState::Waiting;
                                  }),
            1);
}

TEST_F(ClusterTest, AWorkerThatIsToldToLeaveHandsItsTrialBack) {
  create(study_file("left"));
  const auto first = work("left");
  ASSERT_TRUE(wait_for_work("left"));
  ::kill(first->process_id(), SIGTERM);
  EXPECT_EQ(finish(*first).code, 130);
  const auto all = events("left");
  const auto is_handed_back = [](const Event& event) {
    const auto* moved = std::get_if<event::TrialMoved>(&event.what);
    return moved != nullptr && moved->to == TrialState::Waiting && moved->detail == "its worker left";
  };
  EXPECT_EQ(std::ranges::count_if(all, is_handed_back), 1);
  const auto second = work("left");
  EXPECT_EQ(finish(*second).code, 0);
  expect_whole("left", 12);
}

TEST_F(ClusterTest, TrialsArePausedAndGoOnWithWhicheverWorkerIsFree) {
  write("worker.py", R"(
import json, os, sys
def say(name, **fields): print(json.dumps({name: fields}), flush=True)
os.makedirs("snapshots", exist_ok=True)
configs, steps = {}, {}
say("ready", protocol=1, slots=2, describes=True)
for line in sys.stdin:
    (name, message), = json.loads(line).items()
    trial = message.get("trial")
    if name == "describe":
        say("described", id=message["id"], values={"steps": 27}, limits={})
    elif name == "start":
        configs[trial], resume = message["config"], message["resume"]
        steps[trial] = int(open("snapshots/" + resume["checkpoint"]).read()) if resume else 0
    elif name in ("stop", "release"):
        steps.pop(trial, None)
        if name == "stop": say("stopped", trial=trial)
    elif name == "pause":
        say("paused", trial=trial, step=steps[trial], checkpoint="%d-%d" % (trial, steps[trial]))
    elif name == "quit":
        break
    if name in ("start", "go"):
        steps[trial] = message["until"] or 27
        metrics = {"loss": abs(configs[trial]["x"] - 3) + 1 / steps[trial]}
        if message["until"]:
            open("snapshots/%d-%d" % (trial, steps[trial]), "w").write(str(steps[trial]))
            say("reached", trial=trial, step=steps[trial], metrics=metrics, checkpoint="%d-%d" % (trial, steps[trial]))
        else:
            say("done", trial=trial, step=27, metrics=metrics)
)");
  Json file = *parse_json(study_file("paused", {{"trial", {{"worker", "python3 worker.py"}}},
                                                {"budget", {{"trials", 27}}},
                                                {"stop", {{"name", "asha"}, {"reduction", 3}, {"min", 3}}}}),
                          "study");
  file.erase("steps");  // as the worker describes it
  create(to_line(file));
  const auto one = work("paused"), two = work("paused");
  const ProgramRun first = finish(*one), second = finish(*two);
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(second.code, 0) << second.err;
  const auto answer = client_->ask("GET", "/api/studies/paused");
  ASSERT_TRUE(answer);
  EXPECT_EQ((*answer)["state"], "finished");
  const Json& counts = (*answer)["trial_counts"];
  EXPECT_GE(counts["done"].get<int>(), 1);
  EXPECT_EQ(counts["failed"], 0) << to_line((*answer)["trials"]).substr(0, 3000);
  EXPECT_EQ(counts["running"], 0);
  int resumed = 0;
  for (const Event& event : events("paused"))
    if (const auto* started = std::get_if<event::TrialStarted>(&event.what))
      resumed += started->from > 0 && !started->worker.empty();
  EXPECT_GE(resumed, 3);  // paused, and later taken anew
}

TEST_F(ClusterTest, TheClientOfTheDocumentationWorks) {
  const std::string docs = read_file("docs/api.md").value();
  const auto begin = docs.find("# client.py"), end = docs.find("```", begin);
  ASSERT_NE(end, std::string::npos);
  write("client.py", docs.substr(begin, end - begin));
  create(study_file("asked"));
  const auto client = Subprocess::start({.arguments = {"python3", "client.py", url(), "asked"}, .folder = folder()});
  ASSERT_TRUE(client);
  const ProgramRun run = run_to_end(**client, 30);
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(done("asked"), 12);
}

TEST_F(ClusterTest, WrongUseIsSaid) {
  const ProgramRun exposed = pegbox({"serve", "--host", "0.0.0.0", "--port", "0"});
  EXPECT_EQ(exposed.code, 2);
  EXPECT_THAT(exposed.err, HasSubstr("there are no tokens"));
  EXPECT_EQ(pegbox({"serve", "--port", std::to_string(port_)}).code, 2);
  const ProgramRun token = pegbox({"serve", "--new-token", "read", "--tokens", "tokens.txt"});
  EXPECT_EQ(token.code, 0);
  write("token.txt", token.out);
  const ProgramRun empty = pegbox({"worker", "localhost:1"});
  EXPECT_EQ(empty.code, 2);
  EXPECT_THAT(empty.err, HasSubstr("http://HOST:PORT"));
  const ProgramRun unknown = pegbox({"worker", url(), "--study", "other"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("other"));
}

TEST_F(ClusterTest, AWorkerWithoutATokenIsRefused) {
  server_ = nullptr;
  EXPECT_EQ(pegbox({"serve", "--new-token", "work", "--tokens", "tokens.txt"}).code, 0);
  server_ = start({"serve", "--port", std::to_string(port_), "--tokens", "tokens.txt"});
  ASSERT_TRUE(wait_until([&] { return client_->send("GET", "/api").has_value(); }));
  const ProgramRun refused = pegbox({"worker", url()});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("a token is needed"));
}

}  // namespace
}  // namespace pegbox
