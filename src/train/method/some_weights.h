// some_weights: methods that train some of the base's own tensors and leave the others: biases alone (BitFit, Ben Zaken
// et al. 2021, arXiv 2106.10199), or the last layers.
#pragma once

#include "train/method/adapter_files.h"
#include "train/method/method.h"

namespace pegbox::train {

/// Every bias, those of norms included. InvalidInput for a model without any, as Llama's are.
Result<std::unique_ptr<Method>> make_bias(const TrainConfig& config, const BaseModel& base);

/// The last `last_layers` layers and the norm after them; embeddings and head stay.
Result<std::unique_ptr<Method>> make_last_k(const TrainConfig& config, const BaseModel& base);

/// Our kind "weights": tensors in the place of the base's, by its files' names.
Result<Adapter> read_some_weights(AdapterFolder& folder, const BaseModel& base);

}  // namespace pegbox::train
