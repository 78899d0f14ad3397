// CommandProgram: one running trial program.
#include "search/executors/command_program.h"

#include <fmt/format.h>

#include <csignal>
#include <utility>

#include "search/executors/worker_process.h"

namespace pegbox {
namespace {

constexpr char kReportVariable[] = "PEGBOX_REPORT_FD";
constexpr char kVerdictVariable[] = "PEGBOX_VERDICT_FD";

}  // namespace

Result<std::unique_ptr<CommandProgram>> CommandProgram::start(ProcessSpec spec, const Path& log_file,
                                                              std::uint64_t log_limit_bytes, OutputPatterns patterns) {
  spec.read_pipe_variables = {kReportVariable};
  spec.write_pipe_variables = {kVerdictVariable};
  std::unique_ptr<CommandProgram> program(new CommandProgram(log_file, log_limit_bytes, std::move(patterns)));
  PEGBOX_TRY(program->process_, Subprocess::start(spec));
  return program;
}

bool CommandProgram::read() {
  const auto before = said_.size();
  bool any = read_printed(output_, process_->output());
  any |= read_printed(error_output_, process_->error_output());
  any |= read_reports();
  return any || said_.size() != before;
}

bool CommandProgram::read_printed(Stream& stream, int descriptor) {
  if (!stream.open) return false;
  std::string bytes;
  stream.open = read_available(stream.reader, descriptor, bytes);
  log_.append(bytes);
  stream.tail.append(bytes);
  if (!patterns_.empty()) match(stream.lines.add(bytes));
  return !bytes.empty();
}

std::string CommandProgram::tail() const {
  const std::string output = output_.tail.text(), errors = error_output_.tail.text();
  return output + (output.empty() || errors.empty() ? "" : "\n") + errors;
}

void CommandProgram::match(const std::vector<std::string>& lines) {
  for (const std::string& line : lines)
    if (auto report = patterns_.take(line)) said_.emplace_back(*std::move(report));
}

bool CommandProgram::read_reports() {
  if (!reports_open_) return false;
  reports_open_ = reports_.fill(process_->read_pipe(kReportVariable));
  bool any = false;
  while (const auto line = reports_.take()) {
    any = true;
    auto said = read_report_line(*line);
    if (said)
      said_.push_back(*std::move(said));
    else if (!line->empty())
      note(fmt::format("a report line that says nothing: {}: {}", said.error().message, line->substr(0, 500)));
  }
  return any;
}

std::optional<ProgramLine> CommandProgram::next() {
  if (said_.empty()) return std::nullopt;
  ProgramLine line = std::move(said_.front());
  said_.pop_front();
  return line;
}

void CommandProgram::say(const HostMessage& verdict) { (void)process_->write(encode(verdict), kVerdictVariable); }

std::optional<ExitStatus> CommandProgram::ended() {
  if (!status_) status_ = process_->poll();
  if (!status_ || finished_) return status_;
  signal(SIGKILL);  // whatever it left running holds the pipes open
  while (read()) continue;
  match({output_.lines.rest()});
  match({error_output_.lines.rest()});
  if (auto report = patterns_.take_rest()) said_.emplace_back(*std::move(report));
  finished_ = true;
  return status_;
}

void CommandProgram::add_descriptors(std::vector<int>& descriptors) const {
  if (output_.open) descriptors.push_back(process_->output());
  if (error_output_.open) descriptors.push_back(process_->error_output());
  if (reports_open_) descriptors.push_back(process_->read_pipe(kReportVariable));
}

void CommandProgram::note(std::string_view text) { log_.append(fmt::format("pegbox: {}\n", text)); }

}  // namespace pegbox
