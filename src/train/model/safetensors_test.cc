// Tests of safetensors: what is written is read, what is damaged is refused.
#include "train/model/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace pegbox::train {
namespace {

using ::testing::HasSubstr;

std::string file_of(const std::string& header, const std::string& data) {
  std::string bytes(8, '\0');
  const std::uint64_t size = header.size();
  std::memcpy(bytes.data(), &size, 8);
  return bytes + header + data;
}

class Safetensors : public ::testing::Test {
 protected:
  Safetensors() : folder_(*TemporaryFolder::create("safetensors")), path_(folder_.path() / "x.safetensors") {}

  Result<SafetensorsFile> open(const std::string& bytes) {
    EXPECT_TRUE(replace_file(path_, bytes));
    return SafetensorsFile::open(path_);
  }
  void expect_refused(const std::string& bytes, const std::string& words, ErrorKind kind = ErrorKind::Corrupt) {
    const auto file = open(bytes);
    ASSERT_FALSE(file) << words;
    EXPECT_EQ(file.error().kind, kind) << file.error().message;
    EXPECT_THAT(file.error().message, HasSubstr(words));
    EXPECT_THAT(file.error().message, HasSubstr("x.safetensors"));
  }

  TemporaryFolder folder_;
  Path path_;
};

TEST_F(Safetensors, GivesBackWhatWasWritten) {
  const std::vector<float> values = {1, -2.5, 3e-9f, 4, 5, 6};
  const std::vector<std::int64_t> ids = {7};
  const auto bytes = std::as_bytes(std::span(values));
  ASSERT_TRUE(write_safetensors(path_,
                                {{"b", {Dtype::F32, {2, 3}, bytes}},
                                 {"a", {Dtype::I64, {1}, std::as_bytes(std::span(ids))}},
                                 {"empty", {Dtype::F32, {0, 4}, {}}}},
                                {{"format", "pt"}}));
  const auto file = SafetensorsFile::open(path_);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->metadata().at("format"), "pt");
  ASSERT_EQ(file->arrays().size(), 3u);
  const ArrayView& b = file->arrays().at("b");
  EXPECT_EQ(b.shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(b.dtype, Dtype::F32);
  ASSERT_EQ(b.bytes.size(), bytes.size());
  EXPECT_EQ(std::memcmp(b.bytes.data(), bytes.data(), bytes.size()), 0);
  EXPECT_EQ(file->arrays().at("empty").bytes.size(), 0u);
}

TEST_F(Safetensors, RefusesEveryTruncation) {
  const std::vector<float> values(10, 1.5f);
  ASSERT_TRUE(write_safetensors(path_, {{"a", {Dtype::F32, {10}, std::as_bytes(std::span(values))}}}));
  const std::string whole = *read_file(path_);
  ASSERT_TRUE(open(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto file = open(whole.substr(0, size));
    ASSERT_FALSE(file) << size;
    EXPECT_EQ(file.error().kind, ErrorKind::Corrupt);
    if (size > 100) {
      EXPECT_THAT(file.error().message, HasSubstr("cut short"));
    }
  }
}

TEST_F(Safetensors, RefusesOtherFiles) {
  expect_refused("", "not a safetensors file");
  expect_refused("PK\x03\x04 a zip file, as torch.save writes", "not a safetensors file");
  expect_refused("version https://git-lfs.github.com/spec/v1\n", "not a safetensors file");
  expect_refused(file_of("[1, 2]", ""), "not a safetensors file");
}

TEST_F(Safetensors, RefusesShapesThatDoNotFit) {
  const std::string data(16, 'x');
  expect_refused(file_of(R"({"a":{"dtype":"F32","shape":[5],"data_offsets":[0,16]}})", data), "does not fit");
  expect_refused(file_of(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}})", data), "does not fit");
  expect_refused(file_of(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,16]}})", data),
                 "does not fit");
  expect_refused(file_of(R"({"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}})", data), "not a list of sizes");
  expect_refused(file_of(R"({"a":{"dtype":"F32","shape":[4]}})", data), "missing");
}

TEST_F(Safetensors, RefusesOverlapsAndUnknownTypes) {
  const std::string data(16, 'x');
  expect_refused(
      file_of(
          R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
          data),
      "overlap");
  expect_refused(file_of(R"({"a":{"dtype":"F4","shape":[2],"data_offsets":[0,8]}})", data), "dtype",
                 ErrorKind::Unsupported);
}

TEST_F(Safetensors, SaysThatAFileIsMissing) {
  const auto file = SafetensorsFile::open(folder_.path() / "none.safetensors");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::NotFound);
}

}  // namespace
}  // namespace pegbox::train
