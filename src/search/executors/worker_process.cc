// WorkerProcess: one running worker: its process, its messages both ways, and its log.
#include "search/executors/worker_process.h"

#include <fmt/format.h>

#include <utility>

namespace pegbox {

bool read_available(LineReader& reader, int descriptor, std::string& bytes) {
  const bool open = reader.fill(descriptor);
  while (auto line = reader.take()) bytes += *std::move(line) + "\n";
  bytes += reader.rest();
  return open;
}

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(ProcessSpec spec, OutputLog& log) {
  spec.pipe_input = true;
  std::unique_ptr<WorkerProcess> worker(new WorkerProcess(log));
  PEGBOX_TRY(worker->process_, Subprocess::start(spec));
  return worker;
}

std::vector<WorkerMessage> WorkerProcess::receive() {
  if (error_output_open_) {
    std::string bytes;
    error_output_open_ = read_available(error_output_, process_->error_output(), bytes);
    log_.append(bytes);
  }
  std::vector<WorkerMessage> messages;
  if (output_open_) output_open_ = output_.fill(process_->output());
  while (const auto line = output_.take()) {
    auto message = decode_worker(*line);
    if (message) {
      messages.push_back(*std::move(message));
    } else if (!line->empty()) {
      ++garbage_lines_;
      log_.append(fmt::format("pegbox: no message: {}\n{}\n", message.error().message, line->substr(0, 1000)));
    }
  }
  return messages;
}

bool WorkerProcess::send(const HostMessage& message) { return process_->write(encode(message)).has_value(); }

void WorkerProcess::add_descriptors(std::vector<int>& descriptors) const {
  if (output_open_) descriptors.push_back(process_->output());
  if (error_output_open_) descriptors.push_back(process_->error_output());
}

}  // namespace pegbox
