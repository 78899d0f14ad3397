// Progress: shows a running study while it runs: a picture that is redrawn in a terminal, plain lines elsewhere.
#include "app/progress.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "app/event_line.h"
#include "app/progress_view.h"

namespace pegbox {

namespace {

constexpr std::size_t kMostQueued = 4096;
constexpr std::size_t kMostNews = 6;
constexpr auto kRedraw = std::chrono::milliseconds(250);
constexpr double kStatusEvery_s = 30;

}  // namespace

Progress::Progress(const Study& study, Store& store, Console& console, const std::atomic<bool>& interrupted)
    : store_(store),
      console_(console),
      interrupted_(interrupted),
      state_(study.state()),
      folded_at_s_(clock_.now_s()),
      said_at_s_(folded_at_s_),
      thread_([this] { run(); }) {}

Progress::~Progress() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Progress::on_event(const Event& event) {
  const std::lock_guard lock(mutex_);
  if (behind_) return;
  if (queue_.size() < kMostQueued) {
    queue_.push_back(event);
  } else {
    queue_.clear();
    behind_ = true;
  }
}

void Progress::run() {
  for (bool is_last = false; !is_last;) {
    std::deque<Event> events;
    bool behind = false;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kRedraw, [this] { return ended_; });
      is_last = ended_;
      events = std::exchange(queue_, {});
      behind = std::exchange(behind_, false);
    }
    if (behind) catch_up();
    if (interrupted_ && !std::exchange(said_pausing_, true))
      tell(state_.history().in_state(TrialState::Running).empty()
               ? "pausing (Ctrl-C again ends at once)"
               : "pausing: waiting for running trials to save (Ctrl-C again ends at once)");
    for (const Event& event : events) fold(event);
    show(is_last);
  }
}

void Progress::catch_up() {
  const auto missed = store_.read(state_.spec().name, state_.event_count());
  if (!missed) return;  // the next overflow tries again
  for (const Event& event : *missed) fold(event);
}

void Progress::fold(const Event& event) {
  if (event.index < state_.event_count()) return;
  if (event.index > state_.event_count()) return catch_up();
  if (!state_.apply(event)) return;
  folded_at_s_ = clock_.now_s();
  const auto line = event_line(state_, event);
  if (line) tell(*line);
}

void Progress::tell(const std::string& line) {
  if (!console_.err().is_terminal) return console_.say(line);
  console_.log().info(line);
  news_.push_back(line);
  if (news_.size() > kMostNews) news_.pop_front();
}

double Progress::now_s() const { return state_.now_s() + (clock_.now_s() - folded_at_s_); }

void Progress::show(bool is_last) {
  if (console_.err().is_terminal) {
    draw();
    return;
  }
  if (!is_last && clock_.now_s() - said_at_s_ < kStatusEvery_s) return;
  said_at_s_ = clock_.now_s();
  console_.say(status_line(state_.history(), is_last ? state_.now_s() : now_s()));
}

void Progress::draw() {
  const Terminal terminal = Terminal::look_at(STDERR_FILENO);  // it may have been resized
  auto lines = render({.state = state_,
                       .now_s = now_s(),
                       .terminal = terminal,
                       .news = std::vector<std::string>(news_.begin(), news_.end())});
  lines.resize(std::min(lines.size(), static_cast<std::size_t>(terminal.height - 1)));  // what scrolled off stays
  std::string bytes;
  if (drawn_lines_ > 0) bytes += "\x1b[" + std::to_string(drawn_lines_) + "A\r";
  for (const std::string& line : lines) bytes += line + "\x1b[K\n";
  bytes += "\x1b[J";
  drawn_lines_ = lines.size();
  console_.draw(bytes);
}

}  // namespace pegbox
