// Preflight view: what the trainer's preflight found, for people.
#pragma once

#include <string>

#include "app/terminal.h"
#include "base/json.h"

namespace pegbox {

/// Adds to a preflight's findings what only the search knows: a learning rate far from the published ones.
void complete_preflight(Json& preflight);

/// Whether a finding makes the run pointless.
bool has_fault(const Json& preflight);

/// Lines: numbers of each part of the data, samples with what is learned of them (green, or in [[ ]] without colours),
/// and the findings.
std::string preflight_text(const Json& preflight, bool has_color);

}  // namespace pegbox
