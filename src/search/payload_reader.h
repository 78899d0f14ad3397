// PayloadReader: reads JSON as `encode_payload` writes it, many times faster than through a tree of values.
//
// It knows less than JSON: no space between tokens, texts of plain ASCII without escapes. At anything else, also at
// anything wrong, it gives up, and the caller reads the payload again with parse_json, which knows all and finds the
// words for what is wrong. So it must accept nothing that parse_json refuses, and read nothing differently.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "search/event.h"

namespace pegbox {

class PayloadReader {
 public:
  explicit PayloadReader(std::string_view text) : next_(text.data()), end_(text.data() + text.size()) {}

  /// Begins an object. Then `next_key` gives one key after another, and false after the last, or when it gave up; a
  /// value must be read after each key.
  bool open();
  bool next_key(std::string_view& key);

  std::int64_t integer();
  std::uint64_t seed();
  double real();            ///< also "nan", "inf", "-inf"
  std::string_view text();  ///< within the payload
  Value value();            ///< true, false, a number or a text
  Json any();               ///< through parse_json

  bool gave_up() const { return gave_up_; }
  void give_up() { gave_up_ = true; }
  bool at_end() const { return !gave_up_ && next_ == end_; }

 private:
  bool skip(char c);
  std::string_view number_token(bool& is_integer);

  const char* next_;
  const char* end_;
  bool first_ = false;  ///< no key of the innermost object was read yet
  bool gave_up_ = false;
};

/// The payload, if its kind is one of those there are many of and the reader did not give up.
std::optional<Event::What> decode_usual_payload(std::string_view kind, std::string_view payload);

}  // namespace pegbox
