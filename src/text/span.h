// Span: a part of a text, in bytes.
#pragma once

#include <cstddef>

namespace pegbox::text {

struct Span {
  std::size_t begin = 0, end = 0;  ///< [begin, end)
  bool operator==(const Span&) const = default;
};

}  // namespace pegbox::text
