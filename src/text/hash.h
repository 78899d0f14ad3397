// Fnv64: the 64-bit FNV-1a hash, which names content in logs and splits. Not for adversaries.
// Source: Fowler, Noll, Vo; RFC 9923.
#pragma once

#include <cstdint>
#include <string_view>

namespace pegbox::text {

class Fnv64 {
 public:
  void add(std::string_view bytes) {
    for (const char c : bytes) add_byte(static_cast<unsigned char>(c));
  }
  /// The eight bytes of a number, lowest first.
  void add(std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) add_byte(static_cast<unsigned char>(number >> shift));
  }
  void add_byte(unsigned char byte) { value_ = (value_ ^ byte) * 0x100000001B3ull; }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xCBF29CE484222325ull;
};

}  // namespace pegbox::text
