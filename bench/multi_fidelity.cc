// Stopping rules on recorded learning curves, at equal total training steps: mean normalized regret after N full runs.
//
//   pegbox-bench-multi_fidelity SEEDS SEARCH STOP TABLE...
//
// SEARCH and STOP are JSON, as in a study file. A TABLE is a text file (record_curves.py makes some): "PARAMETERS RUNS
// STEPS", then a line for each parameter (name, low, high; all on a log scale), then a line for each run: its place in
// the unit cube and the loss after every step. A suggestion takes the nearest run that was not taken yet. Recommended
// is the run with the lowest loss that was observed last; its score is its loss at the end (0: the best run of the
// table, 1: the median one).
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "base/number.h"
#include "event_log.h"
#include "search/director.h"
#include "search/samplers/table.h"
#include "search/schedulers/table.h"

namespace pegbox {
namespace {

constexpr std::array<std::int64_t, 4> kFullRuns{2, 5, 10, 20};

struct Table {
  std::string name;
  std::vector<std::string> parameters;
  std::vector<double> low, high;
  std::vector<std::vector<double>> unit, curves;  // [runs, parameters], [runs, steps]
  double best = 0, typical = 0;

  std::int64_t steps() const { return std::ssize(curves.front()); }
  double regret(std::size_t run) const { return (curves[run].back() - best) / (typical - best); }
};

Table read_table(const std::string& path) {
  std::ifstream file(path);
  Table table;
  table.name = path;
  std::size_t parameters = 0, runs = 0, steps = 0;
  file >> parameters >> runs >> steps;
  table.parameters.resize(parameters), table.low.resize(parameters), table.high.resize(parameters);
  for (std::size_t i = 0; i < parameters; ++i) file >> table.parameters[i] >> table.low[i] >> table.high[i];
  table.unit.assign(runs, std::vector<double>(parameters));
  table.curves.assign(runs, std::vector<double>(steps));
  std::vector<double> last;
  for (std::size_t i = 0; i < runs; ++i) {
    for (double& value : table.unit[i]) file >> value;
    for (double& value : table.curves[i]) file >> value;
    last.push_back(table.curves[i].back());
  }
  std::ranges::sort(last);
  table.best = last.front();
  table.typical = (last[(runs - 1) / 2] + last[runs / 2]) / 2;
  return table;
}

Result<StudySpec> spec_of(const Table& table, const Json& search, const Json& stop, std::uint64_t seed) {
  Document document;
  document.name = "multi_fidelity";
  Json space = Json::object();
  for (std::size_t i = 0; i < table.parameters.size(); ++i)
    space[table.parameters[i]] = {{"range", {table.low[i], table.high[i]}}, {"scale", "log"}};
  document.json = {{"name", "recorded"},         {"space", space},   {"objective", {{"minimize", "loss"}}},
                   {"budget", {{"time", 1e12}}}, {"search", search}, {"stop", stop},
                   {"steps", table.steps()},     {"seed", seed}};
  return StudySpec::read(document);
}

/// One study on a table until the largest budget is spent.
class Run {
 public:
  Run(const Table& table, const StudySpec& spec, Sampler& sampler, Scheduler& scheduler)
      : table_(table), director_(sampler, scheduler) {
    apply(event::StudyCreated{spec.source, "bench"});
  }

  Result<std::vector<double>> scores() {
    while (scores_.size() < kFullRuns.size()) {
      const auto began = std::chrono::steady_clock::now();
      PEGBOX_TRY(const auto leg, director_.next_leg(state_.history()));
      asking_s += std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
      ++asked;
      if (!leg) break;
      if (leg->created) {
        apply(*leg->created);
        rows_.push_back(nearest(leg->created->config));
        last_.push_back(kInfinity);
      }
      run_leg(leg->trial, leg->until);
    }
    return scores_;
  }

  double asking_s = 0;
  int asked = 0;
  std::string summary() const {
    std::string text;
    for (const TrialState state : {TrialState::Done, TrialState::Paused, TrialState::Stopped})
      text += fmt::format("{} {} ", name_of(state), state_.history().in_state(state).size());
    return text;
  }

