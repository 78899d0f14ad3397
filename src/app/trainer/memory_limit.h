// memory_limit: the memory that a trial will need, as an expression over its hyperparameters for the host to judge by.
#pragma once

#include <optional>
#include <string>

#include "app/trainer/workplace.h"
#include "base/json.h"

namespace pegbox::trainer {

/// The worker's memory in bytes while it trains one trial, in the constraint language: what it holds now,
/// train::MemoryModel says of the trial, and its checkpoints. Names that it uses and `values` lacks are added there,
/// from the config `run`. Nothing if the base model says nothing about such runs (there is one, and the run is from
/// scratch). `rows` are the training data's at the run's sequence length.
std::optional<std::string> peak_memory_limit(const Workplace& workplace, const train::TrainConfig& run,
                                             const train::RowLengths& rows, Json& values);

}  // namespace pegbox::trainer
