// StepReport: what one optimizer step did.
#pragma once

#include <cstdint>

namespace pegbox::train {

struct StepReport {
  double loss = 0;  ///< mean over the batch's labels, in nats, before the step
  double gradient_norm = 0, learning_rate = 0;
  std::int64_t tokens = 0, label_tokens = 0;
  bool taken = true;  ///< false: its loss stood out, and the weights were left as they were or set back
};

}  // namespace pegbox::train
