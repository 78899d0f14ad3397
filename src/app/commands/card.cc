// pegbox card: the publishable account of a study.
#include "report/card.h"

#include "app/account_of_study.h"
#include "app/commands/table.h"
#include "app/session.h"
#include "base/file.h"

namespace pegbox {

namespace {

class CardCommand final : public Subcommand {
 public:
  CommandText text() const override {
    return {
        .name = "card",
        .group = CommandGroup::Studies,
        .summary = "the publishable account of a study",
        .description =
            "Prints a study's card in Markdown, in the form of a Hugging Face model card with its metadata: the "
            "best with its interval, the search and why it was that one, the space with priors and their sources, "
            "seeds, what mattered, failures by kind, time, hashes of the data and what their checks found, "
            "versions, hardware, all trials, and the command that runs it again. --json: the same and more, for "
            "programs; --schema: the JSON schema of that.",
        .example =
            "pegbox card code-lora > README.md\npegbox card code-lora --json --output card.json\npegbox card --schema",
        .uses_store = true,
        .has_result = true};
  }
  std::vector<Option> options() override {
    return {study_argument(&study_),
            {.names = "-o,--output",
             .target = &output_,
             .value = "FILE",
             .help = "where to write it [printed]",
             .completion = Completion::File},
            {.names = "--schema", .target = &schema_, .value = "", .help = "print the JSON schema of cards"}};
  }
  Result<ExitCode> run(Session& session) override {
    if (schema_) {
      session.print_json(card_schema());
      return ExitCode::Done;
    }
    PEGBOX_TRY(const StorePlace place, session.place());
    PEGBOX_TRY(const OpenStudy open, session.open_study(study_));
    const Json card = study_card(account_of_study(open.study->state(), place, open.is_running));
    if (!output_.empty()) {
      PEGBOX_CHECK(replace_file(Path(output_), session.wants_json()
                                                   ? card.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
                                                   : card_markdown(card)));
      session.console().say(output_);
    } else if (session.wants_json()) {
      session.print_json(card);
    } else {
      session.console().print(card_markdown(card));
    }
    return ExitCode::Done;
  }

 private:
  std::string study_, output_;
  bool schema_ = false;
};

}  // namespace

std::unique_ptr<Subcommand> make_card_command() { return std::make_unique<CardCommand>(); }

}  // namespace pegbox
