// Study: a log in a store together with its fold; the one place where events are appended.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "search/history.h"
#include "search/observer.h"
#include "search/store.h"

namespace pegbox {

class Study {
 public:
  /// Creates the study with its first events, durably: at once, so that there is none without its sources.
  static Result<std::unique_ptr<Study>> create(Store& store, const StudySpec& spec,
                                               std::vector<event::SourceAdded> sources = {});

  /// Reads and folds an existing one.
  static Result<std::unique_ptr<Study>> open(Store& store, const std::string& name);

  const StudyState& state() const { return state_; }
  History history() const { return state_.history(); }
  const std::string& name() const { return name_; }

  /// Stamps, folds and hands `what` to the store; not yet durable. Refuses what the fold refuses, before it is stored.
  Result<void> append(double study_time_s, std::string author, Event::What what);

  /// Returns when all that was appended is durable, then tells the observers. After a passing fault (the disk is full)
  /// it may be called again, with more appended meanwhile.
  Result<void> commit();
  bool has_uncommitted() const { return !pending_.empty(); }

  void observe(Observer& observer) { observers_.push_back(&observer); }

 private:
  Study(Store& store, std::string name) : store_(store), name_(std::move(name)) {}

  Store& store_;
  std::string name_;
  StudyState state_;
  std::vector<Event> pending_;   ///< folded, not yet durable
  std::size_t handed_over_ = 0;  ///< of these, so many are with the store
  Ticket ticket_ = 0;            ///< of the last of them
  std::vector<Observer*> observers_;
};

}  // namespace pegbox
