// SharedLog: a study's log that several processes append to in turn.
#include "search/shared_log.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace pegbox {

Result<std::vector<Event>> SharedLog::refresh() {
  PEGBOX_TRY(const StudyEntry entry, store_.entry(study_));
  if (id_ != 0 && entry.id != id_)
    return fail(ErrorKind::NotFound, {.where = study_, .what = "the study was removed, and another has its name"});
  id_ = entry.id;
  PEGBOX_TRY(auto events, store_.read(study_, state_.event_count()));
  for (const Event& event : events) PEGBOX_CHECK(state_.apply(event));
  return events;
}

Result<std::unique_ptr<StudyLease>> SharedLog::wait_for_turn(double patience_s) {
  using std::chrono::steady_clock;
  constexpr std::chrono::microseconds kLongestPause(5000);
  const auto end = steady_clock::now() + std::chrono::duration<double>(patience_s);
  for (std::chrono::microseconds pause(50);; pause = std::min(2 * pause, kLongestPause)) {
    auto lease = store_.lease(study_);
    if (lease || lease.error().kind != ErrorKind::Conflict || steady_clock::now() >= end) return lease;
    std::this_thread::sleep_for(pause);
  }
}

Result<std::vector<Event>> SharedLog::append(double study_time_s, const std::string& author,
                                             std::vector<Event::What> batch) {
  if (batch.empty()) return std::vector<Event>{};
  const std::uint64_t length = state_.event_count();
  std::vector<Event> events;
  const auto written = write(events, study_time_s, author, std::move(batch));
  if (written) return events;
  PEGBOX_CHECK(fold_again(length));
  return tl::make_unexpected(written.error());
}

Result<void> SharedLog::write(std::vector<Event>& events, double study_time_s, const std::string& author,
                              std::vector<Event::What> batch) {
  for (Event::What& what : batch) {
    Event event{state_.event_count(), std::max(study_time_s, state_.now_s()), author, std::move(what)};
    PEGBOX_CHECK(state_.apply(event));
    events.push_back(std::move(event));
  }
  PEGBOX_TRY(const Ticket ticket, store_.append(study_, events.front().index, events));
  return store_.wait(ticket);
}

// The fold cannot be undone, so it is made anew.
Result<void> SharedLog::fold_again(std::uint64_t length) {
  PEGBOX_TRY(const auto events, store_.read(study_));
  StudyState state;
  for (const Event& event : events)
    if (event.index < length) PEGBOX_CHECK(state.apply(event));
  state_ = std::move(state);
  return {};
}

}  // namespace pegbox
