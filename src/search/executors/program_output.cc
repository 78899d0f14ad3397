// What a plain program says of its trial: report lines and patterns.
#include "search/executors/program_output.h"

#include <re2/re2.h>

#include <charconv>
#include <cmath>
#include <utility>

#include "base/document.h"

namespace pegbox {
namespace {

constexpr std::size_t kLongestLine_bytes = 4096;

Result<std::optional<std::int64_t>> step_of(const Node& body) {
  if (!body.has("step")) return std::nullopt;
  PEGBOX_TRY(const Node node, body.at("step"));
  PEGBOX_TRY(const std::int64_t step, node.integer());
  if (step < 0) return node.fail("a negative step", "an integer of at least 0");
  return step;
}

Result<void> read_metrics(const Node& object, Metrics& metrics) {
  for (const auto& [name, value] : object.members()) {
    if (name == "step" || name == "trial" || name == "metrics") continue;
    if (!read_json_number(value.json(), metrics[name]))
      return value.fail("not a number", "a number, \"nan\", \"inf\" or \"-inf\"");
  }
  return {};
}

Result<ProgramLine> read_report(const Node& body) {
  if (!body.is_object()) return body.fail("not an object", R"({"step": 3, "loss": 0.5})");
  ProgramReport report;
  PEGBOX_TRY(report.step, step_of(body));
  if (body.has("metrics")) {
    PEGBOX_TRY(const Node metrics, body.at("metrics"));
    if (!metrics.is_object()) return metrics.fail("not an object", "metric names with numbers");
    PEGBOX_CHECK(read_metrics(metrics, report.metrics));
  } else {
    PEGBOX_CHECK(read_metrics(body, report.metrics));
  }
  if (report.metrics.empty()) return body.fail("a report without a metric", R"({"step": 3, "loss": 0.5})");
  return report;
}

Result<ProgramLine> read_checkpoint(const Node& body) {
  ProgramCheckpoint checkpoint;
  if (body.is_string()) {
    PEGBOX_TRY(checkpoint.name, body.string());
  } else {
    PEGBOX_TRY(checkpoint.step, step_of(body));
    PEGBOX_TRY(const Node name, body.at("name"));
    PEGBOX_TRY(checkpoint.name, name.string());
  }
  if (checkpoint.name.empty()) return body.fail("a checkpoint without a name", R"({"step": 3, "name": "epoch-3.pt"})");
  return checkpoint;
}

Result<ProgramLine> read_failure(const Node& body) {
  ProgramFailure failure;
  if (body.has("kind")) {
    PEGBOX_TRY(const Node node, body.at("kind"));
    PEGBOX_TRY(const std::string kind, node.string());
    const auto known = failure_kind_of(kind);
    if (!known) return node.fail("no such kind of failure", "out-of-memory, diverged, infeasible or error");
    failure.kind = *known;
  }
  if (body.has("detail")) {
    PEGBOX_TRY(const Node node, body.at("detail"));
    PEGBOX_TRY(failure.detail, node.string());
  }
  return failure;
}

struct LineKind {
  std::string_view name;
  Result<ProgramLine> (*read)(const Node& body);
};
constexpr LineKind kLineKinds[] = {{"report", read_report},
                                   {"reached", read_report},
                                   {"done", read_report},
                                   {"checkpoint", read_checkpoint},
                                   {"failed", read_failure}};

bool read_number(re2::StringPiece text, double& number) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  return error == std::errc() && rest.find_first_not_of(",;:.)]}%") == std::string_view::npos;  // "loss 0.5, acc 3"
}

}  // namespace

Result<ProgramLine> read_report_line(std::string_view line) {
  Document document{.json = nullptr, .name = "report line", .lines = {}};
  PEGBOX_TRY(document.json, parse_foreign_json(line, document.name));
  const Node root = document.root();
  if (!root.is_object()) return root.fail("not an object", R"({"step": 3, "loss": 0.5})");
  for (const LineKind& kind : kLineKinds) {
    if (!root.has(kind.name)) continue;
    PEGBOX_TRY(const Node body, root.at(kind.name));
    if (body.is_object() || (body.is_string() && kind.read == read_checkpoint)) return kind.read(body);
  }
  return read_report(root);
}

