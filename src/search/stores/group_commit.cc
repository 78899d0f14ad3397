// GroupCommit: a buffer under one mutex; the mutex is not held while somebody writes.
#include "search/stores/group_commit.h"

#include <algorithm>
#include <utility>

#include "search/stores/append_check.h"

namespace pegbox {

Result<Ticket> GroupCommit::append(const std::string& study, std::uint64_t expected_length,
                                   std::span<const Event> events) {
  Batch batch{.ticket = 0, .study = study, .first = expected_length, .events = {}};
  batch.events.reserve(events.size());
  for (const Event& event : events) batch.events.push_back(stored_form(event));
  std::unique_lock lock(mutex_);
  PEGBOX_CHECK(check_length(lock, study, expected_length, events));
  if (events.empty()) return last_;
  batch.ticket = ++last_;
  lengths_[study] = expected_length + events.size();
  buffered_.push_back(std::move(batch));
  return last_;
}

Result<void> GroupCommit::check_length(std::unique_lock<std::mutex>& lock, const std::string& study,
                                       std::uint64_t expected, std::span<const Event> events) {
  const auto ours = [&] {
    const auto is_of_study = [&](const Batch& batch) { return batch.study == study; };
    return std::ranges::any_of(buffered_, is_of_study) || std::ranges::any_of(in_flight_, is_of_study);
  };
  const auto known = lengths_.find(study);
  if (known != lengths_.end() && (known->second == expected || ours()))
    return check_append("store", study, known->second, expected, events);
  lock.unlock();  // what we know may be old: another process may have written, or it is the first append
  const auto length = length_(study);
  lock.lock();
  if (!length) return tl::make_unexpected(length.error());
  return check_append("store", study, ours() ? lengths_[study] : *length, expected, events);
}

Result<void> GroupCommit::wait(Ticket ticket) {
  std::unique_lock lock(mutex_);
  ticket = std::min(ticket, last_);
  for (;;) {
    if (auto refusal = take_refusal(ticket)) return tl::make_unexpected(*std::move(refusal));
    if (ticket <= settled_) return {};
    if (committing_)
      committed_.wait(lock);
    else
      PEGBOX_CHECK(commit_buffered(lock));
  }
}

Result<void> GroupCommit::commit_buffered(std::unique_lock<std::mutex>& lock) {
  if (buffered_.empty()) {
    settled_ = last_;  // what was forgotten is settled too
    return {};
  }
  committing_ = true;
  in_flight_ = std::exchange(buffered_, {});
  lock.unlock();
  const auto refusals = commit_(in_flight_);
  lock.lock();
  committing_ = false;
  committed_.notify_all();
  if (!refusals) {
    in_flight_.insert(in_flight_.end(), std::make_move_iterator(buffered_.begin()),
                      std::make_move_iterator(buffered_.end()));
    buffered_ = std::exchange(in_flight_, {});
    return tl::make_unexpected(refusals.error());
  }
  settled_ = in_flight_.back().ticket;
  refuse(*refusals);
  in_flight_.clear();
  return {};
}

// A later batch of the same study builds on the refused one.
void GroupCommit::refuse(const Refusals& refusals) {
  for (const auto& [study, error] : refusals) {
    for (const auto* batches : {&in_flight_, &buffered_})
      for (const Batch& batch : *batches)
        if (batch.study == study) refused_.emplace(batch.ticket, error);
    std::erase_if(buffered_, [&](const Batch& batch) { return batch.study == study; });
    lengths_.erase(study);
  }
}

std::optional<Error> GroupCommit::take_refusal(Ticket ticket) {
  const auto found = refused_.find(ticket);
  if (found == refused_.end()) return std::nullopt;
  Error error = std::move(found->second);
  refused_.erase(found);
  return error;
}

void GroupCommit::forget(const std::string& study) {
  std::unique_lock lock(mutex_);
  committed_.wait(lock, [&] { return !committing_; });
  std::erase_if(buffered_, [&](const Batch& batch) { return batch.study == study; });
  lengths_.erase(study);
}

}  // namespace pegbox
