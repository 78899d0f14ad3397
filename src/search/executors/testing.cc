// What the tests of executors share.
#include "search/executors/testing.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

namespace pegbox {

using std::chrono::milliseconds;

namespace {
constexpr double kPatience_s = 10;
}

// Trials: `length` steps (6) of `nap` seconds (0), the loss x / step. `crash`, `hang`, `fail`, `stubborn` happen at a
// step. A worker's own behaviour comes in its environment.
const char kPythonWorker[] = R"(
import json, os, sys, threading, time
mode = os.environ.get("MODE", "")
lock = threading.Lock()
asked, held = {}, {}
def say(message, **body):
    with lock:
        sys.stdout.write(json.dumps({message: body}) + "\n")
        sys.stdout.flush()
def run(trial, config, step, until):
    while True:
        if asked.get(trial) == "stop" and not config.get("stubborn"): asked.pop(trial); return say("stopped", trial=trial)
        if asked.get(trial) == "pause":
            asked.pop(trial)
            return say("paused", trial=trial, step=step, checkpoint="%d@%d" % (trial, step))
        step += 1
        time.sleep(config.get("nap", 0))
        if step == config.get("crash"): os._exit(3)
        if step == config.get("hang"): lock.acquire(); time.sleep(1000)
        if step == config.get("fail"): return say("failed", trial=trial, kind="diverged", detail="nan")
        metrics = {"loss": config.get("x", 1) / step}
        if step >= config.get("length", 6): return say("done", trial=trial, step=step, metrics=metrics)
        if until and step >= until:
            held[trial] = (config, step)
            name = "" if config.get("unnamed") else "%d@%d" % (trial, step)
            return say("reached", trial=trial, step=step, metrics=metrics, checkpoint=name)
        say("report", trial=trial, step=step, metrics=metrics)
def launch(*arguments): threading.Thread(target=run, args=arguments, daemon=True).start()
def alive():
    while True:
        time.sleep(0.05)
        say("alive")
if mode == "dies early": sys.stderr.write("no such model\n"); sys.exit(5)
if mode == "never ready": time.sleep(1000)
if mode == "mute": sys.stdout.close(); time.sleep(1000)
if mode == "garbage": print("hello\n{\"unheard\": {}}\n" + "x" * 2000000, flush=True)
say("ready", protocol=2 if mode == "protocol 2" else 1, slots=int(os.environ.get("SLOTS", 2)), describes=mode == "describes")
if mode != "silent": threading.Thread(target=alive, daemon=True).start()
if mode == "slots grow": time.sleep(0.1); say("ready", protocol=1, slots=7, describes=False)
for line in sys.stdin:
    (kind, body), = json.loads(line).items()
    sys.stderr.write("heard " + kind + " " + str(body.get("trial", "")) + "\n")
    if kind == "quit": break
    elif kind == "describe": say("described", id=body["id"], values={"parameters": 10}, limits={"peak_memory": "2 * rank"})
    elif kind == "start":
        step = 0
        if body["resume"]: step = int(body["resume"]["checkpoint"].split("@")[1])
        launch(body["trial"], body["config"], step, body["until"])
    elif kind == "go":
        config, step = held.pop(body["trial"])
        launch(body["trial"], config, step, body["until"])
    elif kind in ("stop", "pause"): asked[body["trial"]] = kind
    elif kind == "release": held.pop(body["trial"], None)
)";

const char kPythonTrial[] = R"(
import json, os, sys, threading, time
config = json.load(open(os.environ["PEGBOX_CONFIG"]))
state = os.path.join(os.environ["PEGBOX_CHECKPOINT_DIR"], "state")
until = int(os.environ["PEGBOX_UNTIL"])
report = os.fdopen(int(os.environ["PEGBOX_REPORT_FD"]), "w")
verdict = os.fdopen(int(os.environ["PEGBOX_VERDICT_FD"]))
def say(message): report.write(json.dumps(message) + "\n"); report.flush()
stopped = threading.Event()
def listen():
    global until
    for line in verdict:
        message = json.loads(line)
        if "stop" in message: stopped.set()
        else: until = message["go"]["until"]
        judged.set()