 private:
  void run_leg(std::int64_t number, std::int64_t until) {
    const auto trial = [&]() -> const Trial& { return state_.trial(number); };
    for (;;) {
      apply(event::TrialStarted{number, "bench", trial().step, until, 0});
      const std::int64_t end = until == 0 ? table_.steps() : until;
      while (trial().step < end) {
        const double loss =
            table_.curves[rows_[static_cast<std::size_t>(number)]][static_cast<std::size_t>(trial().step)];
        apply(event::TrialReported{number, trial().step + 1, {{"loss", loss}}});
        spend(number, loss);
        if (scores_.size() == kFullRuns.size()) return;
      }
      if (until == 0) return move(number, TrialState::Done);
      const auto began = std::chrono::steady_clock::now();
      const Judgement judgement = director_.judge(state_.history(), trial());
      asking_s += std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
      if (judgement.verdict == Verdict::Pause) return move(number, TrialState::Paused);
      if (judgement.verdict == Verdict::Stop) return move(number, TrialState::Stopped);
      until = judgement.until;
    }
  }

  void spend(std::int64_t number, double loss) {
    last_[static_cast<std::size_t>(number)] = loss;
    ++spent_;
    while (scores_.size() < kFullRuns.size() && spent_ >= kFullRuns[scores_.size()] * table_.steps())
      scores_.push_back(
          table_.regret(rows_[static_cast<std::size_t>(std::ranges::min_element(last_) - last_.begin())]));
  }

  void move(std::int64_t number, TrialState to) {
    apply(event::TrialMoved{number, to, state_.trial(number).step, {}, {}, "bench"});
  }

  void apply(Event::What what) { append_event(state_, std::move(what)); }

  std::size_t nearest(const Config& config) const {
    const auto unit = state_.spec().space.to_unit(config).at;
    std::size_t best = 0;
    double least = kInfinity;
    for (std::size_t i = 0; i < table_.unit.size(); ++i) {
      if (std::ranges::find(rows_, i) != rows_.end()) continue;
      double distance = 0;
      for (std::size_t k = 0; k < unit.size(); ++k) {
        const double part = table_.unit[i][k] - unit[k];
        distance += part * part;
      }
      if (distance < least) least = distance, best = i;
    }
    return best;
  }

  const Table& table_;
  Director director_;
  StudyState state_;
  std::vector<std::size_t> rows_;
  std::vector<double> last_, scores_;
  std::int64_t spent_ = 0;
};

Result<void> compare(int seeds, const Json& search, const Json& stop, std::span<const Table> tables) {
  std::vector<double> totals(kFullRuns.size(), 0.0);
  double asking_s = 0;
  int asked = 0;
  for (const Table& table : tables) {
    std::vector<double> sums(kFullRuns.size(), 0.0);
    std::string summary;
    for (int seed = 0; seed < seeds; ++seed) {
      PEGBOX_TRY(const StudySpec spec, spec_of(table, search, stop, static_cast<std::uint64_t>(seed)));
      PEGBOX_TRY(const auto sampler, make_sampler(spec));
      PEGBOX_TRY(const auto scheduler, make_scheduler(spec));
      Run run(table, spec, *sampler, *scheduler);
      PEGBOX_TRY(const auto scores, run.scores());
      for (std::size_t i = 0; i < scores.size(); ++i) sums[i] += scores[i] / seeds;
      asking_s += run.asking_s, asked += run.asked;
      summary = run.summary();
    }
    for (std::size_t i = 0; i < sums.size(); ++i) totals[i] += sums[i] / static_cast<double>(tables.size());
    fmt::print("{:<60} {:.4f}  {}\n", table.name.substr(table.name.rfind('/') + 1), fmt::join(sums, "  "), summary);
  }
  fmt::print("{:<60} {:.4f}  ({:.2f} ms a decision)\n", "mean " + to_line(search) + " " + to_line(stop),
             fmt::join(totals, "  "), asking_s / asked * 1000);
  return {};
}

}  // namespace
}  // namespace pegbox

int main(int argc, char** argv) {
  if (argc < 5) return fmt::print(stderr, "usage: {} SEEDS SEARCH STOP TABLE...\n", argv[0]), 2;
  std::vector<pegbox::Table> tables;
  for (int i = 4; i < argc; ++i) tables.push_back(pegbox::read_table(argv[i]));
  const auto search = pegbox::parse_json(argv[2], "SEARCH"), stop = pegbox::parse_json(argv[3], "STOP");
  const auto compared =
      search && stop ? pegbox::compare(std::atoi(argv[1]), *search, *stop, tables) : pegbox::Result<void>{};
  if (compared && search && stop) return 0;
  fmt::print(stderr, "{}\n", compared ? "SEARCH or STOP is not JSON" : compared.error().message);
  return 1;
}
