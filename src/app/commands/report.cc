// pegbox report: a study as one HTML page.
#include "report/report.h"

#include "app/account_of_study.h"
#include "app/commands/table.h"
#include "app/session.h"
#include "base/file.h"

namespace pegbox {

namespace {

class ReportCommand final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "report",
            .group = CommandGroup::Studies,
            .summary = "write a study as one HTML page",
            .description =
                "Writes a page that needs nothing else, neither a network nor a script: how the best came about, "
                "learning curves with stopped and paused trials marked, what mattered and where it did not, results "
                "against each hyperparameter, failures, and all trials with the reason for each. Every drawing is "
                "there as a table too. A study that runs may be written as well: as it stands.",
            .example = "pegbox report code-lora\npegbox report code-lora --output report.html",
            .uses_store = true,
            .has_result = true};
  }
  std::vector<Option> options() override {
    return {study_argument(&study_),
            {.names = "-o,--output",
             .target = &output_,
             .value = "FILE",
             .help = "where to write it [STUDY.html]",
             .completion = Completion::File}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const StorePlace place, session.place());
    PEGBOX_TRY(const OpenStudy open, session.open_study(study_));
    const Path file = output_.empty() ? Path(open.name + ".html") : Path(output_);
    PEGBOX_CHECK(replace_file(file, html_report(account_of_study(open.study->state(), place, open.is_running))));
    if (session.wants_json())
      session.print_json(Json{{"file", file.string()}});
    else
      session.console().print(file.string() + "\n");
    return ExitCode::Done;
  }

 private:
  std::string study_, output_;
};

}  // namespace

std::unique_ptr<Subcommand> make_report_command() { return std::make_unique<ReportCommand>(); }

}  // namespace pegbox
