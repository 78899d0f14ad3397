// CommonOptions: what every command takes.
#include "app/common_options.h"

namespace pegbox {

std::vector<Option> common_option_rows(CommonOptions& options, const CommandText& text) {
  std::vector<Option> rows;
  if (text.has_result)
    rows.push_back({.names = "--json", .target = &options.json, .value = "", .help = "print the result as JSON"});
  if (text.uses_store)
    rows.push_back({.names = "--store",
                    .target = &options.store,
                    .value = "STORE",
                    .help = "FILE or postgresql://USER@HOST/DATABASE [$PEGBOX_STORE, else pegbox.db]",
                    .completion = Completion::File});
  rows.push_back(
      {.names = "-q,--quiet", .target = &options.quiet, .value = "", .help = "print results and errors only"});
  rows.push_back(
      {.names = "-v,--verbose", .target = &options.verbose, .value = "", .help = "print more of what happens"});
  rows.push_back({.names = "--log-file",
                  .target = &options.log_file,
                  .value = "FILE",
                  .help = "append what happens, with times, to this file",
                  .completion = Completion::File});
  return rows;
}

}  // namespace pegbox
