// Option: one flag or argument of a command: its names, where its value goes, and what help and completions say of it.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace pegbox {

/// What a shell should offer to complete a value with.
enum class Completion : std::uint8_t { None, File, Folder, Study };

struct Option {
  /// "-o,--output" for a flag, "study" for an argument by position (given in the order of the list).
  std::string names;
  /// Where the value goes; it keeps what it holds where the option is not given. A bool takes no value; a vector takes
  /// several.
  std::variant<bool*, std::int64_t*, double*, std::string*, std::vector<std::string>*> target;
  std::string value;  ///< the value's name in help: "FILE"; empty for a bool
  std::string help;
  Completion completion = Completion::None;
  std::vector<std::string> choices{};  ///< the values allowed; empty: any
  bool required = false;

  bool is_positional() const { return !names.starts_with('-'); }
  bool takes_value() const { return !std::holds_alternative<bool*>(target); }
  std::vector<std::string> flags() const;  ///< "-o", "--output"; empty for an argument by position
};

/// What several commands take: a study by its name, which is not needed where there is only one; the folder of a model;
/// an adapter on top of it; what the data call our fields.
Option study_argument(std::string* target);
Option model_option(std::string* target);
Option adapter_option(std::string* target);
Option columns_option(std::vector<std::string>* target);

}  // namespace pegbox
