// The table of stores: from a URL to a Store.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "search/store.h"

namespace pegbox {

enum class OpenMode : std::uint8_t {
  ReadWrite,  ///< makes the file or the tables if there are none, and brings older ones up to date
  ReadOnly,   ///< NotFound if there is none; every writing call gives Unsupported
};

/// Opens a store: `sqlite:FILE`, a bare file name (the same), `postgresql://USER@HOST:PORT/DATABASE`, or `memory:`
/// (gone with the process). InvalidInput for an unknown scheme; Unsupported if this pegbox is built without libpq, or
/// if a newer pegbox wrote the store.
Result<std::unique_ptr<Store>> open_store(const std::string& url, OpenMode mode = OpenMode::ReadWrite);

/// The prefixes of the stores that are built in: "sqlite:", ...
std::vector<std::string_view> store_schemes();

/// A store's URL as people and logs may see it: without a password.
std::string shown_store(const std::string& url);

}  // namespace pegbox
