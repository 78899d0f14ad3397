// CommandTemplate: a shell command with placeholders, `python train.py --lr {learning_rate}`, filled in safely.
//
// A value cannot break out of its place: it is quoted as its surroundings in the command need it (bare, in '...' or in
// "..."). `{{` and `}}` stand for braces; `${...}` is the shell's own.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pegbox {

class CommandTemplate {
 public:
  /// InvalidInput for an unknown name (the known and the nearest are named), a brace that is not closed, an empty
  /// command, and a placeholder within `...` (where quoting is hopeless).
  static Result<CommandTemplate> parse(std::string_view text, const std::vector<std::string>& known_names);

  /// The command. A name without a value (a hyperparameter that is not active) becomes an empty argument.
  std::string fill(const std::map<std::string, std::string>& values) const;

 private:
  enum class Quotes : std::uint8_t { None, Single, Double };
  struct Piece {
    std::string text;  ///< copied
    std::string name;  ///< then this value, unless empty
    Quotes quotes = Quotes::None;
  };
  static std::string quote(const std::string& value, Quotes quotes);
  class Parser;
  std::vector<Piece> pieces_;
};

}  // namespace pegbox
