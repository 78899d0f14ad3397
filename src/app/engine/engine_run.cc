// EngineRun: a study whose trials run under an engine.
#include "app/engine/engine_run.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <utility>

#include "app/engine/reception.h"
#include "app/engine/roll_call.h"
#include "app/engine/staffing.h"
#include "app/progress.h"
#include "app/server/server.h"
#include "app/stored_studies.h"
#include "search/hope.h"

namespace pegbox {

namespace {

constexpr std::chrono::milliseconds kTurn{100};
constexpr double kLook_s = 3;    // between looks at the engine
constexpr double kLeave_s = 70;  // for workers to hand back what they have; see RemoteWorker
constexpr std::size_t kMostEvents = 1000;

class EngineRun {
 public:
  EngineRun(const EngineFlags& engine, Store& store, const StudyFile& file, const StorePlace& place, Console& console,
            const std::atomic<bool>& interrupted)
      : engine_(engine),
        store_(store),
        place_(place),
        console_(console),
        interrupted_(interrupted),
        name_(file.spec.name),
        most_(engine.count(file)),
        studies_(store, place, file.folder, console) {}

  Result<RunResult> run(HeldStudy held, const StudyFile& file) {
    PEGBOX_CHECK(open(file));
    state_ = held.study->state();
    events_at_start_ = state_.event_count();
    Progress progress(*held.study, store_, console_, interrupted_);
    PEGBOX_CHECK(hand_over(std::move(held)));
    const auto worked = work(progress);
    farewell();
    if (!worked) return tl::make_unexpected(worked.error());
    reception_.close();
    return outcome();
  }

 private:
  Result<void> open(const StudyFile& file) {
    const Path folder = place_.study_files(name_) / "engine";
    PEGBOX_TRY(reception_, Reception::open(std::filesystem::absolute(folder)));
    PEGBOX_CHECK(listen());
    PEGBOX_TRY(WorkerOrder order, engine_.order(file, place_.files));
    order.url = fmt::format("http://{}:{}", engine_.address(), server_->port());
    if (engine_.on == "slurm") order.token_file = reception_.token_file();
    console_.say(fmt::format("Workers reach it at {}.", order.url));
    PEGBOX_TRY(workforce_,
               engine_.make_workforce(std::move(order), reception_.token(), std::filesystem::absolute(folder)));
    return {};
  }

  /// Where workers that are there already look for it, if it can be.
  Result<void> listen() {
    server::HttpOptions options;
    options.address = engine_.host.empty() ? reachable_address() : engine_.host;
    options.access.tokens.admit(reception_.token(), server::Role::Work);
    options.port = engine_.port > 0 ? static_cast<std::uint16_t>(engine_.port) : reception_.port();
    auto started = server::Server::start(options, store_, studies_);
    if (!started && engine_.port == 0 && options.port != 0) {
      options.port = 0;
      started = server::Server::start(options, store_, studies_);
    }
    if (!started) return tl::make_unexpected(started.error());
    server_ = *std::move(started);
    return reception_.keep_port(server_->port());
  }

  Result<void> hand_over(HeldStudy held) {
    auto opened = std::make_shared<server::OpenedStudy>(
        server::OpenedStudy{std::move(held.lease), std::move(held.study), held.is_new, true});
    return ask([opened](server::Desk& desk) -> server::Answer {
             PEGBOX_CHECK(desk.take_over(std::move(*opened)));
             return Json();
           })
        .map([](const Json&) {});
  }

  server::Answer ask(std::function<server::Answer(server::Desk&)> decide) {
    return server_->decide(name_, std::move(decide));
  }

  Result<void> work(Progress& progress) {
    for (double looked_s = -kLook_s;;) {
      PEGBOX_CHECK(hear(progress));
      if (is_over()) return {};
      PEGBOX_CHECK(check_hope(state_.history(), TunerOptions{}.hopeless_after, false));
      if (interrupted_) PEGBOX_CHECK(pause());
      if (!interrupted_ && clock_.now_s() - looked_s >= kLook_s) {
        looked_s = clock_.now_s();
        PEGBOX_CHECK(staff());
      }
      std::this_thread::sleep_for(kTurn);
    }
  }

  Result<void> hear(Progress& progress) {
    for (;;) {
      PEGBOX_TRY(const auto events, store_.read(name_, state_.event_count(), kMostEvents));
      for (const Event& event : events) {
        PEGBOX_CHECK(state_.apply(event));
        progress.on_event(event);
      }
      if (events.size() < kMostEvents) return {};
    }
  }

  bool is_over() const {
    const std::string state = server::run_state(state_);
    return state_.event_count() > events_at_start_ && state != "running" && state != "new";
  }

  /// Workers hand back what they have, with its snapshots; the study pauses then.
  Result<void> pause() {
    if (pause_at_s_ == 0) {
      pause_at_s_ = clock_.now_s() + kLeave_s;
      PEGBOX_CHECK(dismiss_all());
    }
    const bool is_back = state_.history().in_state(TrialState::Running).empty();
    if (is_paused_ || (!is_back && clock_.now_s() < pause_at_s_)) return {};
    is_paused_ = true;
    return store_.post(name_, {Command::Pause, -1});
  }

