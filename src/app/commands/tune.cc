// pegbox tune: runs a study, or goes on with one.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/data_splits.h"
#include "app/default_space.h"
#include "app/engine/engine_run.h"
#include "app/event_line.h"
#include "app/held_out_result.h"
#include "app/quick_study.h"
#include "app/session.h"
#include "app/study_json.h"
#include "app/study_plan.h"
#include "app/study_run.h"
#include "app/study_server.h"

namespace pegbox {

namespace {

class Tune final : public Subcommand {
 public:
  CommandText text() const override {
    return {
        .name = "tune",
        .group = CommandGroup::Search,
        .summary = "run a study, or go on with it",
        .description =
            "Searches the hyperparameters that a study file describes, within its budget. Ctrl-C pauses cleanly; the "
            "same command goes on. A larger budget in the file goes on too; any other change is shown and refused "
            "unless --accept-changes is given. With --serve a browser follows and steers the study on this machine "
            "while it runs (docs/page.md); with --on the trials run by workers under Slurm or Ray, as many as are "
            "needed (docs/cluster.md). Without a file, --model, --data, --method and --budget make a study.",
        .example =
            "pegbox tune study.yaml\n"
            "pegbox tune study.yaml --dry-run\n"
            "pegbox tune study.yaml --serve --port 8765\n"
            "pegbox tune study.yaml --on slurm --partition gpu --gpus 1 --time 4h\n"
            "pegbox tune --model models/base --data notes.txt --method lora --budget 30m",
        .uses_store = true,
        .has_result = true};
  }

  std::vector<Option> options() override {
    std::vector<Option> options = own_options();
    for (Option& option : engine_.options()) options.push_back(std::move(option));
    return options;
  }

  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(StudyFile file, load());
    PEGBOX_CHECK(check_strategies(file.spec));
    if (dry_run_) return show_plan(session, file);
    PEGBOX_TRY(const StorePlace place, session.place());
    if (engine_.is_given()) PEGBOX_CHECK(engine_.check(file, place.files));
    PEGBOX_TRY(const auto store, session.create_store());
    PEGBOX_TRY(const auto server, start_server(session, *store, place));
    PEGBOX_TRY(HeldStudy held, hold_study(*store, file, accept_changes_, session.console()));
    session.console().say(held.is_new ? fmt::format("{} begins in {}.", file.spec.name, place.shown())
                                      : fmt::format("{} goes on: {}.", file.spec.name, standing(*held.study)));
    if (server) session.console().say(fmt::format("See it at {}/#/studies/{}", server->url(), file.spec.name));
    warn_of_test(session.console(), file, held);
    if (file.checks) {
      PEGBOX_TRY(const bool may_run,
                 check_study_data(*held.study, *file.checks, session.console(), session.interrupted()));
      if (!may_run) return ExitCode::Failed;
    }
    if (engine_.is_given()) return run_elsewhere(session, *store, std::move(held), file, place);
    PEGBOX_TRY(const RunResult result,
               run_study(*store, *held.study, file, place, session.console(), session.interrupted()));
    return report(session, *held.study, place, result);
  }

 private:
  Result<ExitCode> run_elsewhere(Session& session, Store& store, HeldStudy held, const StudyFile& file,
                                 const StorePlace& place) const {
    PEGBOX_TRY(const RunResult result,
               run_study_on(engine_, store, std::move(held), file, place, session.console(), session.interrupted()));
    PEGBOX_TRY(const auto study, Study::open(store, file.spec.name));
    return report(session, *study, place, result);
  }

  std::vector<Option> own_options() {
    return {
        {.names = "file",
         .target = &file_,
         .value = "FILE",
         .help = "the study file, YAML or JSON",
         .completion = Completion::File},
        {.names = "--dry-run", .target = &dry_run_, .value = "", .help = "say what it would run and cost, and stop"},
        {.names = "--accept-changes",
         .target = &accept_changes_,
         .value = "",
         .help = "go on although the study file is another one than before"},
        {.names = "--serve", .target = &serve_, .value = "", .help = "show the study in a browser while it runs"},
        {.names = "--model",
         .target = &quick_.model,
         .value = "DIR",
         .help = "without a file: the model's folder",
         .completion = Completion::Folder},
        {.names = "--data",
         .target = &quick_.data,
         .value = "PATH",
         .help = "without a file: text to train on (.txt, .jsonl or a folder); may be repeated",
         .completion = Completion::File},
        {.names = "--validation",
         .target = &quick_.validation,
         .value = "PATH",
         .help = "without a file: text to compare on; else a part of the data",
         .completion = Completion::File},
        {.names = "--method",
         .target = &quick_.method,
         .value = "METHOD",
         .help = "without a file: what is trained [lora]",
         .choices = methods_with_default_space()},
        {.names = "--budget",
         .target = &quick_.budget,
         .value = "LIMIT",
         .help = "without a file: 30m, 60trials or 2e8tokens; may be repeated"},
        {.names = "--set",
         .target = &quick_.set,
         .value = "NAME=VALUE",
         .help = "without a file: a field of the trainer that is not searched; may be repeated"},
        {.names = "--name", .target = &quick_.name, .value = "NAME", .help = "without a file: the study's name"},
        {.names = "--workers", .target = &quick_.workers, .value = "N", .help = "without a file: workers at once [1]"},
        {.names = "--seed", .target = &quick_.seed, .value = "N", .help = "without a file: of all randomness [0]"},
    };
  }

