// Safetensors: see safetensors.h.
#include "train/model/safetensors.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "base/json.h"

namespace pegbox::train {

namespace {

struct DtypeRow {
  Dtype dtype;
  std::string_view name;
  std::int64_t bytes;
};

constexpr std::array<DtypeRow, 10> kDtypes = {{{Dtype::F64, "F64", 8},
                                               {Dtype::F32, "F32", 4},
                                               {Dtype::F16, "F16", 2},
                                               {Dtype::BF16, "BF16", 2},
                                               {Dtype::I64, "I64", 8},
                                               {Dtype::I32, "I32", 4},
                                               {Dtype::I16, "I16", 2},
                                               {Dtype::I8, "I8", 1},
                                               {Dtype::U8, "U8", 1},
                                               {Dtype::Bool, "BOOL", 1}}};

constexpr std::uint64_t kMostHeaderBytes = 100'000'000;  // the format's own limit
constexpr std::size_t kAlignmentBytes = 64;              // of the first array, so that a map can be used in place

const DtypeRow& row_of(Dtype dtype) { return *std::ranges::find(kDtypes, dtype, &DtypeRow::dtype); }

tl::unexpected<Error> corrupt(const Path& path, std::string what, std::string got = {}, std::string expected = {}) {
  return fail(
      ErrorKind::Corrupt,
      {.where = path.string(), .what = std::move(what), .got = std::move(got), .expected = std::move(expected)});
}

/// The bytes that a shape needs; nothing if a size is negative or the product does not fit.
std::optional<std::uint64_t> bytes_needed(const std::vector<std::int64_t>& shape, Dtype dtype) {
  std::uint64_t bytes = static_cast<std::uint64_t>(bytes_of(dtype));
  for (const std::int64_t size : shape)
    if (size < 0 || __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(size), &bytes)) return std::nullopt;
  return bytes;
}

struct Entry {
  ArrayView view;
  std::uint64_t begin = 0, end = 0;
};

Result<Entry> read_entry(const Path& path, const std::string& name, const Json& json) {
  const auto wrong = [&](const std::string& what) { return corrupt(path, fmt::format("array {}: {}", name, what)); };
  if (!json.is_object() || !json.contains("dtype") || !json.contains("shape") || !json.contains("data_offsets"))
    return wrong("dtype, shape or data_offsets is missing");
  const Json &dtype = json["dtype"], &shape = json["shape"], &offsets = json["data_offsets"];
  Entry entry;
  const auto* row =
      dtype.is_string() ? std::ranges::find(kDtypes, dtype.get<std::string>(), &DtypeRow::name) : kDtypes.end();
  if (row == kDtypes.end())
    return fail(ErrorKind::Unsupported, {.where = path.string(),
                                         .what = fmt::format("array {}: its dtype", name),
                                         .got = to_line(dtype),
                                         .expected = "F32, F16, BF16, F64 or an integer type"});
  entry.view.dtype = row->dtype;
  const auto is_size = [](const Json& value) { return value.is_number_unsigned(); };
  if (!shape.is_array() || !std::ranges::all_of(shape, is_size)) return wrong("its shape is not a list of sizes");
  entry.view.shape = shape.get<std::vector<std::int64_t>>();
  if (!offsets.is_array() || offsets.size() != 2 || !std::ranges::all_of(offsets, is_size))
    return wrong("its data_offsets are not two numbers");
  entry.begin = offsets[0].get<std::uint64_t>();
  entry.end = offsets[1].get<std::uint64_t>();
  const auto needed = bytes_needed(entry.view.shape, entry.view.dtype);
  if (entry.begin > entry.end || !needed || *needed != entry.end - entry.begin)
    return wrong("its shape does not fit its data_offsets");
  return entry;
}

}  // namespace

std::string_view name_of(Dtype dtype) { return row_of(dtype).name; }
std::int64_t bytes_of(Dtype dtype) { return row_of(dtype).bytes; }
bool is_floating(Dtype dtype) { return dtype <= Dtype::BF16; }

