// The forecast of learning curves: its intervals hold what they promise on recorded trainings of text models.
#include "search/schedulers/curve_forecast.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "base/rng.h"
#include "base/subprocess.h"
#include "search/history_for_test.h"

namespace pegbox {
namespace {

using Points = std::vector<std::pair<std::int64_t, double>>;  // step, loss

/// The lines of a table, compressed or not, of numbers, split at the commas, without the head.
std::vector<std::vector<std::string>> read_table(const Path& path) {
  auto process = Subprocess::start({.arguments = {"gzip", "-dcf", path.string()}});
  EXPECT_TRUE(process) << process.error().message;
  std::vector<std::vector<std::string>> rows;
  LineReader reader;
  for (bool open = true; open;) {
    wait_readable({(*process)->output()}, std::chrono::milliseconds(100));
    open = reader.fill((*process)->output());
    while (const auto line = reader.take()) {
      std::vector<std::string> cells{""};
      for (const char c : *line) {
        if (c == ',')
          cells.emplace_back();
        else
          cells.back().push_back(c);
      }
      rows.push_back(std::move(cells));
    }
  }
  if (!rows.empty()) rows.erase(rows.begin());
  return rows;
}

/// 1,000 configurations of one text model: losses after each of 50 evaluations, in columns 10 to 59.
std::vector<Points> taskset(const Path& data) {
  std::vector<Points> curves;
  for (const auto& cells : read_table(data / "runs/taskset_nlp/imdb_patch32_LSTM128_bs128.csv.gz")) {
    Points points;
    for (std::size_t i = 1; i <= 50; ++i) points.emplace_back(i, std::atof(cells[9 + i].c_str()));
    curves.push_back(points);
  }
  return curves;
}

/// Runs that have at least 20 points, their steps scaled to 1,000. `chosen`: their ids.
std::vector<Points> read_runs(const Path& file, std::size_t loss_column, const std::set<std::string>& chosen) {
  std::map<std::string, Points> runs;
  for (const auto& cells : read_table(file)) {
    const double loss = std::atof(cells[loss_column].c_str());
    const auto step = static_cast<std::int64_t>(std::atof(cells[1].c_str()));
    if (!chosen.contains(cells[0]) || !(loss > 0) || step <= 0) continue;
    Points& points = runs[cells[0]];
    if (points.empty() || points.back().first < step) points.emplace_back(step, loss);
  }
  std::vector<Points> curves;
  for (auto& [run, points] : runs) {
    if (points.size() < 20) continue;
    const double scale = 1000.0 / static_cast<double>(points.back().first);
    Points scaled;
    for (const auto& [step, loss] : points) {
      const auto at = std::llround(scale * static_cast<double>(step));
      if (at > 0 && (scaled.empty() || scaled.back().first < at)) scaled.emplace_back(at, loss);
    }
    curves.push_back(std::move(scaled));
  }
  return curves;
}

/// The ids of the runs of one job: those with `value` in `column`.
std::set<std::string> runs_of(const Path& file, std::size_t column, const std::string& value) {
  std::set<std::string> ids;
  for (const auto& cells : read_table(file))
    if (cells[column] == value) ids.insert(cells[0]);
  return ids;
}

/// Of studies of 40 recorded runs each, of which every fourth has ended and the others have come to `fraction` of their
/// length: the share of these whose last loss will lie in the 80 % interval.
double coverage(const std::vector<Points>& curves, double fraction) {
  constexpr double kHalfWidth = 1.2815515655446004;  // of an 80 % interval, in standard deviations
  int inside = 0, all = 0;
  for (std::uint64_t number = 0; number < 12; ++number) {
    Rng rng({number, stream_id("recorded curves"), 0});
    const std::int64_t steps = curves.front().back().first;
    HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "steps": )" + std::to_string(steps) + "}");
    std::vector<double> last;
    for (std::int64_t trial = 0; trial < 40; ++trial) {
      const Points& curve = curves[rng.below(curves.size())];
      study.create(Config{{"x", 0.5}});
      study.start(trial);
      for (const auto& [step, loss] : curve)
        if (trial % 4 == 0 || static_cast<double>(step) <= fraction * static_cast<double>(steps))
          study.report(trial, step, loss);
      last.push_back(curve.back().second);
    }
    ForecastCache cache;
    const History history = study.history();
    const auto forecast = CurveForecast::make(history, 0, cache);
    EXPECT_TRUE(forecast);
    for (std::int64_t trial = 0; trial < 40; ++trial) {
      if (trial % 4 == 0) continue;
      const auto end = forecast->at_end(history.trials[static_cast<std::size_t>(trial)]);
      const double deviation = std::sqrt(end.variance + forecast->noise_variance());
      inside += std::abs(forecast->warp(last[static_cast<std::size_t>(trial)]) - end.mean) < kHalfWidth * deviation;
      ++all;
    }
  }
  return static_cast<double>(inside) / all;
}

/// Nothing where there are no recorded runs.
std::optional<Path> recorded_data() {
  const char* named = std::getenv("PEGBOX_SHARED");
  const Path data = Path(named != nullptr ? named : "../shared") / "data";
  std::error_code ignored;
  if (!std::filesystem::is_directory(data, ignored)) return std::nullopt;
  return data;
}

/// The mean over three stages of the trials; each is more than `least`.
double mean_coverage(const std::string& name, const std::vector<Points>& curves, double least) {
  double sum = 0;
  for (const double fraction : {0.1, 0.3, 0.6}) {
    const double covered = coverage(curves, fraction);
    ::testing::Test::RecordProperty(fmt::format("{} at {}", name, fraction), fmt::format("{:.3f}", covered));
    fmt::print("{} at {}: {:.3f}\n", name, fraction, covered);
    EXPECT_GT(covered, least) << name << " at " << fraction;
    sum += covered / 3;
  }
  return sum;
}

TEST(CurveForecastQuality, CoversTheLastLossesOfRecordedRunsAsItPromises) {
  const auto data = recorded_data();
  if (!data) GTEST_SKIP() << "no ../shared data";
  const Path translation = *data / "runs/algoperf_wmt", speed_runs = *data / "runs/modded_nanogpt_curves";
  const std::map<std::string, std::vector<Points>> sets{
      {"taskset", taskset(*data)},
      {"translation", read_runs(translation / "curves.csv.gz", 4, runs_of(translation / "runs.csv", 5, "wmt_jax"))},
      {"speed runs",
       read_runs(speed_runs / "curves.csv.gz", 2, runs_of(speed_runs / "runs.csv", 1, "track_3_optimization"))}};
  double sum = 0;
  for (const auto& [name, curves] : sets) {
    ASSERT_GT(curves.size(), 50u) << name;
    sum += mean_coverage(name, curves, 0.6) / 3;
  }
  EXPECT_GT(sum, 0.7);
  EXPECT_LT(sum, 0.9);
}

// The model was calibrated with the sets above in view; this one was looked at afterwards only.
TEST(CurveForecastQuality, CoversRunsThatItsCalibrationHasNotSeen) {
  const auto data = recorded_data();
  if (!data) GTEST_SKIP() << "no ../shared data";
  const Path file = *data / "runs/olmo_ladder/curves.csv";
  std::set<std::string> ids;
  for (const auto& cells : read_table(file)) ids.insert(cells[0]);
  const auto curves = read_runs(file, 6, ids);
  ASSERT_GT(curves.size(), 20u);
  mean_coverage("ladder", curves, 0.5);
}

}  // namespace
}  // namespace pegbox
