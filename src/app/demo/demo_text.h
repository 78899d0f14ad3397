// DemoText: real text that every machine with Python and a C++ compiler has, as training, validation and test files.
//
// The base model learns Python's standard library; the new domain is the C++ standard library's headers. A document is
// a file, or its first 8 KiB. Which documents are taken, and which part each falls into, depends on their content
// alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace pegbox {

/// How much text; bytes of all documents of a part together, at most.
struct DemoSizes {
  std::int64_t base_bytes = 6'000'000;
  std::int64_t domain_bytes = 2'500'000;
  std::int64_t validation_bytes = 150'000;
  std::int64_t test_bytes = 400'000;
};

struct DemoText {
  Path base_train, base_validation;
  Path train, validation, test;
  std::int64_t test_documents = 0;
};

/// Writes the files (JSON lines) into `folder`. NotFound, with what to install, if the machine has no such text.
Result<DemoText> write_demo_text(const Path& folder, const DemoSizes& sizes);

/// Documents below `root`, in the order of their paths: regular files with one of `extensions` (all if empty), without
/// the folders named in `excluded` and those whose names begin with a dot or an underscore; only UTF-8 text that is not
/// blank. No error for what cannot be read.
std::vector<std::string> documents_below(const Path& root, const std::vector<std::string>& extensions,
                                         const std::vector<std::string>& excluded);

}  // namespace pegbox
