// CheckKind: the checks of data, by name.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pegbox::text {

enum class CheckKind : std::uint8_t {
  Unreadable,      ///< lines that are no row, or rows of another shape than the first
  Encoding,        ///< bytes that are not UTF-8; UTF-8 that was read as Windows-1252 and written again
  Empty,           ///< nothing to learn
  Garbled,         ///< replacement characters, control characters
  Truncated,       ///< texts that stop in the middle
  Duplicates,      ///< rows that are there before
  NearDuplicates,  ///< rows that are nearly there before
  Leakage,         ///< rows of validation or test data that are in training data, or nearly
  Language,        ///< rows in another language than the others, or than the one that is expected
  Repetition,      ///< Gopher's rules of repetition
  Gopher,          ///< Gopher's other rules
  C4,
  FineWeb,
  Labels,          ///< classes that are rare, or alone
  Contradictions,  ///< the same text with two labels
  LabelErrors      ///< labels that are likely wrong
};
inline constexpr std::size_t kCheckKinds = 16;

struct CheckText {
  CheckKind kind;
  std::string_view name;  ///< in files and flags
  std::string_view what;  ///< what a finding of it says: "rows that are there before"
  std::string_view hint;  ///< what to do
};

const CheckText& text_of(CheckKind kind);

/// One value for each check.
template <class T>
using ByCheck = std::array<T, kCheckKinds>;

/// The check of that name; InvalidInput with the nearest. `where`: who names it.
Result<CheckKind> check_of(std::string_view name, const std::string& where);

/// The checks that are named; all if none is.
Result<ByCheck<bool>> checks_of(std::span<const std::string> names, const std::string& where);

}  // namespace pegbox::text
