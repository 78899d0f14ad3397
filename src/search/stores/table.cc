// The table of stores: one row for each scheme.
#include "search/stores/table.h"

#include <string_view>

#include "search/stores/memory.h"
#include "search/stores/sqlite.h"

namespace pegbox {
namespace {

using Opener = Result<std::unique_ptr<Store>> (*)(const std::string& rest, OpenMode mode);

struct Scheme {
  std::string_view prefix;
  Opener open;
};

Result<std::unique_ptr<Store>> open_memory(const std::string& rest, OpenMode) {
  if (!rest.empty())
    return fail(ErrorKind::InvalidInput,
                {.where = "memory:" + rest, .what = "a memory store has no name", .expected = "memory:"});
  return std::make_unique<MemoryStore>();
}

Result<std::unique_ptr<Store>> open_sqlite(const std::string& rest, OpenMode mode) {
  if (rest.empty())
    return fail(ErrorKind::InvalidInput, {.where = "sqlite:", .what = "no file is named", .expected = "sqlite:FILE"});
  return SqliteStore::open(rest, mode);
}

Result<std::unique_ptr<Store>> refuse_postgresql(const std::string&, OpenMode) {
  return fail(ErrorKind::Unsupported,
              {.where = "postgresql://", .what = "this pegbox is built without PostgreSQL", .hint = "use sqlite:FILE"});
}

constexpr Scheme kSchemes[] = {
    {"sqlite:", open_sqlite},
    {"memory:", open_memory},
    {"postgresql://", refuse_postgresql},
    {"postgres://", refuse_postgresql},
};

}  // namespace

Result<std::unique_ptr<Store>> open_store(const std::string& url, OpenMode mode) {
  for (const Scheme& scheme : kSchemes)
    if (url.starts_with(scheme.prefix)) return scheme.open(url.substr(scheme.prefix.size()), mode);
  if (url.find("://") != std::string::npos)
    return fail(ErrorKind::InvalidInput,
                {.where = url, .what = "no store of this kind", .expected = "sqlite:FILE, memory: or a file name"});
  return open_sqlite(url, mode);
}

std::vector<std::string_view> store_schemes() {
  std::vector<std::string_view> prefixes;
  for (const Scheme& scheme : kSchemes) prefixes.push_back(scheme.prefix);
  return prefixes;
}

}  // namespace pegbox
