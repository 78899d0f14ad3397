// DemoText: real text that every machine with Python and a C++ compiler has.
#include "app/demo/demo_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/json.h"
#include "base/rng.h"
#include "base/subprocess.h"
#include "text/dataset.h"
#include "text/utf8.h"

namespace pegbox {

namespace {

constexpr std::int64_t kDocumentBytes = 8 << 10;
constexpr std::uint64_t kSplitSeed = 20;  // the same for every --seed: the test files stay unseen

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

void collect(const Path& folder, const std::vector<std::string>& extensions, const std::vector<std::string>& excluded,
             std::vector<Path>& files) {
  std::vector<Path> entries;
  std::error_code code;
  for (std::filesystem::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code))
    entries.push_back(entry->path());
  std::ranges::sort(entries);
  for (const Path& entry : entries) {
    const std::string name = entry.filename();
    std::error_code ignored;
    if (std::filesystem::is_symlink(entry, ignored)) continue;
    if (std::filesystem::is_directory(entry, ignored)) {
      if (!contains(excluded, name) && name[0] != '.' && name[0] != '_') collect(entry, extensions, excluded, files);
    } else if (std::filesystem::is_regular_file(entry, ignored)) {
      if (extensions.empty() || contains(extensions, entry.extension())) files.push_back(entry);
    }
  }
}

/// What `python3` says of itself.
std::optional<Path> python_library() {
  const auto child =
      Subprocess::start({.arguments = {"python3", "-c", "import sysconfig; print(sysconfig.get_paths()['stdlib'])"},
                         .environment = {},
                         .folder = {}});
  if (!child) return std::nullopt;
  LineReader reader;
  for (bool open = true; open;) {
    wait_readable({(*child)->output()}, std::chrono::milliseconds(1000));
    open = reader.fill((*child)->output());
    if (auto line = reader.take()) return Path(*line);
  }
  return std::nullopt;
}

/// The C++ library's headers of the newest compiler.
std::optional<Path> cpp_headers() {
  std::optional<Path> newest;
  int highest = -1;
  std::error_code code;
  for (std::filesystem::directory_iterator entry("/usr/include/c++", code), end; !code && entry != end;
       entry.increment(code)) {
    const std::string name = entry->path().filename();
    int version = 0;
    const char* last = name.data() + name.size();
    const auto parsed = std::from_chars(name.data(), last, version);
    if (parsed.ec != std::errc() || parsed.ptr != last) version = 0;  // libc++'s "v1"
    if (version > highest) highest = version, newest = entry->path();
  }
  return newest;
}

/// The documents in an order that their places in the tree do not decide, each cut to kDocumentBytes.
std::vector<text::Row> shuffled_rows(std::vector<std::string> documents) {
  std::vector<text::Row> rows;
  for (std::string& document : documents)
    rows.push_back(
        text::cut_long_rows(std::array{text::Row{.prompt = "", .text = std::move(document)}}, kDocumentBytes)[0]);
  Rng rng({kSplitSeed, stream_id("demo documents"), 0});
  shuffle(rows, rng);
  return rows;
}

/// Writes rows until `bytes` are reached; how many.
Result<std::int64_t> write_rows(const Path& path, const std::vector<text::Row>& rows, std::int64_t bytes) {
  std::string lines;
  std::int64_t written = 0, count = 0;
  for (const text::Row& row : rows) {
    if (written + static_cast<std::int64_t>(row.text.size()) > bytes) continue;
    written += static_cast<std::int64_t>(row.text.size());
    lines += to_line({{"text", row.text}}) + "\n";
    ++count;
  }
  PEGBOX_CHECK(replace_file(path, lines));
  return count;
}

tl::unexpected<Error> no_text(const std::string& what, const std::string& package) {
  return fail(ErrorKind::NotFound, {.where = "pegbox demo", .what = what, .hint = "install " + package});
}

}  // namespace

std::vector<std::string> documents_below(const Path& root, const std::vector<std::string>& extensions,
                                         const std::vector<std::string>& excluded) {
  std::vector<Path> files;
  collect(root, extensions, excluded, files);
  std::vector<std::string> documents;
  for (const Path& file : files) {
    auto text = read_file(file);
    if (!text || text->find('\0') != std::string::npos || text::first_invalid_utf8(*text)) continue;
    if (text->find_first_not_of(" \t\r\n") != std::string::npos) documents.push_back(std::move(*text));
  }
  return documents;
}

Result<DemoText> write_demo_text(const Path& folder, const DemoSizes& sizes) {
  const auto python = python_library();
  const auto base = python ? documents_below(*python, {".py"},
                                             {"site-packages", "dist-packages", "test", "tests", "idlelib", "lib2to3",
                                              "ensurepip", "pydoc_data"})
                           : std::vector<std::string>{};
  if (base.size() < 50) return no_text("no sources of Python's standard library were found", "python3");
  const auto headers = cpp_headers();
  const auto domain = headers ? documents_below(*headers, {}, {}) : std::vector<std::string>{};
  if (domain.size() < 50) return no_text("no headers of a C++ compiler were found in /usr/include/c++", "g++");

  PEGBOX_CHECK(make_folder(folder));
  DemoText text{.base_train = folder / "base-train.jsonl",
                .base_validation = folder / "base-validation.jsonl",
                .train = folder / "train.jsonl",
                .validation = folder / "validation.jsonl",
                .test = folder / "test.jsonl"};
  PEGBOX_TRY(const auto base_parts, text::split_rows(shuffled_rows(base), std::array{0.96, 0.04}, kSplitSeed));
  PEGBOX_CHECK(write_rows(text.base_train, base_parts[0], sizes.base_bytes));
  PEGBOX_CHECK(write_rows(text.base_validation, base_parts[1], sizes.validation_bytes));
  PEGBOX_TRY(const auto parts, text::split_rows(shuffled_rows(domain), std::array{0.7, 0.12, 0.18}, kSplitSeed));
  PEGBOX_CHECK(write_rows(text.train, parts[0], sizes.domain_bytes));
  PEGBOX_CHECK(write_rows(text.validation, parts[1], sizes.validation_bytes));
  PEGBOX_TRY(text.test_documents, write_rows(text.test, parts[2], sizes.test_bytes));
  return text;
}

}  // namespace pegbox
