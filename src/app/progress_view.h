// Progress view: a running study as lines of text for a terminal.
#pragma once

#include <string>
#include <vector>

#include "app/terminal.h"
#include "search/history.h"

namespace pegbox {

struct ProgressView {
  const StudyState& state;
  double now_s = 0;  ///< study time
  Terminal terminal;
  std::vector<std::string> news;  ///< the latest event lines, oldest first
};

/// The budget used and left, the running trials with their curves, the best so far, the latest news. No line is wider
/// than the terminal, and there are never more than 24.
std::vector<std::string> render(const ProgressView& view);

}  // namespace pegbox