  Result<StudyFile> load() const {
    if (file_.empty()) {
      PEGBOX_TRY(Document document, quick_study_document(quick_));
      return StudyFile::read(std::move(document), std::filesystem::current_path());
    }
    if (!quick_.model.empty() || !quick_.data.empty() || !quick_.budget.empty() || !quick_.set.empty())
      return fail(ErrorKind::InvalidInput, {.where = "pegbox tune",
                                            .what = "a study file and flags that make a study",
                                            .hint = "write --model, --data, --budget and --set into the file"});
    return StudyFile::load(file_);
  }

  /// What makes the test data say less than they should.
  static void warn_of_test(Console& console, const StudyFile& file, const HeldStudy& held) {
    if (held.is_new) {
      const auto overlap = find_test_overlap(file.trial);
      if (overlap && overlap->shared > 0)
        console.warn(
            fmt::format("{} of {} test rows are also in the data that trials are judged by, such as {}; "
                        "`pegbox split` divides data without overlap",
                        overlap->shared, overlap->test_rows, overlap->place));
    } else if (held.study->state().notes().contains(kTestNote)) {
      console.warn("the test data have been looked at: what is tuned from here on is judged by nothing new");
    }
  }

  /// Beside the study, in this process; what it wants of the study goes through the store. None without --serve.
  Result<std::unique_ptr<StudyServer>> start_server(Session& session, Store& store, const StorePlace& place) const {
    if (!serve_ && !engine_.is_given() && engine_.port != 0)
      return fail(ErrorKind::InvalidInput, {.where = "--port",
                                            .what = "no server that it could be the port of",
                                            .hint = "`--serve --port N`, or `--on slurm --port N`"});
    if (!serve_) return nullptr;
    if (engine_.is_given())
      return fail(ErrorKind::InvalidInput, {.where = "--serve",
                                            .what = "--on has a server of its own, for the workers",
                                            .hint = "`pegbox serve` in another terminal shows the page"});
    if (engine_.port < 0 || engine_.port > 65535)
      return fail(
          ErrorKind::InvalidInput,
          {.where = "--port", .what = "no port", .got = std::to_string(engine_.port), .expected = "0 to 65535"});
    server::HttpOptions options;
    options.port = static_cast<std::uint16_t>(engine_.port);
    return StudyServer::start(std::move(options), store, place, session.console());
  }

  static std::string standing(const Study& study) { return status_line(study.history(), study.state().now_s()); }

  static Result<ExitCode> show_plan(Session& session, StudyFile& file) {
    PEGBOX_CHECK(file.describe());
    if (session.wants_json()) {
      Json plan = {{"spec", file.spec.source}, {"described", file.described ? *file.described : Json(nullptr)}};
      session.print_json(plan);
    } else {
      session.console().print(describe_plan(file, file.described));
    }
    return ExitCode::Done;
  }

  Result<ExitCode> report(Session& session, const Study& study, const StorePlace& place,
                          const RunResult& result) const {
    const std::string& name = study.name();
    const auto best = best_details(study.state(), place);
    if (session.wants_json() && best) session.print_json(*best);
    switch (result.outcome) {
      case Outcome::Paused:
        session.console().say(fmt::format("Paused ({}). The same command goes on: {}", result.reason, same_command()));
        return ExitCode::Interrupted;
      case Outcome::Stopped:
        session.console().say(fmt::format("Stopped ({}).", result.reason));
        break;
      case Outcome::Finished:
        session.console().say(fmt::format("Finished: {}.", result.reason));
        break;
    }
    if (!best)
      return fail(ErrorKind::Internal, {.where = name,
                                        .what = why_no_best(study.state()),
                                        .hint = fmt::format("`pegbox show {}` says what became of them", name)});
    if (!session.wants_json() && best->contains("trial")) print_best(session, study, *best);
    return ExitCode::Done;
  }

  /// `details`: as best_details has them.
  static void print_best(Session& session, const Study& study, const Json& details) {
    const std::string& name = study.name();
    const Trial& best = study.state().trial(details["trial"].get<std::int64_t>());
    session.console().print(fmt::format("best: trial {} of {}: {}\n", best.number, name, show_config(best.config)));
    if (!study.state().spec().space.contains(best.config))
      session.console().say("Its configuration is outside the present space: the study file was changed after it ran.");
    if (best.state != TrialState::Done)
      session.console().say(
          fmt::format("No trial ran to its full length; this one was ended at {}. A new study with a "
                      "larger budget, or shorter trials, lets some finish.",
                      show_step(study.state().spec(), best.step)));
    if (details["lowest"] != details["trial"])
      session.console().say(fmt::format("Trial {} has the best single result; less is expected of its configuration.",
                                        details["lowest"].get<std::int64_t>()));
    session.console().say(fmt::format("`pegbox best {}` and `pegbox show {}` say more.", name, name));
  }

  std::string same_command() const {
    if (file_.empty()) return "pegbox tune with the same flags";
    return "pegbox tune " + file_ + (engine_.is_given() ? " --on " + engine_.on : "");
  }

  std::string file_;
  bool dry_run_ = false, accept_changes_ = false, serve_ = false;
  QuickStudy quick_;
  EngineFlags engine_;
};

}  // namespace

std::unique_ptr<Subcommand> make_tune_command() { return std::make_unique<Tune>(); }

}  // namespace pegbox
