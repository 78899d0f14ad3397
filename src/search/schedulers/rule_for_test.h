// RuleForTest: a stopping rule and a study in which curves are reported to it, one report every 5 of 100 steps.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>

#include "search/history_for_test.h"
#include "search/schedulers/table.h"

namespace pegbox {

class RuleForTest {
 public:
  /// `stop`: what stands in a study file; `rest`: further members of it, beginning with a comma.
  explicit RuleForTest(const std::string& stop, const std::string& rest = R"(, "steps": 100)")
      : study(R"({"space": {"x": {"range": [0, 1]}}, "stop": )" + stop + rest + "}") {
    auto made = make_scheduler(study.spec());
    if (!made) ADD_FAILURE() << made.error().message;
    if (made) rule = std::move(*made);
  }

  const Trial& trial(std::int64_t number) const { return study.history().trials[static_cast<std::size_t>(number)]; }

  /// A new trial that has reported these at steps 5, 10, ...; its leg ends at the last.
  const Trial& run_reports(const std::vector<Metrics>& reports) {
    const std::int64_t number = study.create(Config{{"x", 0.5}});
    study.start(number, 5 * std::ssize(reports));
    std::int64_t step = 0;
    for (const Metrics& metrics : reports) study.report(number, step += 5, metrics);
    return trial(number);
  }
  const Trial& run(std::initializer_list<double> losses) {
    std::vector<Metrics> reports;
    for (const double loss : losses) reports.push_back({{"loss", loss}});
    return run_reports(reports);
  }

  /// What the rule says of a new trial with this curve.
  Ruling judge_reports(const std::vector<Metrics>& reports) {
    const Trial& reached = run_reports(reports);
    return rule->on_reached(study.history(), reached);
  }
  Ruling judge(std::initializer_list<double> losses) {
    const Trial& reached = run(losses);
    return rule->on_reached(study.history(), reached);
  }

  HistoryForTest study;
  std::unique_ptr<Scheduler> rule;
};

}  // namespace pegbox
