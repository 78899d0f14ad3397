// StoredEvent: an event as a row of a store's table, and the checksum by which it shows that it is as it was written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "search/event.h"

namespace pegbox {

/// An event as it is written: all but its place.
struct StoredEvent {
  double study_time_s = 0;
  std::string author, kind, payload;
};
StoredEvent stored_form(const Event& event);

/// Room for 2^40 events in each of 2^23 studies: an event's place in a store, as one number.
inline constexpr int kIndexBits = 40;
inline constexpr std::int64_t event_key(std::int64_t study_id, std::uint64_t index) {
  return (study_id << kIndexBits) + static_cast<std::int64_t>(index);
}

/// A row that was read. Its texts are valid as long as the row is.
struct EventRow {
  std::int64_t key = 0;
  double study_time_s = 0;
  std::string_view author, kind, payload;
};

/// CRC-32C over everything in the row, and each text's length, so that no byte can move from one column to the next.
std::uint32_t checksum_of(const EventRow& row);
std::uint32_t checksum_of(std::int64_t key, const StoredEvent& event);
std::uint32_t checksum_of_study(std::int64_t id, std::string_view name, double created_unix_s);

/// "event 7 of study 's'".
std::string name_of_event(const std::string& study, std::uint64_t index);

/// Corrupt: `what` in the store at `where` is not as it was written.
tl::unexpected<Error> fail_damaged(const std::string& where, const std::string& what);

/// The event in a row of `study` in the store at `where`. Corrupt if the row is not as it was written.
Result<Event> event_of_row(const EventRow& row, std::int64_t checksum, const std::string& where,
                           const std::string& study, std::uint64_t index);

}  // namespace pegbox
