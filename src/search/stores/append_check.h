// What every store asks of an append before it takes the events.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "search/event.h"

namespace pegbox {

/// Conflict if the log's `length` is not the one that the caller `expected`; InvalidInput if the events' indices do not
/// go on from there.
inline Result<void> check_append(const std::string& store, const std::string& study, std::uint64_t length,
                                 std::uint64_t expected, std::span<const Event> events) {
  if (length != expected)
    return fail(ErrorKind::Conflict, {.where = store + " " + study,
                                      .what = "somebody else has written to the study",
                                      .got = std::to_string(length) + " events",
                                      .expected = std::to_string(expected)});
  for (std::size_t i = 0; i < events.size(); ++i)
    if (events[i].index != expected + i)
      return fail(ErrorKind::InvalidInput, {.where = store + " " + study,
                                            .what = "an event out of order",
                                            .got = "index " + std::to_string(events[i].index),
                                            .expected = std::to_string(expected + i)});
  return {};
}

}  // namespace pegbox
