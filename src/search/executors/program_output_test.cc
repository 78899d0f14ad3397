// Tests of report lines, patterns and line splitting.
#include "search/executors/program_output.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

namespace pegbox {
namespace {

ProgramReport report_of(const std::string& line) {
  const auto said = read_report_line(line);
  EXPECT_TRUE(said && std::holds_alternative<ProgramReport>(*said)) << line;
  return said && std::holds_alternative<ProgramReport>(*said) ? std::get<ProgramReport>(*said) : ProgramReport{};
}

TEST(ReportLine, HasLongAndShortForms) {
  for (const char* line :
       {R"({"report": {"trial": 7, "step": 3, "metrics": {"loss": 0.5}}})", R"({"report": {"step": 3, "loss": 0.5}})",
        R"({"step": 3, "loss": 0.5})", R"({"reached": {"step": 3, "metrics": {"loss": 0.5}}})"}) {
    EXPECT_EQ(report_of(line).step, 3) << line;
    EXPECT_EQ(report_of(line).metrics, (Metrics{{"loss", 0.5}})) << line;
  }
  EXPECT_FALSE(report_of(R"({"loss": 0.5, "accuracy": 1})").step);
  EXPECT_EQ(report_of(R"({"report": 2, "step": 1})").metrics.at("report"), 2);
  EXPECT_TRUE(std::isnan(report_of(R"({"step": 1, "loss": "nan"})").metrics.at("loss")));
  EXPECT_TRUE(std::isnan(report_of(R"({"step": 1, "loss": NaN})").metrics.at("loss")));  // as Python writes it
}

TEST(ReportLine, NamesCheckpointsAndFailures) {
  const auto checkpoint = read_report_line(R"({"checkpoint": {"step": 3, "name": "a.pt"}})").value();
  EXPECT_EQ(std::get<ProgramCheckpoint>(checkpoint).name, "a.pt");
  EXPECT_EQ(std::get<ProgramCheckpoint>(checkpoint).step, 3);
  EXPECT_EQ(std::get<ProgramCheckpoint>(read_report_line(R"({"checkpoint": "b"})").value()).name, "b");
  const auto failure = read_report_line(R"({"failed": {"kind": "out-of-memory", "detail": "31 GiB"}})").value();
  EXPECT_EQ(std::get<ProgramFailure>(failure).kind, FailureKind::OutOfMemory);
  EXPECT_EQ(std::get<ProgramFailure>(failure).detail, "31 GiB");
}

TEST(ReportLine, RefusesEverythingElse) {
  for (const char* line :
       {"", "loss 3", "{}", "[]", "3", R"({"step": 3})", R"({"step": -1, "loss": 1})", R"({"step": 1.5, "loss": 1})",
        R"({"loss": "low"})", R"({"loss": [1]})", R"({"checkpoint": {"step": 3}})", R"({"failed": {"kind": "tired"}})",
        R"({"loss": 1} x)", R"({"loss": 1, "loss": 2})", "\xFF\xFE"})
    EXPECT_FALSE(read_report_line(line)) << line;
}

std::vector<ProgramReport> reports_of(OutputPatterns patterns, const std::vector<std::string>& lines) {
  std::vector<ProgramReport> reports;
  for (const std::string& line : lines)
    if (auto report = patterns.take(line)) reports.push_back(*report);
  if (auto report = patterns.take_rest()) reports.push_back(*report);
  return reports;
}

TEST(OutputPatterns, FindOneMetricAtOnce) {
  const auto patterns = OutputPatterns::create({{"loss", R"(val loss: (\S+))"}}, "").value();
  const auto reports =
      reports_of(patterns, {"start", "val loss: 0.5", "epoch 2 val loss: 4e-1 (best)", "val loss: low"});
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0].metrics.at("loss"), 0.5);
  EXPECT_EQ(reports[1].metrics.at("loss"), 0.4);
  EXPECT_FALSE(reports[0].step);
}

TEST(OutputPatterns, TakeTheStepFromTheSameOrAnEarlierLine) {
  const auto patterns = OutputPatterns::create({{"loss", R"(loss=(\S+))"}}, R"(epoch (\d+))").value();
  const auto reports = reports_of(patterns, {"epoch 3 loss=1", "epoch 4", "loss=2", "loss=3"});
  ASSERT_EQ(reports.size(), 3u);
  EXPECT_EQ(reports[0].step, 3);
  EXPECT_EQ(reports[1].step, 4);
  EXPECT_EQ(reports[2].step, 4);
}

TEST(OutputPatterns, GatherSeveralMetricsIntoOneReport) {
  const auto patterns =
      OutputPatterns::create({{"loss", R"(loss (\S+))"}, {"accuracy", R"(acc (\S+))"}}, R"(step (\d+))").value();
  const auto reports =
      reports_of(patterns, {"step 1", "loss 1", "acc 0.1", "step 2", "loss 2", "step 3 loss 3", "acc 0.3", "loss 4"});
  ASSERT_EQ(reports.size(), 4u);
  EXPECT_EQ(reports[0].metrics, (Metrics{{"loss", 1}, {"accuracy", 0.1}}));
  EXPECT_EQ(reports[1].metrics, (Metrics{{"loss", 2}}));
  EXPECT_EQ(reports[1].step, 2);
  EXPECT_EQ(reports[2].metrics, (Metrics{{"loss", 3}, {"accuracy", 0.3}}));
  EXPECT_EQ(reports[3].metrics, (Metrics{{"loss", 4}}));
}

TEST(OutputPatterns, AcceptNumbersAsProgramsWriteThem) {
  const auto patterns = OutputPatterns::create({{"loss", R"(loss (\S+))"}}, "").value();
  const auto reports = reports_of(
      patterns, {"loss +1.5", "loss nan", "loss inf", "loss -.5", "loss 1,5", "loss 0x10", "loss 2.5, acc 3"});
  ASSERT_EQ(reports.size(), 5u);
  EXPECT_EQ(reports[0].metrics.at("loss"), 1.5);
  EXPECT_TRUE(std::isnan(reports[1].metrics.at("loss")));
  EXPECT_EQ(reports[3].metrics.at("loss"), -0.5);
  EXPECT_EQ(reports[4].metrics.at("loss"), 2.5);
}

TEST(OutputPatterns, RefusePatternsThatCannotWork) {
  EXPECT_EQ(OutputPatterns::create({{"loss", "loss: (\\S+"}}, "").error().kind, ErrorKind::InvalidInput);
  EXPECT_EQ(OutputPatterns::create({{"loss", "loss: \\S+"}}, "").error().kind, ErrorKind::InvalidInput);
  EXPECT_EQ(OutputPatterns::create({{"loss", "(a)"}}, "step").error().kind, ErrorKind::InvalidInput);
  EXPECT_TRUE(OutputPatterns::create({}, "").value().empty());
}

TEST(OutputPatterns, TakeLinearTimeForPatternsThatWouldExplodeElsewhere) {
  auto patterns = OutputPatterns::create({{"loss", R"((x+x+)+y (\S+))"}}, "").value();
  const auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(patterns.take(std::string(4096, 'x')));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(1));
}

TEST(OutputLines, EndAtNewlinesAndCarriageReturns) {
  OutputLines lines;
  EXPECT_EQ(lines.add("a\nb\rc"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(lines.add("d\r\n\n"), (std::vector<std::string>{"cd"}));
  EXPECT_TRUE(lines.add(std::string(100000, 'x')).empty());
  EXPECT_EQ(lines.add("y\nz").at(0).size(), 4096u);
  EXPECT_EQ(lines.rest(), "z");
}

}  // namespace
}  // namespace pegbox
