// YAML documents: what a person wrote in YAML or JSON, as a Document that knows the line of every value.
//
// YAML 1.2's core schema: `1e-5`, `2e8`, `.inf`, `true`, `null` are what they look like; `20GiB`, `20m`, `no` and all
// that is quoted is text. One document; plain keys; aliases up to a bound.
#pragma once

#include <string>
#include <string_view>

#include "base/document.h"
#include "base/file.h"
#include "base/result.h"

namespace pegbox {

/// Parses `text`, named `name` in messages. InvalidInput, with the line, for: nothing but white space, binary data,
/// bytes that are not UTF-8, tabs as indentation, a key twice in one mapping, keys that are not plain, unknown tags,
/// more than one document, aliases that grow beyond 100,000 values, and YAML that cannot be read at all.
Result<Document> parse_yaml(std::string_view text, const std::string& name);

/// Reads a file of at most 16 MiB. A name ending in `.json` is strict JSON, anything else YAML.
Result<Document> read_document(const Path& path);

}  // namespace pegbox
