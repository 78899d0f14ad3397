// Channel: the worker's end of the trial protocol: lines in, lines out, and a sign of life from a thread of its own.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/protocol.h"
#include "base/subprocess.h"

namespace pegbox::trainer {

class Channel {
 public:
  /// Reads from `input`, which becomes non-blocking, and writes to `output`; both stay the caller's.
  Channel(int input, int output);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Sends `alive` now, and every `seconds` from now on.
  void start_sign_of_life(double seconds);

  /// One line, whole. A host that is gone shows at the next `receive`.
  void send(const WorkerMessage& message);

  /// The next line, waiting for at most `wait_s`; nothing if none came or the input has ended.
  std::optional<std::string> receive(double wait_s);
  bool ended() const { return ended_; }

 private:
  void live(double seconds);

  int input_, output_;
  LineReader reader_{kMaxLineBytes};
  bool ended_ = false;
  std::mutex mutex_;  // of output_
  std::mutex life_mutex_;
  std::condition_variable life_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace pegbox::trainer
