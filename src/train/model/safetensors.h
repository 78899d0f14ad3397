// Safetensors: named arrays in one file, an 8-byte length, a JSON header and the bytes; read through a memory map.
//
// Format: github.com/huggingface/safetensors. Everything is checked before a byte is used: lengths, offsets, overlaps,
// and that shapes fit the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace pegbox::train {

enum class Dtype : std::uint8_t { F64, F32, F16, BF16, I64, I32, I16, I8, U8, Bool };

std::string_view name_of(Dtype dtype);  ///< "F32", as in the header
std::int64_t bytes_of(Dtype dtype);     ///< of one element
bool is_floating(Dtype dtype);

/// One array; `bytes` belongs to the file or to the caller.
struct ArrayView {
  Dtype dtype = Dtype::F32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
};

/// An open file. Its arrays are valid as long as it lives.
class SafetensorsFile {
 public:
  /// NotFound; Corrupt if it is not safetensors, cut short, or has offsets and shapes that do not fit.
  static Result<SafetensorsFile> open(const Path& path);
  SafetensorsFile(SafetensorsFile&&) noexcept;
  SafetensorsFile& operator=(SafetensorsFile&&) noexcept;
  ~SafetensorsFile();

  const std::map<std::string, ArrayView>& arrays() const { return arrays_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const Path& path() const { return path_; }

 private:
  class Mapping;
  SafetensorsFile(std::unique_ptr<Mapping> mapping, Path path);
  Result<void> read_header();

  std::unique_ptr<Mapping> mapping_;
  Path path_;
  std::map<std::string, ArrayView> arrays_;
  std::map<std::string, std::string> metadata_;
};

/// Writes `arrays` atomically and durably, in the order of their names, without a copy of their bytes.
Result<void> write_safetensors(const Path& path, const std::map<std::string, ArrayView>& arrays,
                               const std::map<std::string, std::string>& metadata = {});

}  // namespace pegbox::train
