// Report: the page is whole, safe and self-contained, whatever the study holds.
#include "report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "report/account_test_kit.h"

namespace pegbox {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Why the markup is not well formed; empty if it is.
std::string fault_of(const std::string& html) {
  const std::set<std::string> alone{"meta", "!doctype"};
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const std::size_t end = html.find('>', at);
    if (end == std::string::npos) return "an open tag at the end";
    const std::string tag = html.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(0, tag.find_first_of(" \n"));
    if (alone.contains(name) || tag.ends_with("/")) continue;
    if (!name.starts_with("/")) {
      open.push_back(name);
      continue;
    }
    if (open.empty() || "/" + open.back() != name) return name + " closes " + (open.empty() ? "nothing" : open.back());
    open.pop_back();
  }
  return open.empty() ? "" : open.back() + " is not closed";
}

std::string page_of(const HistoryForTest& study) {
  const std::string html = html_report(account_of(study));
  EXPECT_EQ(fault_of(html), "");
  EXPECT_THAT(
      html, AllOf(Not(HasSubstr("http:")), Not(HasSubstr("https:")), Not(HasSubstr("<script")),
                  Not(HasSubstr("=\"nan")), Not(HasSubstr("Mnan")), Not(HasSubstr("-nan")), Not(HasSubstr("=\"inf"))));
  return html;
}

TEST(Report, TellsAWholeStudyWithEveryTextEscaped) {
  const HistoryForTest study = markup_study(40);
  const std::string html = page_of(study);
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;|`*"));
  for (const char* title :
       {"The best", "How it went", "What mattered", "Where the results lie", "Failures", "All trials"})
    EXPECT_THAT(html, HasSubstr(std::string("<h2>") + title + "</h2>"));
  EXPECT_THAT(html, HasSubstr("out-of-memory"));
  EXPECT_THAT(html, HasSubstr("default (trial 0)"));
  EXPECT_THAT(html, HasSubstr("90 % certainty"));
  std::size_t charts = 0, tables = 0;
  for (std::size_t at = html.find("<svg"); at != std::string::npos; at = html.find("<svg", at + 1)) ++charts;
  for (std::size_t at = html.find("as a table"); at != std::string::npos; at = html.find("as a table", at + 1))
    ++tables;
  // Three of the best so far share a table, and parallel coordinates show the table of all trials.
  EXPECT_EQ(charts, 3 + 1 + account_of(study).importances.size() + 5 + 1);
  EXPECT_EQ(tables, charts - 3);
}

TEST(Report, OfStudiesThatHaveLittleToTell) {
  HistoryForTest empty(markup_space().dump());
  EXPECT_THAT(page_of(empty), HasSubstr("no trials yet"));
  EXPECT_THAT(page_of(markup_study(1)), HasSubstr("Trial 0"));
  HistoryForTest waiting(R"({"space": {"x": {"range": [0, 1]}}})");
  waiting.create(Config{{"x", 0.5}});
  EXPECT_THAT(page_of(waiting), HasSubstr("None: no trial has a result."));
  waiting.start(0);
  EXPECT_THAT(page_of(waiting), HasSubstr("running"));
  HistoryForTest failed(R"({"space": {"x": {"range": [0, 1]}}})");
  for (int i = 0; i < 15; ++i) failed.failed({Config{{"x", 0.5}}, {}});
  EXPECT_THAT(page_of(failed), AllOf(HasSubstr("None: no trial has a result."), HasSubstr("10, 11, ...")));
  HistoryForTest constant(R"({"space": {"x": {"value": 1}}})");
  for (int i = 0; i < 9; ++i) constant.done(Config{{"x", std::int64_t{1}}}, 2.0);
  EXPECT_THAT(page_of(constant), AllOf(HasSubstr("Trial 0"), Not(HasSubstr("What mattered"))));
  HistoryForTest infinite(R"({"space": {"x": {"range": [0, 1]}}})");
  for (int i = 0; i < 9; ++i) infinite.done(Config{{"x", 0.1 * i}}, i == 0 ? 1e300 : i == 1 ? INFINITY : 0.1 * i);
  page_of(infinite);
}

TEST(Report, ShowsAParetoFront) {
  HistoryForTest study(
      R"({"space": {"x": {"range": [0, 1]}}, "objective": [{"minimize": "loss"}, {"maximize": "speed"}]})");
  for (int i = 0; i < 9; ++i)
    study.done(Suggestion{Config{{"x", 0.1 * i}}, {}}, {{"loss", 0.1 * i}, {"speed", i < 5 ? 1.0 * i : 0.0}});
  const std::string html = page_of(study);
  EXPECT_THAT(html, HasSubstr("5 trials are beaten by no other one in every objective."));
  EXPECT_THAT(html, HasSubstr("speed against loss"));
}

TEST(Report, AThousandTrialsAreListedAndNoMore) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}})");
  for (int i = 0; i < 1005; ++i) study.done(Config{{"x", i / 2000.0}}, 1.0 * i);
  StudyAccount account = account_of(study);
  account.importances.clear();
  const std::string html = html_report(account);
  EXPECT_THAT(html, HasSubstr("The 5 others are in"));
  EXPECT_LT(html.size(), 3'000'000u);
}

}  // namespace
}  // namespace pegbox
