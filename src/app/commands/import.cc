// pegbox import: studies of Optuna's storages into the store.
#include "app/commands/table.h"
#include "app/python_package.h"
#include "app/session.h"

namespace pegbox {

namespace {

class Import final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "import",
            .group = CommandGroup::Studies,
            .summary = "take studies from Optuna",
            .description =
                "Copies the studies of an Optuna storage into the store, with every trial, its state, distributions, "
                "intermediate values and attributes. The source is an SQLite file, a journal file, or a URL such as "
                "postgresql://user@host/database. Optuna itself reads it: Python needs pegbox's package and optuna "
                "(PEGBOX_PYTHON names a Python that has them).",
            .example = "pegbox import optuna.db\npegbox import journal.log --study tuning --as tuning-2025",
            .uses_store = true};
  }
  std::vector<Option> options() override {
    return {
        {.names = "source",
         .target = &source_,
         .value = "FILE|URL",
         .help = "an SQLite or journal file of Optuna, or the URL of a database",
         .completion = Completion::File,
         .required = true},
        {.names = "--study", .target = &study_, .value = "NAME", .help = "one of its studies [all]"},
        {.names = "--as", .target = &new_name_, .value = "NAME", .help = "the study's name in the store [the same]"}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const StorePlace place, session.place());
    std::vector<std::string> arguments{"import"};
    if (!study_.empty()) arguments.push_back("--study=" + study_);
    if (!new_name_.empty()) arguments.push_back("--as=" + new_name_);
    arguments.insert(arguments.end(), {"--", source_});
    return run_python_module("pegbox.optuna", arguments, {{"PEGBOX_STORE", place.url}}, session.console(),
                             session.interrupted());
  }

 private:
  std::string source_, study_, new_name_;
};

}  // namespace

std::unique_ptr<Subcommand> make_import_command() { return std::make_unique<Import>(); }

}  // namespace pegbox
