// HttpSession: one connection of the server: reads requests within their limits, has them answered, follows logs.
//
// A coroutine for each connection, all in one thread (Boost.Asio). What answers may take its time in another thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "app/server/http_server.h"
#include "app/server/rate_limit.h"
#include "base/clock.h"

namespace pegbox::server {

/// What all connections share; used by the thread of the connections only.
struct HttpHouse {
  HttpOptions options;
  Decider& decider;
  Studies& studies;
  boost::asio::thread_pool reader{1};
  SystemClock clock{};
  RateLimit requests{options.limits.rate};
  int connections = 0, streams = 0;
  std::unique_ptr<boost::asio::ssl::context> tls{};  ///< if the server speaks TLS
};

/// Serves a connection until it ends, breaks a limit, or the house is closed.
boost::asio::awaitable<void> serve_connection(boost::asio::ip::tcp::socket socket, HttpHouse& house);

}  // namespace pegbox::server
