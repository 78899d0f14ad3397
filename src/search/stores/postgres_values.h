// PostgresValues: numbers and texts in PostgreSQL's binary format, in which no bit of a number is lost.
//
// Big-endian integers and IEEE doubles, texts as they are; an array is its number of dimensions, whether it has nulls,
// its elements' type, length and lower bound, then each element behind its length (src/backend/utils/adt/arrayfuncs.c,
// array_recv).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pegbox {

/// The parameters of a statement, in the order of $1, $2, ... The statement says their types.
class PostgresValues {
 public:
  PostgresValues& add(std::int32_t number);    ///< integer
  PostgresValues& add(std::int64_t number);    ///< bigint
  PostgresValues& add(double number);          ///< double precision
  PostgresValues& add(std::string_view text);  ///< text
  PostgresValues& add(std::span<const std::int64_t> numbers);
  PostgresValues& add(std::span<const double> numbers);
  PostgresValues& add(std::span<const std::string_view> texts);

  int count() const { return static_cast<int>(bytes_.size()); }
  /// As libpq takes them; valid until something is added.
  std::vector<const char*> pointers() const;
  std::vector<int> lengths() const;

 private:
  std::vector<std::string> bytes_;
};

std::int64_t integer_of(std::string_view bytes);  ///< of 2, 4 or 8 bytes
double double_of(std::string_view bytes);

/// Whether a column of type text can hold it: UTF-8 without a zero byte.
bool is_postgres_text(std::string_view text);

}  // namespace pegbox
