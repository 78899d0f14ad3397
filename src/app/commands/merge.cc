// pegbox merge: a model and its adapters as one model, or several adapters as one adapter.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/data_flags.h"
#include "app/quick_study.h"
#include "app/session.h"
#include "app/trainer_program.h"

namespace pegbox {

namespace {

class Merge final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "merge",
            .group = CommandGroup::Models,
            .summary = "make one model of a model and adapters",
            .description =
                "Adds an adapter to its model's weights and writes the result as a model of its own, in the model's "
                "format. Several adapters (LoRA) become one first, by their weights; with --as adapter that one is "
                "what is written, in PEFT's format. What the methods do is in docs/parts.md.",
            .example =
                "pegbox merge --model models/base --adapter adapters/notes --output models/notes\n"
                "pegbox merge --model models/base --adapter adapters/notes --adapter adapters/code \\\n"
                "    --weights 0.7,0.3 --method ties --density 0.3 --as adapter -o adapters/both"};
  }
  std::vector<Option> options() override {
    return {
        model_option(&model_),
        {.names = "--adapter",
         .target = &adapters_,
         .value = "DIR",
         .help = "an adapter's folder; may be repeated",
         .completion = Completion::Folder,
         .required = true},
        {.names = "--weights",
         .target = &weights_,
         .value = "LIST",
         .help = "of the adapters, in their order, such as 0.7,0.3 [all alike, 1 in sum]"},
        {.names = "--method",
         .target = &method_,
         .value = "NAME",
         .help = "linear, cat, svd, ties, dare_linear, dare_ties or magnitude_prune; the last four also with _svd "
                 "[linear]"},
        {.names = "--density", .target = &density_, .value = "PART", .help = "of the values that is kept [0.5]"},
        {.names = "--set",
         .target = &set_,
         .value = "NAME=VALUE",
         .help = "a field of the trainer: merge_sign, merge_rank, merge_scale, seed; may be repeated"},
        {.names = "--as",
         .target = &as_,
         .value = "KIND",
         .help = "what is made [model]",
         .choices = {"model", "adapter"}},
        {.names = "-o,--output",
         .target = &output_,
         .value = "DIR",
         .help = "the folder for the result",
         .completion = Completion::Folder,
         .required = true},
    };
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const auto trainer, TrainerProgram::find());
    PEGBOX_TRY(Json config, is_plain() ? Result<Json>(Json{{"adapter", adapters_.front()}}) : several());
    config.update({{"model", model_}, {"output", output_}});
    PEGBOX_TRY(const Json result, trainer.ask("merge", config, "command line"));
    session.console().say(fmt::format("{} holds the merged {}.", output_, as_));
    return ExitCode::Done;
  }

 private:
  /// One adapter as it is, of any kind.
  bool is_plain() const {
    return adapters_.size() == 1 && as_ == "model" && weights_.empty() && method_.empty() && density_.empty() &&
           set_.empty();
  }

  Result<Json> several() const {
    Json config = {{"adapters", adapters_}, {"result", as_}};
    if (!method_.empty()) config["merge"] = method_;
    if (!density_.empty()) {
      PEGBOX_TRY(config["merge_density"], number(density_, "--density"));
    }
    if (!weights_.empty()) {
      PEGBOX_TRY(config["adapter_weights"], named_weights());
      config["adapters"] = named_folders();
    }
    PEGBOX_TRY(const Json fields, fields_of_flags(set_, "--set"));
    config.update(fields);
    return config;
  }

  /// The place of an adapter among the flags is its name where it has a weight.
  Json named_folders() const {
    Json folders = Json::object();
    for (std::size_t i = 0; i < adapters_.size(); ++i) folders[name_of(i)] = adapters_[i];
    return folders;
  }
  std::string name_of(std::size_t place) const { return fmt::format("adapter {}", place + 1); }

  Result<Json> named_weights() const {
    const std::vector<std::string> weights = split_names(weights_);
    if (weights.size() != adapters_.size())
      return fail(ErrorKind::InvalidInput,
                  {.where = "--weights",
                   .what = "each adapter has one weight",
                   .got = weights_,
                   .expected = fmt::format("{} numbers with commas between", adapters_.size())});
    Json named = Json::object();
    for (std::size_t i = 0; i < weights.size(); ++i) {
      PEGBOX_TRY(named[name_of(i)], number(weights[i], "--weights"));
    }
    return named;
  }

  static Result<Json> number(const std::string& text, const char* flag) {
    const auto json = parse_json(text, flag);
    if (json && json->is_number()) return *json;
    return fail(ErrorKind::InvalidInput, {.where = flag, .what = "this is no number", .got = text});
  }

  std::string model_, weights_, method_, density_, output_, as_ = "model";
  std::vector<std::string> adapters_, set_;
};

}  // namespace

std::unique_ptr<Subcommand> make_merge_command() { return std::make_unique<Merge>(); }

}  // namespace pegbox
