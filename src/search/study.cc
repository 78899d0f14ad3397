// Study: a log in a store together with its fold; the one place where events are appended.
#include "search/study.h"

#include <span>
#include <utility>

namespace pegbox {

Result<std::unique_ptr<Study>> Study::create(Store& store, const StudySpec& spec,
                                             std::vector<event::SourceAdded> sources) {
  auto created = store.create(spec.name);
  if (!created && created.error().kind == ErrorKind::Conflict) {
    // A study without events was never acknowledged: its creator died between the two writes. It is ours.
    PEGBOX_TRY(const auto events, store.read(spec.name));
    if (events.empty()) created = {};
  }
  PEGBOX_CHECK(std::move(created));
  std::unique_ptr<Study> study(new Study(store, spec.name));
  PEGBOX_CHECK(study->append(0, "user", event::StudyCreated{spec.source, PEGBOX_VERSION}));
  for (event::SourceAdded& source : sources) PEGBOX_CHECK(study->append(0, "user", std::move(source)));
  PEGBOX_CHECK(study->commit());
  return study;
}

Result<std::unique_ptr<Study>> Study::open(Store& store, const std::string& name) {
  PEGBOX_TRY(const auto events, store.read(name));
  if (events.empty()) return fail(ErrorKind::NotFound, {.where = name, .what = "the study has no events"});
  std::unique_ptr<Study> study(new Study(store, name));
  for (const Event& event : events) PEGBOX_CHECK(study->state_.apply(event));
  return study;
}

Result<void> Study::append(double study_time_s, std::string author, Event::What what) {
  Event event{state_.event_count(), study_time_s, std::move(author), std::move(what)};
  PEGBOX_CHECK(state_.apply(event));
  pending_.push_back(std::move(event));
  return {};
}

Result<void> Study::commit() {
  if (pending_.empty()) return {};
  if (handed_over_ < pending_.size()) {
    const std::span<const Event> news = std::span(pending_).subspan(handed_over_);
    PEGBOX_TRY(ticket_, store_.append(name_, news.front().index, news));
    handed_over_ = pending_.size();
  }
  PEGBOX_CHECK(store_.wait(ticket_));
  for (const Event& event : pending_)
    for (Observer* observer : observers_) observer->on_event(event);
  pending_.clear();
  handed_over_ = 0;
  return {};
}

}  // namespace pegbox
