// For the tests of text/: random UTF-8, a small trained tokenizer, files in a temporary folder, shared data.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/rng.h"
#include "text/tokenizer.h"

namespace pegbox::text::test {

/// Fails the test with the error's message where a result has no value.
#define ASSERT_OK(result) ASSERT_TRUE((result).has_value()) << (result).error().message

/// `result` is an error of `kind` whose message contains each of the texts.
template <class T>
void expect_error(const Result<T>& result, ErrorKind kind, const std::vector<std::string>& texts) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, kind) << result.error().message;
  for (const std::string& text : texts)
    EXPECT_NE(result.error().message.find(text), std::string::npos)
        << "message: " << result.error().message << "\nhas not: " << text;
}

inline void append_utf8(std::string& text, std::uint32_t code_point) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code_point < 0x80) return put(code_point);
  if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3F));
  } else {
    put(0xF0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3F));
    put(0x80 | (code_point >> 6 & 0x3F));
  }
  put(0x80 | (code_point & 0x3F));
}

/// Up to `most` characters from all planes, with many ASCII ones, spaces, newlines and control characters among them.
inline std::string random_text(Rng& rng, std::uint64_t most) {
  std::string text;
  for (std::uint64_t i = rng.below(most + 1); i > 0; --i) {
    switch (rng.below(6)) {
      case 0:
        append_utf8(text, static_cast<std::uint32_t>(rng.below(0x20)));
        break;
      case 1:
        text += " \n\t'"[rng.below(4)];
        break;
      case 2:
        append_utf8(text, static_cast<std::uint32_t>(0x80 + rng.below(0xD800 - 0x80)));
        break;
      case 3:
        append_utf8(text, static_cast<std::uint32_t>(0xE000 + rng.below(0x110000 - 0xE000)));
        break;
      default:
        text += static_cast<char>('a' + rng.below(26));
    }
  }
  return text;
}

inline const std::vector<std::string>& training_texts() {
  static const std::vector<std::string> texts = {
      "the quick brown fox jumps over the lazy dog\nthe dog sleeps, and the fox runs away from the dog\n",
      "for (int i = 0; i < 10; ++i) {\n  total += values[i];\n}\nreturn total;\n",
      "low low low low low lower lower newest newest newest newest newest newest widest widest widest\n"};
  return texts;
}

inline Tokenizer small_tokenizer() {
  auto tokenizer = Tokenizer::train_byte_level_bpe(training_texts(), 280, "<|end|>");
  EXPECT_TRUE(tokenizer.has_value()) << tokenizer.error().message;
  return *std::move(tokenizer);
}

/// A folder of files that are gone after the test.
class Files {
 public:
  Files() : folder_(*TemporaryFolder::create("pegbox-text-test")) {}
  const Path& folder() const { return folder_.path(); }
  Path write(const std::string& name, std::string_view bytes) const {
    const Path path = folder() / name;
    EXPECT_TRUE(make_folder(path.parent_path()).has_value());
    EXPECT_TRUE(replace_file(path, bytes).has_value());
    return path;
  }

 private:
  TemporaryFolder folder_;
};

/// The folder of shared test data, or an empty path where there is none.
inline Path shared_data() {
  const char* named = std::getenv("PEGBOX_SHARED");
  const Path folder = named != nullptr ? Path(named) : Path("../shared");
  std::error_code ignored;
  return std::filesystem::is_directory(folder / "data", ignored) ? folder / "data" : Path();
}

#define SKIP_WITHOUT_SHARED_DATA(folder) \
  if ((folder).empty()) GTEST_SKIP() << "no ../shared data"

}  // namespace pegbox::text::test
