// pegbox what-if: what other strategies would have found in a study's place.
#include <fmt/format.h>

#include <limits>

#include "app/commands/table.h"
#include "app/event_line.h"
#include "app/session.h"
#include "app/text_table.h"
#include "app/what_if.h"

namespace pegbox {

namespace {

constexpr std::int64_t kMostReplayed = 200, kMostFunctions = 200;

Json what_if_json(const WhatIf& found) {
  Json rows = Json::array();
  for (const WhatIfRow& row : found.rows) {
    Json after = Json::array();
    for (std::size_t i = 0; i < found.checkpoints.size(); ++i)
      after.push_back({{"trials", found.checkpoints[i]},
                       {"difference", json_number(row.differences[i])},
                       {"low", json_number(row.intervals[i].low)},
                       {"high", json_number(row.intervals[i].high)}});
    rows.push_back({{"search", row.strategy},
                    {"is_own", row.is_own},
                    {"after", std::move(after)},
                    {"better_than_own_fraction", row.better_than_own_fraction}});
  }
  return {{"study_best", found.study_best}, {"strategies", std::move(rows)}, {"left_out", found.left_out}};
}

TextTable what_if_table(const WhatIf& found) {
  std::vector<TextTable::Column> columns{{"search"}};
  for (const std::int64_t trials : found.checkpoints)
    columns.push_back({fmt::format("after {}", trials), Align::Right}), columns.push_back({"90 %"});
  columns.push_back({"better than the study's", Align::Right});
  TextTable table(std::move(columns));
  for (const WhatIfRow& row : found.rows) {
    std::vector<std::string> cells{row.strategy + (row.is_own ? " (the study's)" : "")};
    for (std::size_t i = 0; i < found.checkpoints.size(); ++i) {
      cells.push_back(fmt::format("{:+.3g}", row.differences[i]));
      cells.push_back(fmt::format("{:+.3g} to {:+.3g}", row.intervals[i].low, row.intervals[i].high));
    }
    cells.push_back(row.is_own ? "" : fmt::format("{:.0f} %", 100 * row.better_than_own_fraction));
    table.add(std::move(cells));
  }
  return table;
}

class WhatIfCommand final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "what-if",
            .group = CommandGroup::Studies,
            .summary = "what other search strategies would have found",
            .description =
                "Replays every search strategy on functions that the study's finished trials leave possible: draws "
                "from a Gaussian process of their results, with the noise that it estimates. The table says by how "
                "much what a strategy finds differs from the study's best (below zero is better where the objective is "
                "minimized), on average and for 90 % of the functions. The functions are draws of the kind of model "
                "that gp uses, which flatters gp; and where the study has not looked, they are guesses.",
            .example =
                "pegbox what-if code-lora\npegbox what-if code-lora --trials 30 --functions 40\n"
                "pegbox what-if code-lora --json",
            .uses_store = true,
            .has_result = true};
  }
  std::vector<Option> options() override {
    return {study_argument(&study_),
            {.names = "--trials",
             .target = &trials_,
             .value = "N",
             .help = "length of a replay [as many as the study's, at most 60]"},
            {.names = "--functions", .target = &functions_, .value = "N", .help = "functions to replay on [16]"},
            {.names = "--seed", .target = &seed_, .value = "N", .help = "of all randomness [0]"}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_CHECK(check("--trials", trials_, 0, kMostReplayed));
    PEGBOX_CHECK(check("--functions", functions_, 2, kMostFunctions));
    PEGBOX_CHECK(check("--seed", seed_, 0, std::numeric_limits<std::int64_t>::max()));
    PEGBOX_TRY(const auto store, session.open_store());
    PEGBOX_TRY(const std::string name, choose_study(*store, study_));
    PEGBOX_TRY(const auto study, Study::open(*store, name));
    const WhatIfOptions options{.trials = trials_,
                                .functions = static_cast<int>(functions_),
                                .seed = static_cast<std::uint64_t>(seed_),
                                .progress = [&session](const std::string& strategy) {
                                  session.console().say("replaying " + strategy);
                                  return !session.interrupted().load();
                                }};
    PEGBOX_TRY(const WhatIf found, what_if(study->state(), options));
    if (session.wants_json()) {
      session.print_json(what_if_json(found));
      return ExitCode::Done;
    }
    const Terminal& out = session.console().out();
    session.console().print(
        fmt::format("{} against trial {}, the study's best, on {} functions that its trials leave possible\n\n",
                    study->state().spec().objective().metric, found.study_best, functions_) +
        what_if_table(found).render(out.is_terminal ? out.width : 0, out.has_unicode));
    for (const std::string& each : found.left_out) session.console().print("not replayed: " + each + "\n");
    return ExitCode::Done;
  }

 private:
  static Result<void> check(const char* flag, std::int64_t value, std::int64_t low, std::int64_t high) {
    if (value >= low && value <= high) return {};
    return fail(ErrorKind::InvalidInput, {.where = flag,
                                          .what = "out of range",
                                          .got = std::to_string(value),
                                          .expected = fmt::format("{} to {}", low, high)});
  }

  std::string study_;
  std::int64_t trials_ = 0, functions_ = 16, seed_ = 0;
};

}  // namespace

std::unique_ptr<Subcommand> make_what_if_command() { return std::make_unique<WhatIfCommand>(); }

}  // namespace pegbox
