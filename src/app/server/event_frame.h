// EventFrames: events of a log as a stream of server-sent events, which browsers and any HTTP client can follow.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "app/server/studies.h"
#include "search/event.h"

namespace pegbox::server {

struct EventFrames {
  std::string text;           ///< empty: nothing new
  std::uint64_t next = 0;     ///< the event to go on from
  std::int64_t study_id = 0;  ///< see LogPiece
};

/// {"index", "study_time_s", "author", "kind", "what": {...}}
Json event_json(const Event& event);

/// The events from `from` on, a bounded number at once. NotFound for an unknown study, InvalidInput for a place behind
/// the log's end.
Result<EventFrames> read_frames(Studies& studies, const std::string& study, std::uint64_t from);

}  // namespace pegbox::server
