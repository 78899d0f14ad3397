// crc32c: the Castagnoli checksum (RFC 3720, appendix B.4), which guards the records of event files.
#pragma once

#include <cstdint>
#include <string_view>

namespace pegbox {

std::uint32_t crc32c(std::string_view bytes);

}  // namespace pegbox
