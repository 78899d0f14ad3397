// HttpServer: the server's HTTP: connections, limits, TLS, and who answers. One thread for all connections.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "app/server/access.h"
#include "app/server/decider.h"
#include "app/server/page_files.h"
#include "app/server/studies.h"

namespace pegbox::server {

/// What one client may ask of a server.
struct HttpLimits {
  std::uint32_t header_bytes = 16 << 10;
  std::uint64_t body_bytes = 8 << 20;
  double idle_s = 75;  ///< for the next request of a connection, with its header
  double body_s = 30;  ///< for a body to arrive, and for an answer to be taken
  double rate = 5000;  ///< requests per second of an address; 0: no limit
  int connections = 4096;
  int streams = 64;  ///< of these, so many that follow a study's log
};

struct HttpOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8765;  ///< 0: any that is free
  AccessRules access;
  Path certificate, key;  ///< PEM files; both or neither
  HttpLimits limits;
  PageFiles page{};  ///< may be empty: the API alone
};

class HttpServer {
 public:
  /// Listens when it returns. InvalidInput for an address that is not loopback without tokens, and for certificate
  /// files that are none; Conflict for a port that is taken.
  static Result<std::unique_ptr<HttpServer>> start(HttpOptions options, Decider& decider, Studies& studies);
  ~HttpServer();  ///< closes all connections

  std::uint16_t port() const;
  std::string url() const;  ///< "http://127.0.0.1:8765"

 private:
  class Listener;
  explicit HttpServer(std::unique_ptr<Listener> listener);
  std::unique_ptr<Listener> listener_;
};

}  // namespace pegbox::server
