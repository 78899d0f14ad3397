// Server: a whole server within this program: who decides, and the HTTP in front. `pegbox serve` is one and nothing
// else; other commands have one beside what they do.
#pragma once

#include <memory>
#include <string>

#include "app/server/decider.h"
#include "app/server/http_server.h"
#include "base/clock.h"

namespace pegbox::server {

class Server {
 public:
  /// Listens when it returns; errors are those of HttpServer::start. `store` and `studies` must outlive it.
  static Result<std::unique_ptr<Server>> start(HttpOptions options, Store& store, Studies& studies);
  ~Server();  ///< closes all connections, and answers what has come before

  std::string url() const { return http_->url(); }
  std::uint16_t port() const { return http_->port(); }

  /// Has `decide` run in the decider's thread, between the questions of workers, and waits for it. What it says is
  /// durable then. `study`: the one that it is about.
  Answer decide(const std::string& study, std::function<Answer(Desk&)> decide);

 private:
  Server(Store& store, Studies& studies) : decider_(store, studies, clock_) {}

  const SystemClock clock_;
  Decider decider_;
  std::unique_ptr<HttpServer> http_;
};

}  // namespace pegbox::server