judged = threading.Event()
threading.Thread(target=listen, daemon=True).start()
step = 0
resume = os.environ.get("PEGBOX_RESUME")
if resume: step = int(open(resume if os.path.isfile(resume) else os.path.join(resume, "state")).read())
def save():
    with open(state + ".new", "w") as f: f.write(str(step))
    os.rename(state + ".new", state)
while step < config.get("length", 6):
    if stopped.is_set(): save(); say({"checkpoint": {"step": step, "name": "state"}}); sys.exit(0)
    step += 1
    time.sleep(config.get("nap", 0))
    if step == config.get("crash"): print("about to crash", flush=True); os._exit(3)
    if step == config.get("hang"): time.sleep(1000)
    if step == config.get("fail"): say({"failed": {"kind": "diverged", "detail": "nan"}}); sys.exit(1)
    save()
    at_rung = until and step >= until
    judged.clear()
    say({"step": step, "loss": config.get("x", 1) / step})
    if at_rung: judged.wait()
)";

bool ends_leg(SignalKind kind) { return kind != SignalKind::Report && kind != SignalKind::Checkpoint; }

std::vector<Signal> collect(Executor& executor, const std::function<bool(const std::vector<Signal>&)>& enough) {
  std::vector<Signal> all;
  const auto start = std::chrono::steady_clock::now();
  while (!enough(all)) {
    auto signals = executor.poll(milliseconds(20));
    if (!signals) {
      ADD_FAILURE() << signals.error().message;
      return all;
    }
    EXPECT_TRUE(std::ranges::is_sorted(*signals, [](const Signal& a, const Signal& b) {
      return std::tie(a.time_s, a.trial) < std::tie(b.time_s, b.trial);
    }));
    all.insert(all.end(), signals->begin(), signals->end());
    if (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() > kPatience_s) {
      ADD_FAILURE() << "the signals did not come; there were " << all.size();
      return all;
    }
  }
  return all;
}

Signal collect_end(Executor& executor, std::int64_t trial) {
  const auto is_end = [&](const Signal& signal) { return signal.trial == trial && ends_leg(signal.kind); };
  const auto signals = collect(executor, [&](const auto& all) { return std::ranges::any_of(all, is_end); });
  const auto end = std::ranges::find_if(signals, is_end);
  return end == signals.end() ? Signal{} : *end;
}

std::int64_t count(const std::vector<Signal>& signals, SignalKind kind) {
  return std::ranges::count(signals, kind, &Signal::kind);
}

std::vector<std::int64_t> steps_of(const std::vector<Signal>& signals, std::int64_t trial) {
  std::vector<std::int64_t> steps;
  for (const Signal& signal : signals) {
    if (signal.trial != trial || signal.metrics.empty()) continue;
    const bool repeats = signal.kind == SignalKind::Done && !steps.empty() && steps.back() == signal.step;
    if (!repeats) steps.push_back(signal.step);
  }
  return steps;
}

Launch launch_of(std::int64_t trial, Config config, std::int64_t until) {
  return {.trial = trial, .seed = 5, .config = std::move(config), .from = 0, .until = until, .resume = {}};
}

Launch next_leg(const Launch& before, const Signal& signal, std::int64_t until) {
  Launch launch = before;
  launch.from = signal.step;
  launch.until = until;
  if (!signal.checkpoint.empty()) launch.resume = CheckpointRef{before.trial, signal.step, signal.checkpoint};
  return launch;
}

Path write_program(const Path& folder, const std::string& name, const std::string& text) {
  std::ofstream(folder / name) << text;
  return folder / name;
}

bool is_alive(int process_id) {
  std::ifstream status("/proc/" + std::to_string(process_id) + "/stat");
  std::string text;
  std::getline(status, text);
  const auto end = text.rfind(')');
  return end != std::string::npos && end + 2 < text.size() && text[end + 2] != 'Z';
}

bool becomes_true(const std::function<bool()>& condition) {
  for (int i = 0; i < static_cast<int>(kPatience_s * 100); ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return false;
}

}  // namespace pegbox
