// pegbox train: one training run without a search.
#include "app/commands/table.h"
#include "app/preflight_view.h"
#include "app/rate_check.h"
#include "app/run_flags.h"
#include "app/session.h"
#include "app/trainer_program.h"

namespace pegbox {

namespace {

/// Warns of an odd learning rate as soon as the trainer has written what the run is of.
class RateWarning {
 public:
  RateWarning(Path facts, Console& console) : facts_(std::move(facts)), console_(console) {}

  const Path& facts() const { return facts_; }
  void look() {
    if (done_ || !std::filesystem::exists(facts_)) return;
    done_ = true;
    const auto text = read_file(facts_);
    const auto facts = text ? parse_json(*text, facts_.string()) : Result<Json>(Json());
    if (!facts || !facts->is_object()) return;
    if (const auto odd = odd_rate(*facts)) console_.warn(*odd);
  }

 private:
  Path facts_;
  Console& console_;
  bool done_ = false;
};

class Train final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "train",
            .group = CommandGroup::Models,
            .summary = "train one model or adapter, without a search",
            .description =
                "Trains once, with the fields of a run file (as under `trainer:` in a study file, and `output:`) "
                "and of flags; flags go first. With --verbose, says first what `pegbox check --preflight` says. Ctrl-C "
                "stops "
                "after a checkpoint.",
            .example =
                "pegbox train run.yaml\n"
                "pegbox train --model models/base --data notes.txt --output adapters/notes --set rank=8"};
  }
  std::vector<Option> options() override {
    std::vector<Option> options = flags_.options();
    options.push_back({.names = "-o,--output",
                       .target = &output_,
                       .value = "DIR",
                       .help = "where the result goes",
                       .completion = Completion::Folder});
    return options;
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(Json config, flags_.config());
    if (!output_.empty()) config["output"] = output_;
    if (!config.contains("output"))
      return fail(ErrorKind::InvalidInput,
                  {.where = "pegbox train", .what = "--output is missing", .expected = "a folder for the result"});
    PEGBOX_TRY(const auto trainer, TrainerProgram::find());
    if (session.verbose()) PEGBOX_CHECK(show_preflight(trainer, config, session.console()));
    PEGBOX_TRY(const auto folder, TemporaryFolder::create("pegbox"));
    RateWarning warning(folder.path() / "facts.json", session.console());
    if (!session.verbose()) config["facts"] = warning.facts().string();
    const bool is_result = !session.console().quiet() || config.value("json", Json(false)) == true;
    const auto output = is_result ? TrainerOutput::Result : TrainerOutput::Progress;
    return trainer.run("train", config, session.console(), session.interrupted(), output, flags_.called(),
                       [&] { warning.look(); });
  }

 private:
  Result<void> show_preflight(const TrainerProgram& trainer, Json config, Console& console) const {
    config["rows"] = 1;
    PEGBOX_TRY(Json result, trainer.ask("preflight", config, flags_.called()));
    complete_preflight(result);
    console.draw(preflight_text(result, console.err().has_color));
    return {};
  }

  RunFlags flags_;
  std::string output_;
};

}  // namespace

std::unique_ptr<Subcommand> make_train_command() { return std::make_unique<Train>(); }

}  // namespace pegbox