struct OutputPatterns::Table {
  struct Metric {
    std::string name;
    std::unique_ptr<RE2> pattern;
  };
  std::vector<Metric> metrics;
  std::unique_ptr<RE2> step;
};

namespace {

Result<std::unique_ptr<RE2>> compile(const std::string& name, const std::string& pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_unique<RE2>(pattern, options);
  if (!compiled->ok())
    return fail(ErrorKind::InvalidInput, {.where = "metric " + name,
                                          .what = "a pattern that cannot be read: " + compiled->error(),
                                          .got = pattern,
                                          .expected = "a regular expression in RE2's syntax"});
  if (compiled->NumberOfCapturingGroups() < 1)
    return fail(ErrorKind::InvalidInput, {.where = "metric " + name,
                                          .what = "a pattern without a group around the number",
                                          .got = pattern,
                                          .expected = "such as 'loss: (\\S+)'"});
  return compiled;
}

}  // namespace

Result<OutputPatterns> OutputPatterns::create(const std::map<std::string, std::string>& metrics,
                                              const std::string& step) {
  auto table = std::make_shared<Table>();
  for (const auto& [name, pattern] : metrics) {
    PEGBOX_TRY(auto compiled, compile(name, pattern));
    table->metrics.push_back({name, std::move(compiled)});
  }
  if (!step.empty()) {
    PEGBOX_TRY(table->step, compile("step", step));
  }
  OutputPatterns patterns;
  patterns.table_ = std::move(table);
  return patterns;
}

OutputPatterns::OutputPatterns() : table_(std::make_shared<const Table>()) {}
OutputPatterns::OutputPatterns(const OutputPatterns& other) : table_(other.table_) {}
OutputPatterns::OutputPatterns(OutputPatterns&&) noexcept = default;
OutputPatterns& OutputPatterns::operator=(OutputPatterns&&) noexcept = default;
OutputPatterns::~OutputPatterns() = default;

bool OutputPatterns::empty() const { return table_->metrics.empty(); }

std::optional<ProgramReport> OutputPatterns::take(std::string_view line) {
  if (empty()) return std::nullopt;
  const re2::StringPiece text(line.data(), line.size());
  re2::StringPiece group;
  double number = 0;
  std::optional<ProgramReport> complete;
  if (table_->step && RE2::PartialMatch(text, *table_->step, &group) && read_number(group, number) &&
      std::abs(number) < 9e15) {
    const auto step = static_cast<std::int64_t>(number);
    if (seen_.step != step && !seen_.metrics.empty()) complete = take_rest();
    seen_.step = step;
  }
  for (const auto& [name, pattern] : table_->metrics) {
    if (!RE2::PartialMatch(text, *pattern, &group) || !read_number(group, number)) continue;
    if (seen_.metrics.contains(name) && !complete) complete = take_rest();
    seen_.metrics[name] = number;
  }
  if (!complete && seen_.metrics.size() == table_->metrics.size()) complete = take_rest();
  return complete;
}

std::optional<ProgramReport> OutputPatterns::take_rest() {
  if (seen_.metrics.empty()) return std::nullopt;
  ProgramReport report{seen_.step, std::exchange(seen_.metrics, {})};
  return report;
}

std::vector<std::string> OutputLines::add(std::string_view bytes) {
  std::vector<std::string> lines;
  for (std::size_t start = 0; start < bytes.size();) {
    const std::size_t end = std::min(bytes.find_first_of("\r\n", start), bytes.size());
    const std::string_view part = bytes.substr(start, end - start);
    line_.append(part.substr(0, kLongestLine_bytes - std::min(line_.size(), kLongestLine_bytes)));
    if (end < bytes.size() && !line_.empty()) lines.push_back(std::exchange(line_, {}));
    start = end + 1;
  }
  return lines;
}

std::string OutputLines::rest() { return std::exchange(line_, {}); }

}  // namespace pegbox
