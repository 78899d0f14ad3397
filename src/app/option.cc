// Option: one flag or argument of a command.
#include "app/option.h"

namespace pegbox {

std::vector<std::string> Option::flags() const {
  std::vector<std::string> flags;
  if (is_positional()) return flags;
  for (std::size_t start = 0; start <= names.size();) {
    const std::size_t end = std::min(names.find(',', start), names.size());
    flags.push_back(names.substr(start, end - start));
    start = end + 1;
  }
  return flags;
}

}  // namespace pegbox
