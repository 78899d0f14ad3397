// The table of stores: one row for each scheme.
#include "search/stores/table.h"

#include <algorithm>
#include <string_view>

#include "search/stores/memory.h"
#ifdef PEGBOX_POSTGRESQL
#include "search/stores/postgres.h"
#endif
#include "search/stores/sqlite.h"

namespace pegbox {
namespace {

using Opener = Result<std::unique_ptr<Store>> (*)(const std::string& url, std::string_view prefix, OpenMode mode);

struct Scheme {
  std::string_view prefix;
  Opener open;
  bool is_built_in = true;
};

Result<std::unique_ptr<Store>> open_memory(const std::string& url, std::string_view prefix, OpenMode) {
  if (url != prefix)
    return fail(ErrorKind::InvalidInput,
                {.where = url, .what = "a memory store has no name", .expected = std::string(prefix)});
  return std::make_unique<MemoryStore>();
}

Result<std::unique_ptr<Store>> open_sqlite(const std::string& url, std::string_view prefix, OpenMode mode) {
  if (url == prefix)
    return fail(ErrorKind::InvalidInput, {.where = "sqlite:", .what = "no file is named", .expected = "sqlite:FILE"});
  return SqliteStore::open(url.substr(prefix.size()), mode);
}

#ifdef PEGBOX_POSTGRESQL
constexpr bool kHasPostgres = true;
Result<std::unique_ptr<Store>> open_postgres(const std::string& url, std::string_view, OpenMode mode) {
  return PostgresStore::open(url, mode);
}
#else
constexpr bool kHasPostgres = false;
Result<std::unique_ptr<Store>> open_postgres(const std::string& url, std::string_view, OpenMode) {
  return fail(ErrorKind::Unsupported, {.where = shown_store(url),
                                       .what = "this pegbox is built without PostgreSQL",
                                       .hint = "build it where libpq-dev is installed, or use sqlite:FILE"});
}
#endif

constexpr Scheme kSchemes[] = {
    {"sqlite:", open_sqlite},
    {"memory:", open_memory},
    {"postgresql://", open_postgres, kHasPostgres},
    {"postgres://", open_postgres, kHasPostgres},
};

}  // namespace

Result<std::unique_ptr<Store>> open_store(const std::string& url, OpenMode mode) {
  for (const Scheme& scheme : kSchemes)
    if (url.starts_with(scheme.prefix)) return scheme.open(url, scheme.prefix, mode);
  if (url.find("://") != std::string::npos)
    return fail(ErrorKind::InvalidInput,
                {.where = shown_store(url),
                 .what = "no store of this kind",
                 .expected = "sqlite:FILE, postgresql://USER@HOST/DATABASE, memory: or a file name"});
  return open_sqlite(url, {}, mode);
}

std::vector<std::string_view> store_schemes() {
  std::vector<std::string_view> prefixes;
  for (const Scheme& scheme : kSchemes)
    if (scheme.is_built_in) prefixes.push_back(scheme.prefix);
  return prefixes;
}

// A password that should have been escaped may hold any of @ / ?; so it ends at the last @.
std::string shown_store(const std::string& url) {
  const auto begin = url.find("://");
  if (begin == std::string::npos) return url;
  std::string shown = url;
  const auto colon = shown.find(':', begin + 3), at = shown.rfind('@');
  if (at != std::string::npos && colon < at) shown.erase(colon, at - colon);
  const auto query = std::min(shown.find('?'), shown.size());
  if (shown.find("password", query) != std::string::npos) shown.replace(query, std::string::npos, "?...");
  return shown;
}

}  // namespace pegbox
