// pegbox augment: data with further forms of their rows.
#include <fmt/format.h>

#include "app/check_range.h"
#include "app/commands/table.h"
#include "app/data_flags.h"
#include "app/session.h"
#include "app/worker_places.h"
#include "text/data_augment.h"
#include "text/row_writer.h"

namespace pegbox {

namespace {

class Augment final : public Subcommand {
 public:
  CommandText text() const override {
    return {
        .name = "augment",
        .group = CommandGroup::Models,
        .summary = "make more examples out of those that are there",
        .description =
            "Writes each row to a new file of JSON lines as it stood, and behind it copies in other forms: with "
            "typos, with words left out, exchanged, or replaced by words of the same meaning (WordNet), or mixed "
            "with another text of its class. Only what is given to a model is changed (a prompt, an instruction, "
            "what users say, a text with a label), never what it learns, unless --fields names it. A copy is marked "
            "by the field `augmented`, with its method, strength and row; rows so marked are not changed again. "
            "The same seed makes the same copies. A report lies beside the file: .OUTPUT.report.json.",
        .example =
            "pegbox augment in.csv --columns text=text --columns label=intent --output more.jsonl "
            "--methods eda\n"
            "pegbox augment chats.jsonl --output more.jsonl --methods typos --strength 0.2 "
            "--copies 1",
        .has_result = true};
  }
  std::vector<Option> options() override {
    std::vector<Option> options = data_.options();
    const std::vector<Option> more = {
        new_file_option(&output_),
        {.names = "--methods",
         .target = &methods_,
         .value = "NAMES",
         .help = "each copy is made by one of them, drawn: " + text::augment_method_names() +
                 "; eda: synonyms, insert_synonyms, swap_words and delete_words [swap_words,delete_words]"},
        {.names = "--strength",
         .target = &options_.plan.strength,
         .value = "PART",
         .help = "of the words that change, at least one [0.1]"},
        {.names = "--copies", .target = &options_.plan.copies, .value = "N", .help = "of each row [4]"},
        {.names = "--fields",
         .target = &fields_,
         .value = "NAMES",
         .help = "of the file, whose texts change [what is given to a model]"},
        {.names = "--only-copies",
         .target = &options_.only_copies,
         .value = "",
         .help = "leave the rows themselves out"},
        {.names = "--seed", .target = &seed_, .value = "N", .help = "of methods and changes [0]"}};
    options.insert(options.end(), more.begin(), more.end());
    return options;
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const text::DataPart data, data_.part("data"));
    PEGBOX_TRY(options_.dataset, data_.dataset_options());
    PEGBOX_TRY(options_.plan.methods, text::augment_methods_of(split_names(methods_), "--methods"));
    PEGBOX_CHECK(check_range("--copies", options_.plan.copies, 1));
    PEGBOX_CHECK(check_range("--seed", seed_, 0));
    options_.plan.seed = static_cast<std::uint64_t>(seed_);
    options_.fields = split_names(fields_);
    options_.threads = Resources::look().cores;
    options_.interrupted = &session.interrupted();
    const Path report_path = report_beside(output_);
    PEGBOX_CHECK(text::check_is_new(report_path));
    PEGBOX_TRY(const text::AugmentReport report, text::augment_data(data, output_, options_));
    return leave_report(session, to_json(report, options_.plan), report_path, text_of_report);
  }

 private:
  static std::string text_of_report(const Json& report, const Paint& paint) {
    std::string lines;
    for (const auto& [method, count] : report["by_method"].items()) {
      lines += fmt::format("{:<18}{} copies\n", method, count.get<std::int64_t>());
      for (const Json& example : report["examples"])
        if (example["method"] == method)
          lines += fmt::format("  {}\n    {}\n    {}\n", example["place"].get<std::string>(),
                               paint.dim(clean_text(example["before"].get<std::string>())),
                               clean_text(example["after"].get<std::string>()));
    }
    const auto count = [&](const char* name) { return report[name].get<std::int64_t>(); };
    if (count("unchanged") > 0)
      lines += fmt::format("{} copies were as their row, and are left out\n", count("unchanged"));
    if (count("equal") > 0)
      lines += fmt::format("{} copies were as another one of their row, and are left out\n", count("equal"));
    if (count("marked") > 0) lines += fmt::format("{} rows were made before, and have no copies\n", count("marked"));
    return lines + fmt::format("{} copies of {} rows, in {}\nsha256 {}\nreport in {}\n", count("copies"), count("rows"),
                               report["output"].get<std::string>(), report["sha256"].get<std::string>(),
                               report["report"].get<std::string>());
  }

  DataFlags data_;
  text::AugmentOptions options_;
  std::string output_, methods_ = "swap_words,delete_words", fields_;
  std::int64_t seed_ = 0;
};

}  // namespace

std::unique_ptr<Subcommand> make_augment_command() { return std::make_unique<Augment>(); }

}  // namespace pegbox
