// first_values: what a run that goes on from an adapter begins with.
#pragma once

#include "base/file.h"
#include "base/result.h"
#include "train/method/method.h"

namespace pegbox::train {

/// The values of a folder's adapter, for the parameters of `method` [parameters]. As load_adapter; InvalidInput for an
/// adapter of another method, rank or layers, and for one whose values act in another way.
Result<Tensors> first_values(const Path& folder, const Method& method, const BaseModel& base);

}  // namespace pegbox::train
