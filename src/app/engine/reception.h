// Reception: where the workers of a study find its server, kept in the study's folder: workers find a server that was
// killed and started again, and nobody else finds the token.
#pragma once

#include <cstdint>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace pegbox {

class Reception {
 public:
  /// What an earlier process left in `folder`, else a new token in a file; both are their owner's alone.
  static Result<Reception> open(const Path& folder);

  const std::string& token() const { return token_; }
  Path token_file() const { return folder_ / "token"; }
  std::uint16_t port() const { return port_; }  ///< where workers look for the server; 0: none does yet
  Result<void> keep_port(std::uint16_t port);

  /// All workers have left: the token opens nothing any more.
  void close() const;

 private:
  Path port_file() const { return folder_ / "port"; }
  Path folder_;
  std::string token_;
  std::uint16_t port_ = 0;
};

/// The address of this machine that others reach: that of its name, unless that is loopback, else the first of its
/// network interfaces; 127.0.0.1 if it has none.
std::string reachable_address();

}  // namespace pegbox
