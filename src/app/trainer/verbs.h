// Verbs: what pegbox-trainer can be asked to do, one function each, in one table.
#pragma once

#include <cstdio>
#include <span>
#include <string_view>

#include "app/trainer/settings.h"
#include "base/result.h"

namespace pegbox::trainer {

/// Where a verb writes: its result, and lines for people.
struct Streams {
  std::FILE* result;                    ///< what was asked for
  std::FILE* progress;                  ///< what happens meanwhile
  int protocol_input, protocol_output;  ///< of the worker
};

struct Verb {
  std::string_view name;
  std::string_view help;
  std::string_view example;
  Result<void> (*run)(const Config& config, const Streams& streams);
};

std::span<const Verb> verbs();

Result<void> run_worker(const Config& config, const Streams& streams);
Result<void> run_train(const Config& config, const Streams& streams);
Result<void> run_evaluate(const Config& config, const Streams& streams);
Result<void> run_inspect(const Config& config, const Streams& streams);
Result<void> run_predict(const Config& config, const Streams& streams);
Result<void> run_merge(const Config& config, const Streams& streams);
Result<void> run_describe(const Config& config, const Streams& streams);
Result<void> run_preflight(const Config& config, const Streams& streams);
Result<void> run_fields(const Config& config, const Streams& streams);
Result<void> run_probe(const Config& config, const Streams& streams);

/// One line of JSON on the result stream.
void print_json(const Streams& streams, const Json& json);

}  // namespace pegbox::trainer
