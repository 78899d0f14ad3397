// PostgresValues: numbers and texts in PostgreSQL's binary format.
#include "search/stores/postgres_values.h"

#include <bit>
#include <cassert>

namespace pegbox {
namespace {

// Types' numbers in every server (src/include/catalog/pg_type.dat).
constexpr std::int32_t kBigint = 20, kText = 25, kDouble = 701;

template <class Unsigned>
void append_big_endian(std::string& bytes, Unsigned number) {
  for (int shift = 8 * (static_cast<int>(sizeof number) - 1); shift >= 0; shift -= 8)
    bytes += static_cast<char>(number >> shift & 0xFF);
}

void append_bytes(std::string& bytes, std::int32_t number) {
  append_big_endian(bytes, static_cast<std::uint32_t>(number));
}
void append_bytes(std::string& bytes, std::int64_t number) {
  append_big_endian(bytes, static_cast<std::uint64_t>(number));
}
void append_bytes(std::string& bytes, double number) { append_big_endian(bytes, std::bit_cast<std::uint64_t>(number)); }
void append_bytes(std::string& bytes, std::string_view text) { bytes += text; }

std::int32_t size_of(std::int64_t) { return 8; }
std::int32_t size_of(double) { return 8; }
std::int32_t size_of(std::string_view text) { return static_cast<std::int32_t>(text.size()); }

template <class Element>
std::string array_of(std::span<const Element> elements, std::int32_t type) {
  std::string bytes;
  for (const std::int32_t number : {elements.empty() ? 0 : 1, 0, type}) append_bytes(bytes, number);
  if (elements.empty()) return bytes;
  append_bytes(bytes, static_cast<std::int32_t>(elements.size()));
  append_bytes(bytes, std::int32_t{1});
  for (const Element& element : elements) {
    append_bytes(bytes, size_of(element));
    append_bytes(bytes, element);
  }
  return bytes;
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

/// How long the sequence that begins with `lead` is; 0 if none does.
std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

}  // namespace

PostgresValues& PostgresValues::add(std::int32_t number) { return append_bytes(bytes_.emplace_back(), number), *this; }
PostgresValues& PostgresValues::add(std::int64_t number) { return append_bytes(bytes_.emplace_back(), number), *this; }
PostgresValues& PostgresValues::add(double number) { return append_bytes(bytes_.emplace_back(), number), *this; }
PostgresValues& PostgresValues::add(std::string_view text) { return bytes_.emplace_back(text), *this; }
PostgresValues& PostgresValues::add(std::span<const std::int64_t> numbers) {
  return bytes_.push_back(array_of(numbers, kBigint)), *this;
}
PostgresValues& PostgresValues::add(std::span<const double> numbers) {
  return bytes_.push_back(array_of(numbers, kDouble)), *this;
}
PostgresValues& PostgresValues::add(std::span<const std::string_view> texts) {
  return bytes_.push_back(array_of(texts, kText)), *this;
}

std::vector<const char*> PostgresValues::pointers() const {
  std::vector<const char*> pointers;
  for (const std::string& bytes : bytes_) pointers.push_back(bytes.data());
  return pointers;
}

std::vector<int> PostgresValues::lengths() const {
  std::vector<int> lengths;
  for (const std::string& bytes : bytes_) lengths.push_back(static_cast<int>(bytes.size()));
  return lengths;
}

std::int64_t integer_of(std::string_view bytes) {
  const std::uint64_t number = big_endian(bytes);
  const auto unused = static_cast<int>(64 - 8 * bytes.size());
  return unused == 64 ? 0 : static_cast<std::int64_t>(number << unused) >> unused;
}

double double_of(std::string_view bytes) {
  assert(bytes.size() == sizeof(double));
  return std::bit_cast<double>(big_endian(bytes));
}

// The second byte's range is narrower after some first ones (Unicode, table 3-7).
bool is_postgres_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = sequence_length(lead);
    if (lead == 0 || length == 0 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      const unsigned low = k > 1 ? 0x80 : lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
      const unsigned high = k > 1 ? 0xBF : lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
      if (next < low || next > high) return false;
    }
    i += length;
  }
  return true;
}

}  // namespace pegbox
