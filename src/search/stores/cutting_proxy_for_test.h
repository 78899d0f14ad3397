// CuttingProxy: stands between a client and a server on a socket, and cuts the connection where a test says.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"

namespace pegbox {

/// Listens on the socket ".s.PGSQL.5432" in a folder of its own and passes on to that in `server_folder`.
class CuttingProxy {
 public:
  explicit CuttingProxy(Path server_folder);
  ~CuttingProxy();
  Path folder() const { return folder_.path(); }

  /// The next answer of the server is dropped, and the client's connection cut: what was asked has been done.
  void swallow_an_answer() { swallows_ = true; }
  /// Cuts all clients off. The server is told nothing: its sessions wait for the next question.
  void cut_clients();
  void refuse(bool refuses) { refuses_ = refuses; }  ///< new clients are turned away
  int connections() const { return connections_; }   ///< accepted so far

 private:
  struct Pair;
  void accept();
  void pass_on(Pair& pair);

  TemporaryFolder folder_;
  const Path server_folder_;
  int listener_ = -1;
  std::atomic<bool> swallows_ = false, refuses_ = false, over_ = false;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Pair>> pairs_;
  std::thread accepting_;
};

}  // namespace pegbox
