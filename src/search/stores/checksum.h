// Checksum: CRC-32C (Castagnoli), by which a stored event shows that it is as it was written.
//
// Detects every burst of up to 32 damaged bits. Hardware has an instruction for it. Polynomial 0x1EDC6F41, reflected;
// test values in RFC 3720, appendix B.4.
#pragma once

#include <cstdint>
#include <string_view>

namespace pegbox {

/// The checksum of `bytes`; `before` is that of what precedes them, so that parts may be given one after another.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

/// The same without the instruction.
std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t before = 0);

}  // namespace pegbox
