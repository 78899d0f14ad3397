// Tests of SHA-256 against the examples of FIPS 180-4 and of HMAC against those of RFC 4231.
#include "base/sha256.h"

#include <gtest/gtest.h>

namespace pegbox {
namespace {

std::string hash_of(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.hex();
}

TEST(Sha256, IsThePublishedOneOnThePublishedExamples) {
  EXPECT_EQ(hash_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash_of(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DoesNotDependOnHowBytesArrive) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) bytes += static_cast<char>(i * 7);
  for (std::size_t part = 1; part <= 130; ++part) {
    Sha256 hash;
    for (std::size_t start = 0; start < bytes.size(); start += part)
      hash.add(std::string_view(bytes).substr(start, part));
    EXPECT_EQ(hash.hex(), hash_of(bytes)) << part;
  }
}

TEST(Hmac, IsThePublishedOneOnThePublishedExamples) {
  EXPECT_EQ(hmac_sha256(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac_sha256("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Sha256, HashesAFile) {
  const auto folder = TemporaryFolder::create("pegbox-sha256");
  ASSERT_TRUE(replace_file(folder->path() / "file", "abc"));
  EXPECT_EQ(sha256_of_file(folder->path() / "file").value(), hash_of("abc"));
  EXPECT_FALSE(sha256_of_file(folder->path() / "none"));
}

}  // namespace
}  // namespace pegbox
