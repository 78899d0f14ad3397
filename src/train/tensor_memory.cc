// TensorMemory: see tensor_memory.h.
#include "train/tensor_memory.h"

#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>

#include <atomic>
#include <cstdlib>

namespace pegbox::train {

namespace {

constexpr std::uintptr_t kAlignment = 64;  // as libtorch's, for its vector units

std::atomic<std::int64_t> held = 0, most = 0;

/// Stands right before a tensor's bytes.
struct Header {
  void* block;
  std::int64_t bytes;
};

void report(void* data, std::int64_t bytes) {
  if (c10::memoryProfilingEnabled())
    c10::reportMemoryUsageToProfiler(data, bytes, static_cast<std::size_t>(held), 0, c10::Device(c10::DeviceType::CPU));
}

[[noreturn]] void refuse(std::size_t bytes) {
  C10_THROW_ERROR(OutOfMemoryError, c10::str("not enough memory: you tried to allocate ", bytes, " bytes"));
}

void release(void* data) {
  if (data == nullptr) return;
  const Header header = static_cast<Header*>(data)[-1];
  held -= header.bytes;
  report(data, -header.bytes);
  std::free(header.block);
}

class Allocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    const c10::Device cpu(c10::DeviceType::CPU);
    if (bytes == 0) return {nullptr, nullptr, &release, cpu};
    const auto size = static_cast<std::int64_t>(bytes);
    const std::int64_t sum = held += size;
    void* const block = most > 0 && sum > most ? nullptr : std::malloc(bytes + sizeof(Header) + kAlignment);
    if (block == nullptr) {
      held -= size;
      refuse(bytes);
    }
    const std::uintptr_t first = reinterpret_cast<std::uintptr_t>(block) + sizeof(Header);
    void* const data = reinterpret_cast<void*>((first + kAlignment - 1) / kAlignment * kAlignment);
    static_cast<Header*>(data)[-1] = {block, size};
    report(data, size);
    return {data, data, &release, cpu};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }
};

}  // namespace

void TensorMemory::install() {
  static Allocator allocator;
  c10::SetCPUAllocator(&allocator, /*priority=*/1);
}

std::int64_t TensorMemory::bytes() { return held; }
void TensorMemory::limit(std::int64_t bytes) { most = bytes; }

}  // namespace pegbox::train
