// pegbox what-if: what other strategies would have found in a study's place.
#include <fmt/format.h>

#include <thread>

#include "app/check_range.h"
#include "app/commands/table.h"
#include "app/event_line.h"
#include "app/session.h"
#include "app/study_json.h"
#include "app/text_table.h"
#include "app/what_if.h"

namespace pegbox {

namespace {

constexpr std::int64_t kMostReplayed = 200, kMostDraws = 200;

constexpr char kAssumes[] =
    "Assumed: the loss is a draw of a Gaussian process that fits the study's results, with the noise it finds; trials "
    "run to their end and none fails. Such functions suit gp; where the study has not looked they are guesses.";

Json what_if_json(const WhatIf& found, const std::string& metric, std::int64_t draws) {
  Json rows = Json::array();
  for (const WhatIfRow& row : found.rows) {
    Json after = Json::array();
    for (const Foresight& each : row.after)
      after.push_back({{"trials", each.trials},
                       {"found", json_number(each.found)},
                       {"difference", json_number(each.difference)},
                       {"low", json_number(each.interval.low)},
                       {"high", json_number(each.interval.high)}});
    rows.push_back({{"search", row.strategy},
                    {"is_own", row.is_own},
                    {"after", std::move(after)},
                    {"better_than_own_fraction", row.better_than_own_fraction}});
  }
  return {{"metric", metric},
          {"draws", draws},
          {"study_best", {{"trial", found.study_best}, {"expected", json_number(found.study_best_expected)}}},
          {"noise", json_number(found.noise)},
          {"strategies", std::move(rows)},
          {"left_out", found.left_out},
          {"assumes", kAssumes}};
}

TextTable what_if_table(const WhatIf& found) {
  std::vector<TextTable::Column> columns{{"search"}};
  for (const Foresight& each : found.rows.front().after)
    columns.push_back({fmt::format("after {}", each.trials), Align::Right});
  columns.push_back({"difference", Align::Right});
  columns.push_back({"95 %"});
  columns.push_back({"better in", Align::Right});
  TextTable table(std::move(columns));
  for (const WhatIfRow& row : found.rows) {
    std::vector<std::string> cells{row.strategy + (row.is_own ? " (the study's)" : "")};
    for (const Foresight& each : row.after) cells.push_back(show_metric(each.found));
    const Foresight& end = row.after.back();
    cells.push_back(row.is_own ? "" : fmt::format("{:+.2g}", end.difference));
    cells.push_back(row.is_own ? "" : fmt::format("{:+.2g} to {:+.2g}", end.interval.low, end.interval.high));
    cells.push_back(row.is_own ? "" : fmt::format("{:.0f} %", 100 * row.better_than_own_fraction));
    table.add(std::move(cells));
  }
  return table;
}

/// A line that is redrawn on a terminal, and taken away at the end.
class DrawsLine {
 public:
  DrawsLine(Console& console, std::int64_t draws) : console_(console), draws_(draws) { show(0); }
  ~DrawsLine() {
    if (console_.err().is_terminal) console_.draw("\r\x1b[K");
  }
  DrawsLine(const DrawsLine&) = delete;
  DrawsLine& operator=(const DrawsLine&) = delete;
  void show(int done) {
    if (console_.err().is_terminal) console_.draw(fmt::format("\r{} of {} draws replayed", done, draws_));
  }

 private:
  Console& console_;
  std::int64_t draws_;
};

Result<void> check_finished(const StudyState& state, bool is_held) {
  const History history = state.history();
  const std::string name = study_state_name(state, is_held);
  const bool has_open =
      !history.in_state(TrialState::Waiting).empty() || !history.in_state(TrialState::Running).empty();
  const bool was_tuned = state.notes().contains("run");  // by ask and tell there is no such note
  if (!is_held && !has_open && (!was_tuned || name == "finished" || name == "stopped")) return {};
  return fail(ErrorKind::Conflict, {.where = history.spec.name,
                                    .what = "the study is not finished",
                                    .got = name,
                                    .expected = "a study whose budget is spent, or that was stopped",
                                    .hint = "`pegbox tune` goes on with it, `pegbox stop` ends it"});
}

class WhatIfCommand final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "what-if",
            .group = CommandGroup::Studies,
            .summary = "what other search strategies would have found",
            .description =
                "Replays every search strategy in a finished study's place, on functions that its results leave "
                "possible: draws from the model that `best` uses, with the noise that it finds. The table says what a "
                "strategy finds after so many trials (the expectation of the configuration with its lowest result, "
                "mean over the draws), by how much that differs in the end from what the study's own strategy finds on "
                "the same draws, with the 95 % interval of that mean difference, and in how many draws it is better. "
                "Stopping rules are not replayed. " +
                std::string(kAssumes),
            .example =
                "pegbox what-if code-lora\npegbox what-if code-lora --trials 30 --draws 40\n"
                "pegbox what-if code-lora --json",
            .uses_store = true,
            .has_result = true};
  }
  std::vector<Option> options() override {
    return {study_argument(&study_),
            {.names = "--trials",
             .target = &trials_,
             .value = "N",
             .help = "length of a replay, at most 200 [as many as the study's, at most 60]"},
            {.names = "--draws", .target = &draws_, .value = "N", .help = "functions to replay on, 2 to 200 [16]"},
            {.names = "--seed", .target = &seed_, .value = "N", .help = "of all randomness [0]"}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_CHECK(check_range("--trials", trials_, 0, kMostReplayed));
    PEGBOX_CHECK(check_range("--draws", draws_, 2, kMostDraws));
    PEGBOX_CHECK(check_range("--seed", seed_, 0));
    PEGBOX_TRY(const OpenStudy open, session.open_study(study_));
    PEGBOX_CHECK(check_finished(open.study->state(), open.is_running));
    PEGBOX_TRY(const WhatIf found, replay(session, open.study->state()));
    const std::string& metric = open.study->state().spec().objective().metric;
    if (session.wants_json())
      session.print_json(what_if_json(found, metric, draws_));
    else
      show(session.console(), found, metric);
    return ExitCode::Done;
  }

 private:
  Result<WhatIf> replay(Session& session, const StudyState& state) const {
    DrawsLine line(session.console(), draws_);
    const auto cores = static_cast<std::int64_t>(std::max(1u, std::thread::hardware_concurrency()));
    return what_if(state, {.trials = trials_,
                           .draws = static_cast<int>(draws_),
                           .seed = static_cast<std::uint64_t>(seed_),
                           .threads = static_cast<int>(std::min(cores, draws_)),
                           .progress = [&](int done) { line.show(done); },
                           .interrupted = &session.interrupted()});
  }

  void show(Console& console, const WhatIf& found, const std::string& metric) const {
    const Terminal& out = console.out();
    console.print(fmt::format("{} found on {} draws; of trial {}, the study's best, {} is expected\n\n", metric, draws_,
                              found.study_best, show_metric(found.study_best_expected)) +
                  what_if_table(found).render(out.is_terminal ? out.width : 0, out.has_unicode));
    for (const std::string& each : found.left_out) console.print("not replayed: " + each + "\n");
    console.print("\n" + std::string(kAssumes) + "\n");
  }

  std::string study_;
  std::int64_t trials_ = 0, draws_ = 16, seed_ = 0;
};

}  // namespace

std::unique_ptr<Subcommand> make_what_if_command() { return std::make_unique<WhatIfCommand>(); }

}  // namespace pegbox
