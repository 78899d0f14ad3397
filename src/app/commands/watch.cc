// pegbox watch: drift, safety and feedback of a model in use, from its logs.
#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <utility>

#include "app/alarm_command.h"
#include "app/commands/table.h"
#include "app/session.h"
#include "app/watch_view.h"
#include "app/yaml_document.h"
#include "watch/examples.h"
#include "watch/watcher.h"

namespace pegbox {

namespace {

constexpr std::chrono::milliseconds kBetweenLooks{500};

/// Shows what a watch says, and runs the alarm command.
class Reporter final : public watch::Listener {
 public:
  Reporter(Session& session, const watch::AlarmRule& rule) : session_(session), rule_(rule) {}

  void on_note(const std::string& note) override { session_.console().warn(note); }
  void on_broken(const std::string& message) override {
    if (++broken_ <= kBrokenShown) session_.console().warn("left out: " + message);
    if (broken_ == kBrokenShown) session_.console().warn("further lines that are left out are counted only");
  }
  void on_window(const watch::WindowReport& report) override {
    Console& console = session_.console();
    if (session_.wants_json()) return console.print(to_line(to_json(report)) + "\n");
    console.print(window_line(report));
    if (session_.verbose()) console.print(window_table(report, console.out()));
  }
  void on_alarm(const watch::Alarm& alarm) override {
    Console& console = session_.console();
    const Json json = to_json(alarm);
    if (session_.wants_json())
      console.print(to_line(json) + "\n");
    else
      console.print(fmt::format("{} {}\n", console.out_paint().red("alarm:"), clean_text(alarm.text)));
    if (rule_.command.empty()) return;
    if (const auto done = run_alarm_command(rule_, json, session_.interrupted()); !done)
      console.warn(done.error().message);
  }

 private:
  static constexpr int kBrokenShown = 5;
  Session& session_;
  const watch::AlarmRule& rule_;
  int broken_ = 0;
};

class Watch final : public Subcommand {
 public:
  CommandText text() const override {
    return {
        .name = "watch",
        .group = CommandGroup::Models,
        .summary = "watch a model in use by its logs: drift, leaks, refusals, ratings",
        .description =
            "Reads the logs that a watch file names (JSON lines of prompt, output, scores and ratings), with "
            "personal data replaced, and compares each window of records with a reference: lengths, scores, "
            "ratings, groups and words. Rates of bad ratings, refusals, leaks and offences are tested after each "
            "record, with a bounded probability of ever being wrong. It goes on where it was left, follows the logs "
            "as they grow until Ctrl-C, or stops at their end with --once. Exit code 3 if it raised an alarm "
            "(docs/watch.md).",
        .example =
            "pegbox watch watch.yaml --once\n"
            "pegbox watch watch.yaml --json\n"
            "pegbox watch watch.yaml --examples feedback",
        .has_result = true};
  }
  std::vector<Option> options() override {
    return {{.names = "file",
             .target = &file_,
             .value = "FILE",
             .help = "the watch file (.yaml)",
             .completion = Completion::File,
             .required = true},
            {.names = "--once", .target = &once_, .value = "", .help = "read what is there, and stop"},
            {.names = "--examples",
             .target = &examples_,
             .value = "FOLDER",
             .help = "write corrections and outputs rated good there, as training examples, and stop",
             .completion = Completion::Folder}};
  }
  Result<ExitCode> run(Session& session) override {
    if (once_ && !examples_.empty())
      return fail(ErrorKind::InvalidInput, {.where = "--examples",
                                            .what = "this writes examples and ends, and watches nothing",
                                            .got = "--once, too",
                                            .expected = "one of them",
                                            .hint = "for both call it twice, first with --once"});
    PEGBOX_TRY(const Document document, read_document(file_));
    const Path file = file_, folder = file.parent_path();
    PEGBOX_TRY(const auto config,
               watch::WatchConfig::read(document, folder, (folder / (file.stem().string() + ".state.json")).string()));
    return examples_.empty() ? watch_logs(config, session) : write_examples(config, session);
  }

 private:
  static Result<ExitCode> end(ExitCode code, Session& session) {
    PEGBOX_CHECK(session.console().check_output());
    return code;
  }

  Result<ExitCode> write_examples(const watch::WatchConfig& config, Session& session) const {
    PEGBOX_TRY(const auto report, watch::write_examples(config, examples_, session.interrupted()));
    if (session.wants_json())
      session.print_json(to_json(report));
    else
      session.console().print(examples_text(report));
    return end(ExitCode::Done, session);
  }

  Result<ExitCode> watch_logs(const watch::WatchConfig& config, Session& session) const {
    Reporter reporter(session, config.alarm);
    PEGBOX_TRY(auto watcher, watch::Watcher::open(config, reporter));
    if (!once_) session.console().say(fmt::format("following {}; Ctrl-C stops", fmt::join(config.log_names, ", ")));
    bool is_missing_said = false;
    do {
      if (const auto done = watcher.read(reporter, once_, session.interrupted()); !done) {
        if (done.error().kind == ErrorKind::Interrupted) break;
        return tl::make_unexpected(done.error());
      }
      if (!watcher.has_any_log() && once_)
        return fail(ErrorKind::NotFound, {.where = config.logs.front(), .what = "there is no log yet"});
      if (!watcher.has_any_log() && !std::exchange(is_missing_said, true))
        session.console().warn("there is no log yet; waiting for one");
      if (!once_) std::this_thread::sleep_for(kBetweenLooks);
    } while (!once_ && !session.interrupted());
    const Json summary = watcher.summary();
    if (session.wants_json())
      session.console().print(to_line({{"summary", summary}}) + "\n");
    else
      session.console().print(watch_summary_text(summary, session.console().out()));
    if (watcher.alarms() > 0) return end(ExitCode::Failed, session);
    return end(session.interrupted() ? ExitCode::Interrupted : ExitCode::Done, session);
  }

  std::string file_, examples_;
  bool once_ = false;
};

}  // namespace

std::unique_ptr<Subcommand> make_watch_command() { return std::make_unique<Watch>(); }

}  // namespace pegbox
