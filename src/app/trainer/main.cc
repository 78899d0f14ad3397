// pegbox-trainer: trains, evaluates and asks language models; a worker of the trial protocol, and verbs for one run.
#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "app/trainer/verbs.h"
#include "train/tensor_memory.h"

namespace {

using pegbox::Error;
using pegbox::ErrorKind;
using namespace pegbox::trainer;

void print_help(std::FILE* stream) {
  fmt::print(
      stream,
      "pegbox-trainer {}: trains, evaluates and asks language models\n\nusage: pegbox-trainer VERB [--config FILE] "
      "[--json-config TEXT] [--name value ...] [--json]\n\n",
      PEGBOX_VERSION);
  for (const Verb& verb : verbs())
    fmt::print(stream, "  {:<10} {}\n             {}\n", verb.name, verb.help, verb.example);
  fmt::print(
      stream,
      "\n`pegbox-trainer fields` lists every name that a config may hold. `pegbox` is the program for people.\n");
}

int exit_code(const Error& error) {
  switch (error.kind) {
    case ErrorKind::InvalidInput:
    case ErrorKind::NotFound:
    case ErrorKind::Unsupported:
    case ErrorKind::Corrupt:
    case ErrorKind::Conflict:
      return 2;
    case ErrorKind::Interrupted:
      return 130;
    default:
      return 3;
  }
}

/// oneDNN keeps a program for each product of each size, up to 1024 of them, a quarter of a megabyte each;
/// micro-batches of packed texts are all of different size.
void keep_few_programs() {
  for (const char* name : {"ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"}) setenv(name, "64", /*replace=*/0);
}

/// Large tensors come and go all the time: keeping their memory saves the kernel from clearing it again and again.
void keep_memory() {
  constexpr int kLargestKept = 32 << 20;  // glibc takes no more
  constexpr int kNeverTrimmed = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kLargestKept);
  mallopt(M_TRIM_THRESHOLD, kNeverTrimmed);
  mallopt(M_ARENA_MAX, 1);  // what one lane has freed another may use
  pegbox::train::TensorMemory::install();
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "help") {
    print_help(arguments.empty() ? stderr : stdout);
    return arguments.empty() ? 2 : 0;
  }
  if (arguments[0] == "--version") {
    fmt::print("pegbox-trainer {}\n", PEGBOX_VERSION);
    return 0;
  }
  const auto verb = std::ranges::find(verbs(), arguments[0], &Verb::name);
  if (verb == verbs().end()) {
    fmt::print(stderr, "pegbox-trainer: no verb {}; see pegbox-trainer --help\n", arguments[0]);
    return 2;
  }
  keep_memory();
  keep_few_programs();
  // Only we write to what was standard output: a library that prints must not break the protocol or a JSON result.
  const int output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  std::FILE* const result = fdopen(output, "w");
  const Streams streams{.result = result,
                        .progress = verb->name == "train" ? result : stderr,
                        .protocol_input = STDIN_FILENO,
                        .protocol_output = output};
  const auto done = [&]() -> pegbox::Result<void> {
    PEGBOX_TRY(const pegbox::Document document, read_command_line({arguments.begin() + 1, arguments.end()}));
    PEGBOX_TRY(const Config config, read_config(document, verb->name));
    return verb->run(config, streams);
  }();
  std::fflush(result);
  if (done) return 0;
  fmt::print(stderr, "pegbox-trainer {}: {}\n", verb->name, done.error().message);
  return exit_code(done.error());
}
