// pegbox export: a study as a table, as JSON, or as a study of Optuna.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/python_package.h"
#include "app/session.h"
#include "app/study_json.h"
#include "app/trials_csv.h"

namespace pegbox {

namespace {

class Export final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "export",
            .group = CommandGroup::Studies,
            .summary = "write a study for other programs",
            .description =
                "Writes a study as csv (a line for each trial, with its configuration and last metrics), as json (all "
                "that `pegbox show --json` prints, with every report), or into an Optuna storage: "
                "optuna-sqlite:FILE, optuna-journal:FILE, or a URL such as postgresql://user@host/database, with every "
                "trial, distribution and intermediate value. Optuna itself writes the latter: Python needs pegbox's "
                "package and optuna (PEGBOX_PYTHON names a Python that has them).",
            .example =
                "pegbox export code-lora --to csv -o trials.csv\npegbox export code-lora --to optuna-sqlite:optuna.db",
            .uses_store = true};
  }
  std::vector<Option> options() override {
    return {study_argument(&study_),
            {.names = "--to",
             .target = &to_,
             .value = "FORM",
             .help = "csv, json, optuna-sqlite:FILE, optuna-journal:FILE or a URL",
             .required = true},
            {.names = "-o,--output",
             .target = &output_,
             .value = "FILE",
             .help = "the file for csv and json [standard output]",
             .completion = Completion::File},
            {.names = "--as", .target = &new_name_, .value = "NAME", .help = "the study's name in Optuna [the same]"}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const auto store, session.open_store());
    PEGBOX_TRY(const std::string name, choose_study(*store, study_));
    if (to_ != "csv" && to_ != "json") return to_optuna(session, name);
    if (!new_name_.empty()) return unused("--as", "only a study in Optuna has a name of its own");
    PEGBOX_TRY(const auto study, Study::open(*store, name));
    PEGBOX_TRY(const bool is_running, store->is_leased(name));
    const std::string text =
        to_ == "csv" ? trials_csv(study->history()) : to_line(study_details(study->state(), is_running)) + "\n";
    if (output_.empty()) {
      session.console().print(text);
      return ExitCode::Done;
    }
    PEGBOX_CHECK(replace_file(output_, text));
    session.console().say(fmt::format("{} holds {} trials.", output_, study->history().trials.size()));
    return ExitCode::Done;
  }

 private:
  Result<ExitCode> to_optuna(Session& session, const std::string& name) const {
    if (to_.find(':') == std::string::npos)
      return fail(ErrorKind::InvalidInput, {.where = "pegbox export --to",
                                            .what = "no such form",
                                            .got = to_,
                                            .expected = "csv, json, optuna-sqlite:FILE, optuna-journal:FILE or a URL"});
    if (!output_.empty()) return unused("--output", "--to names the file");
    PEGBOX_TRY(const StorePlace place, session.place());
    std::vector<std::string> arguments{"export", "--to=" + to_};
    if (!new_name_.empty()) arguments.push_back("--as=" + new_name_);
    arguments.insert(arguments.end(), {"--", name});
    return run_python_module("pegbox.optuna", arguments, {{"PEGBOX_STORE", place.url}}, session.console(),
                             session.interrupted());
  }

  tl::unexpected<Error> unused(const std::string& flag, const std::string& why) const {
    return fail(ErrorKind::InvalidInput,
                {.where = "pegbox export", .what = flag + " says nothing to --to " + to_, .hint = why});
  }

  std::string study_, to_, output_, new_name_;
};

}  // namespace

std::unique_ptr<Subcommand> make_export_command() { return std::make_unique<Export>(); }

}  // namespace pegbox
