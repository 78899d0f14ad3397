// WorkerResources: what an engine is asked for each worker.
#include "search/worker_resources.h"

namespace pegbox {

const FieldTable<WorkerResources>& worker_resource_fields() {
  static const FieldTable<WorkerResources> table(std::vector<Field<WorkerResources>>{
      {.name = "cpus",
       .member = &WorkerResources::cpus,
       .minimum = 0,
       .maximum = 10000,
       .help = "with --on: cores of each worker; 0: as many as threads"},
      {.name = "time",
       .member = &WorkerResources::time_s,
       .minimum = 0,
       .unit = Unit::Seconds,
       .help = "with --on slurm: of a worker's job; 0: the partition's limit"},
      {.name = "partition", .member = &WorkerResources::partition, .help = "with --on slurm: where workers run"},
      {.name = "account", .member = &WorkerResources::account, .help = "with --on slurm: who pays for them"},
  });
  return table;
}

WorkerResources worker_resources(const StudySpec& spec) {
  if (!spec.source.is_object() || !spec.source.contains("workers")) return {};
  const Document document{spec.source, spec.name, {}};
  return document.root()
      .at("workers")
      .and_then([](const Node& workers) { return worker_resource_fields().read_known(workers); })
      .value_or(WorkerResources{});
}

}  // namespace pegbox
