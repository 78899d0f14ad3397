// Spawn: starts a program in a process group that a small guardian kills when this process dies. Used by Subprocess.
//
// Why a guardian: PR_SET_PDEATHSIG fires when the *thread* that forked ends, and spares grandchildren. The guardian is
// a shell that leads the group and waits for the end of a pipe whose other end only this process holds; whatever ends
// this process, SIGKILL included, closes the pipe, and the guardian kills its whole group. A program that leaves the
// group (setsid) is on its own.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"

namespace pegbox {

struct SpawnPlan {
  std::string program;                   ///< a path
  std::vector<std::string> arguments;    ///< argv
  std::vector<std::string> environment;  ///< "NAME=value"
  std::string folder;                    ///< empty: the parent's
  std::vector<int> descriptors;          ///< the i-th becomes descriptor i of the child, which gets no others
};

struct Spawned {
  pid_t process_id = -1;
  pid_t guardian_id = -1;  ///< also the id of the process group
  Descriptor lifeline;     ///< closing it kills the group
};

/// Returns once the program runs. NotFound if it does not exist, Io for other failures. The caller reaps both
/// processes.
Result<Spawned> spawn(const SpawnPlan& plan);

/// A pipe whose ends are closed on exec, none of them a standard descriptor.
struct Pipe {
  Descriptor read_end, write_end;
};
Result<Pipe> make_pipe();

}  // namespace pegbox
