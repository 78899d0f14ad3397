// DataParts: the data that a run or study file names, or flags do, as the checks of data read them.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "text/data_check.h"

namespace pegbox {

struct DataParts {
  std::vector<text::DataPart> parts;  ///< train first; those that are named
  text::DatasetOptions options;
};

/// Of the trainer's field `data`: a path, a list of paths, or an object of train, validation, test and columns; a path
/// may be an object with path, as in a mixture; or an object with stream, a list of {train, validation}. InvalidInput
/// for anything else. `where` names it in messages.
Result<DataParts> data_parts_of(const Json& data, const std::string& where);

}  // namespace pegbox
