// GenerationFlags: see generation_flags.h.
#include "app/generation_flags.h"

namespace pegbox {

std::vector<Option> GenerationFlags::options() {
  return {{.names = "--tokens", .target = &tokens, .value = "N", .help = "at most so many new tokens [128]"},
          {.names = "--temperature",
           .target = &temperature,
           .value = "T",
           .help = "0: always the likeliest token; 1: as the model believes [0]"},
          {.names = "--top-k",
           .target = &top_k,
           .value = "K",
           .help = "with a temperature: only among the likeliest K tokens [all]"},
          {.names = "--top-p",
           .target = &top_p,
           .value = "P",
           .help = "with a temperature: only among the likeliest tokens that together have this probability [1]"},
          {.names = "--beams", .target = &beams, .value = "N", .help = "above 1: beam search with so many paths [1]"},
          {.names = "--length-penalty",
           .target = &length_penalty,
           .value = "A",
           .help = "beam search: scores are divided by length to this power [1]"},
          {.names = "--stop", .target = &stop, .value = "TEXT", .help = "end before this text; may be repeated"}};
}

Json GenerationFlags::fields() const {
  Json fields = Json::object();
  if (tokens != 0) fields["most_tokens"] = tokens;
  if (temperature != kUnsaid) fields["temperature"] = temperature;
  if (top_k != 0) fields["top_k"] = top_k;
  if (top_p != kUnsaid) fields["top_p"] = top_p;
  if (beams != 0) fields["beams"] = beams;
  if (length_penalty != kUnsaid) fields["length_penalty"] = length_penalty;
  if (!stop.empty()) fields["stop"] = to_line(stop);
  return fields;
}

}  // namespace pegbox
