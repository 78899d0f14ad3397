// pegbox split: data divided into training, validation and test files without leaks.
#include <fmt/format.h>

#include "app/check_range.h"
#include "app/commands/table.h"
#include "app/data_flags.h"
#include "app/session.h"
#include "app/worker_places.h"
#include "text/data_split.h"

namespace pegbox {

namespace {

class Split final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "split",
            .group = CommandGroup::Models,
            .summary = "divide data into training, validation and test files without leaks",
            .description =
                "Writes train.jsonl, validation.jsonl and test.jsonl to a folder. Rows that are equal or nearly so go "
                "to the same file, and so do rows with the same value of the field --by. The same seed divides the "
                "same data in the same way.",
            .example =
                "pegbox split data.jsonl --output parts --fractions 0.9,0.05,0.05\n"
                "pegbox split films.csv --output parts --fractions 0.8,0.2 --by author --stratify label",
            .has_result = true};
  }
  std::vector<Option> options() override {
    std::vector<Option> options = data_.options();
    const std::vector<Option> more = {
        {.names = "--output",
         .target = &output_,
         .value = "DIR",
         .help = "the folder; it is made if need be",
         .completion = Completion::Folder,
         .required = true},
        {.names = "--fractions",
         .target = &fractions_,
         .value = "NUMBERS",
         .help = "of training, validation and perhaps test data [0.9,0.05,0.05]"},
        {.names = "--by", .target = &options_.by, .value = "FIELD", .help = "rows with one value of it stay together"},
        {.names = "--stratify",
         .target = &options_.stratify,
         .value = "FIELD",
         .help = "each file gets each value of it in its fraction"},
        {.names = "--seed", .target = &seed_, .value = "N", .help = "of the order in which rows are dealt out [0]"}};
    options.insert(options.end(), more.begin(), more.end());
    return options;
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const text::DataPart data, data_.part("data"));
    PEGBOX_TRY(options_.dataset, data_.dataset_options());
    PEGBOX_CHECK(check_range("--seed", seed_, 0));
    options_.seed = static_cast<std::uint64_t>(seed_);
    options_.threads = Resources::look().cores;
    options_.interrupted = &session.interrupted();
    for (const std::string& number : split_names(fractions_)) {
      PEGBOX_TRY(const double fraction, parse_fraction(number));
      options_.fractions.push_back(fraction);
    }
    PEGBOX_TRY(const text::SplitReport report, text::split_data(data, output_, options_));
    if (session.wants_json()) {
      session.print_json(to_json(report));
      return ExitCode::Done;
    }
    for (const auto& part : report.parts)
      session.console().print(
          fmt::format("{:<12}{} rows in {}, sha256 {}\n", part.name, part.rows, part.file, part.sha256));
    session.console().print(fmt::format("{} rows in {} groups that stay together, the largest of {}\n", report.rows,
                                        report.groups, report.largest_group));
    return ExitCode::Done;
  }

 private:
  static Result<double> parse_fraction(const std::string& text) {
    const auto json = parse_json(text, "--fractions");
    if (json && json->is_number()) return json->get<double>();
    return fail(
        ErrorKind::InvalidInput,
        {.where = "--fractions", .what = "this is no number", .got = text, .expected = "such as 0.9,0.05,0.05"});
  }

  DataFlags data_;
  text::SplitOptions options_;
  std::string output_, fractions_ = "0.9,0.05,0.05";
  std::int64_t seed_ = 0;
};

}  // namespace

std::unique_ptr<Subcommand> make_split_command() { return std::make_unique<Split>(); }

}  // namespace pegbox
