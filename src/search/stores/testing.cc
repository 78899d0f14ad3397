// What the tests of stores share.
#include "search/stores/testing.h"

#include <fmt/format.h>

#include <bit>
#include <limits>

namespace pegbox {
namespace {

std::string random_text(Rng& rng) {
  static const std::string kTexts[] = {"", "tuner", "worker 3", "a \"quoted\"\nline\\", "größer ≥ 3", "it's"};
  if (rng.below(40) == 0) return std::string(20000, 'x');
  return kTexts[rng.below(std::size(kTexts))];
}

double random_number(Rng& rng) {
  if (rng.below(20) == 0) return std::numeric_limits<double>::infinity();
  return rng.normal() * 1e3;
}

}  // namespace

Event random_event(std::uint64_t index, Rng& rng) {
  const auto trial = static_cast<std::int64_t>(rng.below(1000));
  Event event{index, rng.uniform() * 1e6, random_text(rng), {}};
  switch (rng.below(5)) {
    case 0:
      event.what = event::TrialCreated{
          trial, Config{{"lr", rng.uniform()}, {"method", "lora"}}, {{"by", "random"}}, rng.next_u64(), {}};
      break;
    case 1:
      event.what = event::TrialStarted{trial, random_text(rng), 0, 100, 60};
      break;
    case 2:
      event.what = event::TrialMoved{trial, TrialState::Failed, 7, {}, FailureKind::Error, random_text(rng)};
      break;
    case 3:
      event.what = event::Note{{}, "key", {{"text", random_text(rng)}}};
      break;
    default:
      event.what = event::TrialReported{trial, 3, {{"loss", random_number(rng)}, {"tokens", 100}}};
  }
  return event;
}

std::vector<Event> random_events(std::uint64_t first, int count, Rng& rng) {
  std::vector<Event> events;
  for (int i = 0; i < count; ++i) events.push_back(random_event(first + events.size(), rng));
  return events;
}

Event report_event(std::uint64_t index) {
  const auto step = static_cast<std::int64_t>(index % 100);
  return {index, 0.25 * static_cast<double>(index), "tuner",
          event::TrialReported{static_cast<std::int64_t>(index / 100),
                               step,
                               {{"validation_loss", 2.0 + 1.0 / static_cast<double>(index + 1)},
                                {"tokens", 4096.0 * static_cast<double>(step)}}}};
}

std::vector<Event> report_events(std::uint64_t first, int count) {
  std::vector<Event> events;
  for (int i = 0; i < count; ++i) events.push_back(report_event(first + events.size()));
  return events;
}

std::string text_of(const Event& event) {
  return fmt::format("{} {:x} {} {} {}", event.index, std::bit_cast<std::uint64_t>(event.study_time_s), event.author,
                     kind_of(event.what), encode_payload(event.what));
}

std::vector<std::string> texts_of(const std::vector<Event>& events) {
  std::vector<std::string> texts;
  for (const Event& event : events) texts.push_back(text_of(event));
  return texts;
}

Result<void> write(Store& store, const std::string& study, const std::vector<Event>& events) {
  PEGBOX_TRY(const Ticket ticket, store.append(study, events.front().index, events));
  return store.wait(ticket);
}

}  // namespace pegbox
