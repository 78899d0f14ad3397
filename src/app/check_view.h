// Check view: what checks of data found, for people.
#pragma once

#include <string>

#include "app/terminal.h"
#include "base/json.h"

namespace pegbox {

/// Lines: the parts with their rows, then each finding with its examples and what to do. `report`: text::to_json of a
/// CheckReport.
std::string check_text(const Json& report, const Paint& paint);

/// A finding in one line: "validation, leakage: 3 (1.5 %) rows are, or nearly are, rows of an earlier part".
std::string finding_line(const Json& finding);

/// Its examples, a line each, with a second for an excerpt.
std::string example_lines(const Json& finding, const Paint& paint);

}  // namespace pegbox