  Result<void> dismiss_all() {
    PEGBOX_TRY(const auto hands, workforce_->look());
    std::vector<std::string> names;
    for (const Hand& hand : hands) names.push_back(hand.name);
    return workforce_->dismiss(names);
  }

  Result<void> staff() {
    const auto hands = workforce_->look();
    if (!hands && hands.error().kind != ErrorKind::Io) return tl::make_unexpected(hands.error());
    if (!hands) {
      if (!std::exchange(is_engine_away_, true)) console_.warn(hands.error().message + "; trying again until it does");
      return {};
    }
    is_engine_away_ = false;
    Staff staff{.hands = *hands, .present = present(), .busy = busy(), .now_s = clock_.now_s()};
    staff.wanted = workers_wanted(state_.history(), most_);
    PEGBOX_CHECK(call_the_roll(staff));
    tell(staff);
    const Change change = staff_change(staff);
    roll_.dismissed(change.dismiss);
    PEGBOX_CHECK(workforce_->dismiss(change.dismiss));
    if (change.hire <= 0) return {};
    PEGBOX_TRY(const auto hired, workforce_->hire(change.hire));
    roll_.hired(hired);
    return {};
  }

  std::map<std::string, server::Presence> present() {
    std::map<std::string, server::Presence> workers;
    (void)ask([&](const server::Desk& desk) -> server::Answer {
      workers = desk.attendance().workers();
      return Json();
    });
    return workers;
  }

  std::set<std::string> busy() const {
    std::set<std::string> names;
    for (const std::int64_t number : state_.history().in_state(TrialState::Running)) {
      const std::string& worker = state_.trial(number).worker;
      names.insert(worker.substr(0, worker.find('/')));
    }
    return names;
  }

  /// Workers that end before they ever ask for a trial will not get better by being hired again.
  Result<void> call_the_roll(const Staff& staff) {
    roll_.look(staff);
    if (!roll_.hopeless().empty()) return fail_silent(roll_.hopeless());
    const std::string unheard = roll_.unheard(staff.now_s);
    if (unheard.empty() || std::exchange(warned_, true)) return {};
    console_.warn(
        fmt::format("{} runs, but has not been heard: does its machine reach this one? --host says by which "
                    "address",
                    unheard));
    return {};
  }

  tl::unexpected<Error> fail_silent(const std::string& hand) const {
    return fail(ErrorKind::Io, {.where = hand,
                                .what = "workers end before they ask for a trial",
                                .got = workforce_->last_words(hand),
                                .hint = "try one by hand on such a machine; --host says by which address it reaches "
                                        "this one"});
  }

  void tell(const Staff& staff) {
    std::size_t run = 0;
    std::string why;
    for (const Hand& hand : staff.hands) {
      run += hand.runs ? 1 : 0;
      if (!hand.runs && why.empty()) why = hand.why;
    }
    const std::size_t waiting = staff.hands.size() - run;
    std::string line = fmt::format("{} of {} workers run", run, staff.wanted);
    if (waiting > 0)
      line += fmt::format(", {} wait{}{}", waiting, waiting == 1 ? "s" : "",
                          why.empty() || why == "None" ? "" : " (" + why + ")");
    if (line != std::exchange(told_, line)) console_.say(line);
  }

  /// Workers whose study is over leave by themselves, and those that were dismissed hand back; this server hears them.
  void farewell() {
    const double until_s = clock_.now_s() + kLeave_s;
    double dismiss_s = clock_.now_s() + 2 * kLook_s;
    for (;;) {
      const auto hands = workforce_->look();
      if (hands ? hands->empty() : hands.error().kind != ErrorKind::Io) return;
      if (clock_.now_s() > until_s) break;
      if (hands && clock_.now_s() > dismiss_s) {
        (void)dismiss_all();
        dismiss_s = until_s;
      }
      std::this_thread::sleep_for(5 * kTurn);
    }
    console_.warn("Workers are still there; they leave when they do not find their server.");
  }

  RunResult outcome() const {
    const Json note = state_.notes().contains(kRunNote) ? state_.notes().at(kRunNote) : Json::object();
    RunResult result{.outcome = Outcome::Finished, .reason = note.value("reason", "")};
    for (const Outcome each : {Outcome::Paused, Outcome::Stopped})
      if (note.value("state", "") == name_of(each)) result.outcome = each;
    return result;
  }

  const EngineFlags& engine_;
  Store& store_;
  const StorePlace& place_;
  Console& console_;
  const std::atomic<bool>& interrupted_;
  const std::string name_;
  const int most_;
  const SystemClock clock_;
  StoredStudies studies_;
  Reception reception_;
  std::unique_ptr<server::Server> server_;
  std::unique_ptr<Workforce> workforce_;
  StudyState state_;
  std::uint64_t events_at_start_ = 0;
  double pause_at_s_ = 0;  // whoever has not come back by then
  bool is_paused_ = false, is_engine_away_ = false, warned_ = false;
  RollCall roll_;
  std::string told_;
};

}  // namespace

Result<RunResult> run_study_on(const EngineFlags& engine, Store& store, HeldStudy held, const StudyFile& file,
                               const StorePlace& place, Console& console, const std::atomic<bool>& interrupted) {
  return EngineRun(engine, store, file, place, console, interrupted).run(std::move(held), file);
}

}  // namespace pegbox
