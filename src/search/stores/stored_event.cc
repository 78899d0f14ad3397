// StoredEvent: an event as a row of a store's table, and its checksum.
#include "search/stores/stored_event.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <utility>

#include "search/stores/checksum.h"

namespace pegbox {
namespace {

std::uint32_t add_number(std::uint32_t checksum, std::int64_t number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  return crc32c({bytes, sizeof bytes}, checksum);
}

}  // namespace

StoredEvent stored_form(const Event& event) {
  return {event.study_time_s, event.author, std::string(kind_of(event.what)), encode_payload(event.what)};
}

std::uint32_t checksum_of(const EventRow& row) {
  std::uint32_t checksum = add_number(add_number(0, row.key), std::bit_cast<std::int64_t>(row.study_time_s));
  for (const std::string_view text : {row.author, row.kind, row.payload})
    checksum = crc32c(text, add_number(checksum, static_cast<std::int64_t>(text.size())));
  return checksum;
}

std::uint32_t checksum_of(std::int64_t key, const StoredEvent& event) {
  return checksum_of(EventRow{key, event.study_time_s, event.author, event.kind, event.payload});
}

std::uint32_t checksum_of_study(std::int64_t id, std::string_view name, double created_unix_s) {
  return crc32c(name, add_number(add_number(0, id), std::bit_cast<std::int64_t>(created_unix_s)));
}

std::string name_of_event(const std::string& study, std::uint64_t index) {
  return fmt::format("event {} of study '{}'", index, study);
}

tl::unexpected<Error> fail_damaged(const std::string& where, const std::string& what) {
  return fail(ErrorKind::Corrupt, {.where = where,
                                   .what = "the store is damaged: " + what,
                                   .got = {},
                                   .expected = {},
                                   .hint = "restore a backup; studies that are not named are not affected"});
}

Result<Event> event_of_row(const EventRow& row, std::int64_t checksum, const std::string& where,
                           const std::string& study, std::uint64_t index) {
  if (checksum_of(row) != checksum)
    return fail_damaged(where, name_of_event(study, index) + " is not as it was written");
  auto what = decode_payload(row.kind, row.payload);
  if (!what)
    return fail(what.error().kind, {.where = where + " " + name_of_event(study, index), .what = what.error().message});
  return Event{
      .index = index, .study_time_s = row.study_time_s, .author = std::string(row.author), .what = *std::move(what)};
}

}  // namespace pegbox
