// Writing fields: see writing_fields.h.
#include "train/writing_fields.h"

namespace pegbox::train {

std::vector<Field<TrainConfig>> writing_fields() {
  using Row = Field<TrainConfig>;
  return {
      Row{.name = "prompt_template",
          .member = &TrainConfig::prompt_template,
          .help = "method none: what is asked of each row: a text around {prompt}"},
      Row{.name = "most_tokens",
          .member = &TrainConfig::most_tokens,
          .minimum = 1,
          .maximum = 1 << 24,
          .help = "longest continuation that is written, in tokens"},
      Row{.name = "temperature",
          .member = &TrainConfig::temperature,
          .minimum = 0,
          .maximum = 100,
          .help = "0 takes the likeliest token"},
      Row{.name = "top_k",
          .member = &TrainConfig::top_k,
          .minimum = 0,
          .maximum = 1 << 20,
          .help = "sample among the likeliest; 0: among all"},
      Row{.name = "top_p",
          .member = &TrainConfig::top_p,
          .minimum = 1e-6,
          .maximum = 1,
          .help = "sample among the likeliest tokens that together have this probability",
          .source = "Holtzman et al. 2020"},
      Row{.name = "beams",
          .member = &TrainConfig::beams,
          .minimum = 1,
          .maximum = 1024,
          .help = "above 1: beam search with so many paths"},
      Row{.name = "length_penalty",
          .member = &TrainConfig::length_penalty,
          .minimum = -100,
          .maximum = 100,
          .help = "of beam search; scores are divided by length to this power"},
      Row{.name = "stop",
          .member = &TrainConfig::stop,
          .help = "a continuation ends before this text; several as a JSON list"},
  };
}

}  // namespace pegbox::train
