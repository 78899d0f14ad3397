// Sha256: the hash that names published bytes (FIPS 180-4), and HMAC with it (RFC 2104). The same as `sha256sum`.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace pegbox {

class Sha256 {
 public:
  using Digest = std::array<unsigned char, 32>;

  void add(std::string_view bytes);
  Digest digest() const;    ///< of all that was added so far
  std::string hex() const;  ///< the same in 64 hexadecimal digits

 private:
  void add_block(const unsigned char* block);

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> block_{};
  std::uint64_t bytes_ = 0;
};

/// HMAC-SHA-256 in hexadecimal digits.
std::string hmac_sha256(std::string_view key, std::string_view message);

/// Of a file's bytes, in hexadecimal digits.
Result<std::string> sha256_of_file(const Path& path);

}  // namespace pegbox
