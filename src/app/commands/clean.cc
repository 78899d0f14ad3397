// pegbox clean: data without the rows that are there twice, leak, or break rules.
#include <fmt/format.h>

#include "app/check_view.h"
#include "app/commands/table.h"
#include "app/data_flags.h"
#include "app/session.h"
#include "app/worker_places.h"
#include "base/units.h"
#include "text/data_clean.h"
#include "text/row_writer.h"

namespace pegbox {

namespace {

class Clean final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "clean",
            .group = CommandGroup::Models,
            .summary = "data without duplicates, leaks and faulty rows",
            .description =
                "Writes the rows that stay to a new file of JSON lines, each as it stood, and beside it a report of "
                "what was removed and why: .OUTPUT.report.json. Nothing is changed in place. Removed are rows that "
                "cannot be read, are empty, garbled or in a wrong encoding, exact and near duplicates of earlier ones, "
                "and rows of the data given with --against, unless --checks names others.",
            .example =
                "pegbox clean chats.jsonl --against test.jsonl --output clean.jsonl\n"
                "pegbox clean web.jsonl --output clean.jsonl --checks empty,duplicates,near_duplicates,gopher,fineweb\n"
                "pegbox clean chats.jsonl --output clean.jsonl --checks duplicates,language --language en\n"
                "pegbox clean code.jsonl --output clean.jsonl --checks c4 --keep-rules c4_curly_bracket",
            .has_result = true};
  }
  std::vector<Option> options() override {
    std::vector<Option> options = data_.options();
    const std::vector<Option> more = {
        new_file_option(&output_),
        {.names = "--against",
         .target = &against_,
         .value = "PATH",
         .help = "validation or test data whose rows are removed; may be repeated",
         .completion = Completion::File},
        {.names = "--checks", .target = &checks_, .value = "NAMES", .help = "remove what these find, and nothing else"},
        language_option(&language_),
        {.names = "--keep-rules",
         .target = &kept_rules_,
         .value = "NAMES",
         .help = "quality rules that remove nothing, such as c4_curly_bracket"}};
    options.insert(options.end(), more.begin(), more.end());
    return options;
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const text::DataPart data, data_.part("data"));
    text::CleanOptions options{.kept_rules = split_names(kept_rules_),
                               .threads = Resources::look().cores,
                               .interrupted = &session.interrupted()};
    PEGBOX_TRY(options.dataset, data_.dataset_options());
    if (!checks_.empty()) {
      PEGBOX_TRY(options.remove, checks_of_flag(checks_, "--checks"));
      if (against_.empty() && options.remove[static_cast<std::size_t>(text::CheckKind::Leakage)])
        return fail(ErrorKind::InvalidInput, {.where = "--checks",
                                              .what = "leakage would never be found",
                                              .hint = "name the data that nothing should leak to: --against"});
    }
    PEGBOX_TRY(options.language, language_of_flag(language_, options.remove));
    const Path report_path = report_beside(output_);
    PEGBOX_CHECK(text::check_is_new(report_path));
    const text::DataPart against{"against", std::vector<Path>(against_.begin(), against_.end())};
    PEGBOX_TRY(const text::CleanReport report, text::clean_data(data, {&against, 1}, output_, options));
    return leave_report(session, to_json(report), report_path, text_of_report);
  }

 private:
  static std::string text_of_report(const Json& report, const Paint& paint) {
    std::string lines;
    for (const Json& removed : report["removed"])
      lines += fmt::format("removed {}: {} ({:.3g} %) {}\n", removed["check"].get<std::string>(),
                           removed["count"].get<std::int64_t>(), 100 * removed["fraction"].get<double>(),
                           removed["what"].get<std::string>()) +
               example_lines(removed, paint);
    return lines + fmt::format("{} of {} rows stay, in {}\nsha256 {}\nreport in {}\n",
                               report["kept"].get<std::int64_t>(), report["data"]["rows"].get<std::int64_t>(),
                               report["output"].get<std::string>(), report["sha256"].get<std::string>(),
                               report["report"].get<std::string>());
  }

  DataFlags data_;
  std::vector<std::string> against_;
  std::string output_, checks_, kept_rules_, language_;
};

}  // namespace

std::unique_ptr<Subcommand> make_clean_command() { return std::make_unique<Clean>(); }

}  // namespace pegbox
