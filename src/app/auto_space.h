// Auto space: `space: auto` and priors that are named by a law, completed by what the trainer says of model and data.
#pragma once

#include <optional>

#include "base/document.h"
#include "base/file.h"
#include "base/json.h"
#include "base/result.h"

namespace pegbox {

/// Whether something in the document waits for facts: `space: auto`, or `prior: lora_rate`.
bool needs_facts(const Json& study);

/// Completes a study file for the built-in trainer. `space: auto` becomes the default space of the method, without what
/// `trial: trainer:` sets, and, where the file names no configuration to try first, the published defaults with the
/// law's learning rate become that. `prior: lora_rate` becomes {law: lora_rate, width: 512, ...} with the facts that
/// the law needs, so that the study remembers them. `described`: what the trainer says of model and data; if nothing,
/// it is asked, which makes it read them, and its answer is left there. `folder`: paths are relative to it.
/// InvalidInput where there is no trainer to ask.
Result<void> complete_space(Document& study, const Path& folder, std::optional<Json>& described);

/// The facts of a run, as in a prior, from what the trainer describes.
Json run_facts(const Json& described);

}  // namespace pegbox
