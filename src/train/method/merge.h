// merge: a method that trains nothing: its model is the base with an adapter that is made of others.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "train/method/method.h"

namespace pegbox::train {

Result<std::unique_ptr<Method>> make_merge(const TrainConfig& config, const BaseModel& base);

/// The folders in the config's field `adapters`, by name. A list has the folders' own names, or their whole paths where
/// two have the same. InvalidInput for none, and for one that is there twice.
Result<std::map<std::string, std::string>> adapter_folders(const std::string& adapters);

/// Makes a list of folders or an object {name: folder} at `adapters` the text of the field.
void fold_adapters(Json& fields);

/// How the base of a field's adapters is to be loaded: that of the first.
Result<BaseStorage> base_storage_of_adapters(const std::string& adapters);

}  // namespace pegbox::train
