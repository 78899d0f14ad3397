// Server: a whole server within this program.
#include "app/server/server.h"

#include <future>
#include <utility>

namespace pegbox::server {

Result<std::unique_ptr<Server>> Server::start(HttpOptions options, Store& store, Studies& studies) {
  std::unique_ptr<Server> server(new Server(store, studies));
  PEGBOX_TRY(server->http_, HttpServer::start(std::move(options), server->decider_, studies));
  return server;
}

Server::~Server() = default;

Answer Server::decide(const std::string& study, std::function<Answer(Desk&)> decide) {
  std::promise<Answer> promise;
  auto answer = promise.get_future();
  decider_.post({study, std::move(decide), [&](Answer said) { promise.set_value(std::move(said)); }});
  return answer.get();
}

}  // namespace pegbox::server
