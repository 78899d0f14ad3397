// pegbox check: a look at data, or model and data, before compute is spent on them.
#include <fmt/format.h>

#include <algorithm>

#include "app/check_view.h"
#include "app/commands/table.h"
#include "app/data_flags.h"
#include "app/data_parts.h"
#include "app/preflight_view.h"
#include "app/run_flags.h"
#include "app/session.h"
#include "app/trainer_program.h"
#include "app/worker_places.h"

namespace pegbox {

namespace {

bool is_yaml(const std::string& path) { return path.ends_with(".yaml") || path.ends_with(".yml"); }

class Check final : public Subcommand {
 public:
  CommandText text() const override {
    return {
        .name = "check",
        .group = CommandGroup::Models,
        .summary = "look at data, or model and data, before training on them",
        .description =
            "Looks for what is wrong with data: duplicates and near duplicates, leaks between training and "
            "validation or test data, empty, cut and garbled texts, wrong encodings, repetition, documents that "
            "Gopher's, C4's or FineWeb's rules would reject, other languages, classes out of balance, contradictory "
            "and likely wrong labels. Takes "
            "data files and folders, or the run or study file that names them. With --preflight it shows what a "
            "run would train on instead: the data as tokens, a sample with what is learned of it, and what is "
            "wrong with that. Exit code 3 if something is found that --fail-on names, or if the run would be "
            "pointless.",
        .example =
            "pegbox check chats.jsonl --validation valid.jsonl --fail-on leakage\n"
            "pegbox check study.yaml --checks duplicates,near_duplicates --json\n"
            "pegbox check --preflight --model models/base --data chats.jsonl",
        .has_result = true};
  }
  std::vector<Option> options() override {
    std::vector<Option> options = flags_.options();
    options.front() = {.names = "files",
                       .target = &files_,
                       .value = "DATA",
                       .help = "training data, or the run file or study file (.yaml) that names them",
                       .completion = Completion::File};
    const std::vector<Option> more = {
        {.names = "--test",
         .target = &test_,
         .value = "PATH",
         .help = "data to judge the result by",
         .completion = Completion::File},
        {.names = "--checks", .target = &checks_, .value = "NAMES", .help = "only these, such as leakage,empty"},
        {.names = "--fail-on", .target = &fail_on_, .value = "NAMES", .help = "checks whose findings are faults"},
        language_option(&language_),
        {.names = "--examples", .target = &examples_, .value = "N", .help = "examples of each finding [3]"},
        {.names = "--preflight", .target = &preflight_, .value = "", .help = "the tokens, masks and sizes of a run"},
        {.names = "--samples", .target = &samples_, .value = "N", .help = "preflight: rows to show [1]"}};
    options.insert(options.end(), more.begin(), more.end());
    return options;
  }
  Result<ExitCode> run(Session& session) override { return preflight_ ? run_preflight(session) : run_checks(session); }

 private:
  /// A run file or study file among the files is the flags' file, the others are training data. A preflight takes no
  /// others.
  Result<void> sort_files() {
    for (const std::string& file : files_) {
      if (!preflight_ && !is_yaml(file)) {
        flags_.data.push_back(file);
      } else if (flags_.file.empty()) {
        flags_.file = file;
      } else {
        return fail(ErrorKind::InvalidInput, {.where = "pegbox check", .what = "two run files", .got = file});
      }
    }
    return {};
  }

  Result<ExitCode> run_checks(Session& session) {
    const bool has_flag = !flags_.data.empty();
    PEGBOX_CHECK(sort_files());
    if (!has_flag && !flags_.file.empty() && !flags_.data.empty())
      return fail(ErrorKind::InvalidInput,
                  {.where = "pegbox check",
                   .what = "the run or study file names its own data",
                   .got = fmt::format("{} and {}", flags_.file, flags_.data.front()),
                   .hint = "check the data files alone, or say --data to replace what the file names"});
    PEGBOX_TRY(const Json config, flags_.config(/*takes_study=*/true));
    Json data = config.value("data", Json());
    if (data.is_null() || (data.is_object() && !data.contains("train") && !data.contains("stream")))
      return fail(ErrorKind::InvalidInput, {.where = "pegbox check",
                                            .what = "nothing to check is named",
                                            .expected = "data files, or a study file, or --preflight"});
    if (!test_.empty()) data["test"] = test_;
    PEGBOX_TRY(const DataParts named, data_parts_of(data, flags_.called()));
    text::CheckOptions options{
        .dataset = named.options, .threads = Resources::look().cores, .interrupted = &session.interrupted()};
    options.examples = static_cast<std::size_t>(std::max<std::int64_t>(examples_, 0));
    if (!checks_.empty()) {
      PEGBOX_TRY(options.checks, checks_of_flag(checks_, "--checks"));
    }
    PEGBOX_TRY(options.language, language_of_flag(language_, options.checks));
    if (!fail_on_.empty()) {
      PEGBOX_TRY(options.faults, checks_of_flag(fail_on_, "--fail-on"));
    }
    PEGBOX_CHECK(check_faults(options, named.parts.size()));
    PEGBOX_TRY(const text::CheckReport report, text::check_data(named.parts, options));
    if (session.wants_json())
      session.print_json(to_json(report));
    else
      session.console().print(check_text(to_json(report), session.console().out_paint()));
    return report.has_fault() ? ExitCode::Failed : ExitCode::Done;
  }

  /// InvalidInput for a fault that can never be found.
  static Result<void> check_faults(const text::CheckOptions& options, std::size_t parts) {
    for (std::size_t i = 0; i < text::kCheckKinds; ++i) {
      const auto kind = static_cast<text::CheckKind>(i);
      const bool is_alone = kind == text::CheckKind::Leakage && parts < 2;
      if (!options.faults[i] || (options.checks[i] && !is_alone)) continue;
      return fail(ErrorKind::InvalidInput,
                  {.where = "--fail-on",
                   .what = fmt::format("{} would never be found", text_of(kind).name),
                   .hint = is_alone ? "name the data that nothing should leak to: --validation or --test"
                                    : "--checks leaves it out; name it there too"});
    }
    return {};
  }

  Result<ExitCode> run_preflight(Session& session) {
    PEGBOX_CHECK(sort_files());
    PEGBOX_TRY(Json config, flags_.config(/*takes_study=*/true));
    config["rows"] = samples_;
    config.erase("output");
    PEGBOX_TRY(const auto trainer, TrainerProgram::find());
    PEGBOX_TRY(Json result, trainer.ask("preflight", config, flags_.called()));
    complete_preflight(result);
    if (session.wants_json())
      session.print_json(result);
    else
      session.console().print(preflight_text(result, session.console().out().has_color));
    return has_fault(result) ? ExitCode::Failed : ExitCode::Done;
  }

  RunFlags flags_;
  std::vector<std::string> files_;
  std::string test_, checks_, fail_on_, language_;
  bool preflight_ = false;
  std::int64_t samples_ = 1, examples_ = 3;
};

}  // namespace

std::unique_ptr<Subcommand> make_check_command() { return std::make_unique<Check>(); }

}  // namespace pegbox
