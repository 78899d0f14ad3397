// Checksum: CRC-32C by the processor's instruction where the build allows it, else by a table of 256 entries.
#include "search/stores/checksum.h"

#include <array>
#include <cstring>

#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif

namespace pegbox {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0x82F63B78u : 0u);
    table[byte] = value;
  }
  return table;
}
constexpr auto kTable = make_table();

}  // namespace

std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t before) {
  std::uint32_t value = ~before;
  for (const char byte : bytes) value = (value >> 8) ^ kTable[(value ^ static_cast<unsigned char>(byte)) & 0xFF];
  return ~value;
}

#ifdef __SSE4_2__
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
  std::uint64_t value = ~before;
  while (bytes.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    value = _mm_crc32_u64(value, word);
    bytes.remove_prefix(sizeof word);
  }
  auto low = static_cast<std::uint32_t>(value);
  for (const char byte : bytes) low = _mm_crc32_u8(low, static_cast<unsigned char>(byte));
  return ~low;
}
#else
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) { return crc32c_portable(bytes, before); }
#endif

}  // namespace pegbox
