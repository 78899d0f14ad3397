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

Option study_argument(std::string* target) {
  return {.names = "study",
          .target = target,
          .value = "STUDY",
          .help = "its name; not needed where there is only one",
          .completion = Completion::Study};
}

Option model_option(std::string* target) {
  return {.names = "--model",
          .target = target,
          .value = "DIR",
          .help = "the model's folder",
          .completion = Completion::Folder,
          .required = true};
}

Option adapter_option(std::string* target) {
  return {.names = "--adapter",
          .target = target,
          .value = "DIR",
          .help = "an adapter on top of it",
          .completion = Completion::Folder};
}

Option columns_option(std::vector<std::string>* target) {
  return {.names = "--columns",
          .target = target,
          .value = "NAME=FIELD",
          .help = "what the data call a field of ours, such as prompt=question; may be repeated"};
}

}  // namespace pegbox
