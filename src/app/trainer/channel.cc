// Channel: see channel.h.
#include "app/trainer/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace pegbox::trainer {

Channel::Channel(int input, int output) : input_(input), output_(output) {
  fcntl(input_, F_SETFL, fcntl(input_, F_GETFL) | O_NONBLOCK);
}

Channel::~Channel() {
  {
    const std::scoped_lock lock(life_mutex_);
    ending_ = true;
  }
  life_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Channel::start_sign_of_life(double seconds) {
  send(message::Alive{});
  thread_ = std::thread([this, seconds] { live(seconds); });
}

void Channel::live(double seconds) {
  std::unique_lock lock(life_mutex_);
  while (!life_.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return ending_; })) send(message::Alive{});
}

void Channel::send(const WorkerMessage& message) {
  const std::string line = encode(message);
  const std::scoped_lock lock(mutex_);
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t count = ::write(output_, line.data() + done, line.size() - done);
    if (count >= 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN) {
      pollfd ready{.fd = output_, .events = POLLOUT, .revents = 0};
      ::poll(&ready, 1, 1000);
    } else if (errno != EINTR) {
      return;
    }
  }
}

std::optional<std::string> Channel::receive(double wait_s) {
  if (auto line = reader_.take()) return line;
  if (ended_) return std::nullopt;
  if (wait_s > 0) wait_readable({input_}, std::chrono::milliseconds(static_cast<std::int64_t>(wait_s * 1000)));
  if (!reader_.fill(input_)) ended_ = true;
  return reader_.take();
}

}  // namespace pegbox::trainer
