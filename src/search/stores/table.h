// The table of stores: from a URL to a Store.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "search/store.h"

namespace pegbox {

enum class OpenMode : std::uint8_t {
  ReadWrite,  ///< creates the file if there is none, and brings an older one up to date
  ReadOnly,   ///< NotFound if there is no file; every writing call gives Unsupported
};

/// Opens a store: `sqlite:FILE`, a bare file name (the same), or `memory:` (gone with the process). InvalidInput for an
/// unknown scheme; Unsupported for `postgresql://`, or if a newer pegbox wrote the file.
Result<std::unique_ptr<Store>> open_store(const std::string& url, OpenMode mode = OpenMode::ReadWrite);

/// The prefixes of the table: "sqlite:", ...
std::vector<std::string_view> store_schemes();

}  // namespace pegbox
