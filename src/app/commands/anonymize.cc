// pegbox anonymize: data with something else in the place of personal data.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/data_flags.h"
#include "app/session.h"
#include "app/worker_places.h"
#include "text/anonymize.h"

namespace pegbox {

namespace {

class Anonymize final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "anonymize",
            .group = CommandGroup::Models,
            .summary = "replace personal data in data",
            .description =
                "Writes the rows to a new file with something else in the place of mail addresses, phone numbers, "
                "payment cards, IBANs, IP and MAC addresses, national numbers, keys and passwords, and of those names "
                "and street addresses that stand in known surroundings. It finds what has a form; most names in "
                "running text it does not (docs/data.md has numbers). Every text of a row is looked at; nothing "
                "passes that cannot be read.",
            .example =
                "pegbox anonymize chats.jsonl --output safe.jsonl\n"
                "pegbox anonymize chats.jsonl --output safe.jsonl --method surrogate --secret-file secret",
            .has_result = true};
  }
  std::vector<Option> options() override {
    return {data_.options().front(),
            new_file_option(&output_),
            {.names = "--method",
             .target = &method_,
             .value = "METHOD",
             .help = "what takes the place: a word, stars, a hash with a secret, or something of the same form that is "
                     "always the same for the same value [replace]",
             .choices = {"replace", "mask", "hash", "surrogate"}},
            {.names = "--kinds",
             .target = &kinds_,
             .value = "NAMES",
             .help = "only these, of " + text::personal_kind_names()},
            {.names = "--secret-file",
             .target = &secret_file_,
             .value = "FILE",
             .help = "the secret of hash and surrogate: any bytes, at least 16",
             .completion = Completion::File}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const text::DataPart data, data_.part("data"));
    PEGBOX_TRY(const text::AnonymizeMethod method, text::anonymize_method_of(method_));
    std::string secret;
    if (!secret_file_.empty()) {
      PEGBOX_TRY(secret, read_file(secret_file_));
    }
    text::PersonalKinds kinds = text::all_personal_kinds();
    if (!kinds_.empty()) {
      PEGBOX_TRY(kinds, text::personal_kinds_of(split_names(kinds_)));
    }
    PEGBOX_TRY(const auto anonymizer, text::Anonymizer::create(method, std::move(secret), kinds));
    PEGBOX_TRY(const auto report,
               text::anonymize_data(data, output_, anonymizer, Resources::look().cores, &session.interrupted()));
    const Json json = to_json(report);
    if (session.wants_json()) {
      session.print_json(json);
      return ExitCode::Done;
    }
    for (const auto& [kind, count] : json["found"].items())
      session.console().print(fmt::format("{:<16}{}\n", kind, count.get<std::int64_t>()));
    session.console().print(fmt::format("{} of {} rows changed, in {}\nsha256 {}\n", report.changed_rows, report.rows,
                                        report.output, report.sha256));
    return ExitCode::Done;
  }

 private:
  DataFlags data_;
  std::string output_, method_ = "replace", kinds_, secret_file_;
};

}  // namespace

std::unique_ptr<Subcommand> make_anonymize_command() { return std::make_unique<Anonymize>(); }

}  // namespace pegbox
