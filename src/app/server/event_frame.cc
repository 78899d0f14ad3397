// EventFrames: events of a log as a stream of server-sent events.
#include "app/server/event_frame.h"

#include <fmt/format.h>

namespace pegbox::server {

Json event_json(const Event& event) {
  return {{"index", event.index},
          {"study_time_s", event.study_time_s},
          {"author", event.author},
          {"kind", kind_of(event.what)},
          {"what", Json::parse(encode_payload(event.what))}};
}

Result<EventFrames> read_frames(Studies& studies, const std::string& study, std::uint64_t from) {
  PEGBOX_TRY(const LogPiece piece, studies.events(study, from));
  EventFrames frames{.text = {}, .next = from + piece.events.size(), .study_id = piece.study_id};
  for (const Event& event : piece.events)
    frames.text +=
        fmt::format("id: {}\nevent: {}\ndata: {}\n\n", event.index, kind_of(event.what), to_line(event_json(event)));
  return frames;
}

}  // namespace pegbox::server