/// A file mapped read-only into memory.
class SafetensorsFile::Mapping {
 public:
  static Result<std::unique_ptr<Mapping>> open(const Path& path) {
    if (!std::filesystem::exists(path))
      return fail(ErrorKind::NotFound, {.where = path.string(), .what = "there is no such file"});
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return fail_errno(path.string(), "cannot open");
    struct stat status = {};
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
      ::close(descriptor);
      return fail(ErrorKind::InvalidInput, {.where = path.string(), .what = "not a regular file"});
    }
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const start = size == 0 ? nullptr : mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    ::close(descriptor);
    if (start == MAP_FAILED) return fail_errno(path.string(), "cannot map into memory");
    return std::unique_ptr<Mapping>(new Mapping(start, size));
  }
  ~Mapping() {
    if (start_ != nullptr) munmap(start_, size_);
  }
  std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(start_), size_}; }

 private:
  Mapping(void* start, std::size_t size) : start_(start), size_(size) {}
  void* start_;
  std::size_t size_;
};

SafetensorsFile::SafetensorsFile(std::unique_ptr<Mapping> mapping, Path path)
    : mapping_(std::move(mapping)), path_(std::move(path)) {}
SafetensorsFile::SafetensorsFile(SafetensorsFile&&) noexcept = default;
SafetensorsFile& SafetensorsFile::operator=(SafetensorsFile&&) noexcept = default;
SafetensorsFile::~SafetensorsFile() = default;

Result<SafetensorsFile> SafetensorsFile::open(const Path& path) {
  PEGBOX_TRY(auto mapping, Mapping::open(path));
  SafetensorsFile file(std::move(mapping), path);
  PEGBOX_CHECK(file.read_header());
  return file;
}

Result<void> SafetensorsFile::read_header() {
  const auto bytes = mapping_->bytes();
  if (bytes.size() < 8)
    return corrupt(path_, "not a safetensors file", fmt::format("{} bytes", bytes.size()), "at least 8");
  std::uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), 8);
  const char* const header = reinterpret_cast<const char*>(bytes.data()) + 8;
  if (header_bytes > kMostHeaderBytes || (bytes.size() > 8 && header[0] != '{'))
    return corrupt(path_, "not a safetensors file", {}, "a length of 8 bytes and a JSON header");
  if (header_bytes > bytes.size() - 8)
    return corrupt(path_, "the file is cut short in its header", fmt::format("{} bytes", bytes.size()),
                   fmt::format("at least {}", header_bytes + 8));
  PEGBOX_TRY(const Json json, parse_json(std::string_view(header, header_bytes), path_.string() + " (header)"));
  if (!json.is_object()) return corrupt(path_, "not a safetensors file", {}, "a JSON object as header");
  const auto data = bytes.subspan(8 + header_bytes);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const auto& [name, value] : json.items()) {
    if (name == "__metadata__") {
      for (const auto& [key, text] : value.items())
        if (text.is_string()) metadata_[key] = text.get<std::string>();
      continue;
    }
    PEGBOX_TRY(Entry entry, read_entry(path_, name, value));
    if (entry.end > data.size())
      return corrupt(path_, fmt::format("the file is cut short: array {} is not whole", name),
                     fmt::format("{} bytes", bytes.size()), fmt::format("at least {}", 8 + header_bytes + entry.end));
    entry.view.bytes = data.subspan(entry.begin, entry.end - entry.begin);
    ranges.emplace_back(entry.begin, entry.end);
    arrays_.emplace(name, std::move(entry.view));
  }
  std::ranges::sort(ranges);
  for (std::size_t i = 1; i < ranges.size(); ++i)
    if (ranges[i].first < ranges[i - 1].second) return corrupt(path_, "two arrays overlap in the file");
  return {};
}

Result<void> write_safetensors(const Path& path, const std::map<std::string, ArrayView>& arrays,
                               const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const auto& [name, view] : arrays) {
    header[name] = {
        {"dtype", name_of(view.dtype)}, {"shape", view.shape}, {"data_offsets", {offset, offset + view.bytes.size()}}};
    offset += view.bytes.size();
  }
  std::string text = header.dump();
  text.append((kAlignmentBytes - (8 + text.size()) % kAlignmentBytes) % kAlignmentBytes, ' ');
  std::string length(8, '\0');
  const std::uint64_t header_bytes = text.size();
  std::memcpy(length.data(), &header_bytes, 8);
  std::vector<std::string_view> pieces{length, text};
  for (const auto& [name, view] : arrays)
    pieces.emplace_back(reinterpret_cast<const char*>(view.bytes.data()), view.bytes.size());
  return replace_file(path, pieces);
}

}  // namespace pegbox::train
