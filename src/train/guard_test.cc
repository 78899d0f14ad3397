// Tests of guard: what libtorch throws where there is no memory becomes an error with numbers.
#include "train/guard.h"

#include <ATen/ops/empty.h>
#include <gmock/gmock.h>

#include "train/tensor.h"

namespace pegbox::train {
namespace {

using ::testing::HasSubstr;

Error error_of_shape(std::vector<std::int64_t> shape) {
  const auto made = guard("a table", [&]() -> Result<Tensor> { return at::empty(shape, at::kFloat); });
  return made ? Error{ErrorKind::Internal, "it was made"} : made.error();
}

TEST(Guard, SaysWhatWasAskedForWhereThereIsNoMemory) {
  const Error large = error_of_shape({std::int64_t{1} << 52});
  EXPECT_EQ(large.kind, ErrorKind::OutOfMemory);
  EXPECT_THAT(large.message, HasSubstr("[a table] out of memory; got 16 PiB for one tensor"));
  const Error larger = error_of_shape({std::int64_t{1} << 40, std::int64_t{1} << 40});
  EXPECT_EQ(larger.kind, ErrorKind::OutOfMemory);
  EXPECT_THAT(larger.message, HasSubstr("a tensor larger than all memory there can be"));
}

}  // namespace
}  // namespace pegbox::train
