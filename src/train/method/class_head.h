// class_head: a classifier's head, trained beside whatever another method trains and saved with it.
#pragma once

#include <memory>

#include "train/method/adapter_files.h"
#include "train/method/method.h"

namespace pegbox::train {

/// `inner` with the head of `base`, a classifier, as a further parameter. Its adapters have the head as PEFT's
/// modules_to_save, and note the classes beside it.
std::unique_ptr<Method> with_class_head(std::unique_ptr<Method> inner, const BaseModel& base);

/// The head [K, C] of an adapter's folder, which is left as if it had none. InvalidInput if there is none of the
/// base's shape.
Result<Tensor> take_class_head(AdapterFolder& folder, const BaseModel& base);

}  // namespace pegbox::train
