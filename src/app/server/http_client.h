// HttpClient: a connection to a server, for workers: kept open, made anew where it broke, TLS with the server's
// certificate checked.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/json.h"
#include "base/result.h"

namespace pegbox::server {

struct ClientOptions {
  std::string url;        ///< "http://127.0.0.1:8765", "https://box:8765"
  std::string token;      ///< empty: none is sent
  Path authorities;       ///< PEM file of certificates to trust, for https; empty: the system's
  double timeout_s = 30;  ///< for connecting and for an answer
};

struct HttpReply {
  int status = 0;
  std::string body;
};

/// To be used by one thread.
class HttpClient {
 public:
  /// InvalidInput for an address that is none.
  static Result<std::unique_ptr<HttpClient>> create(ClientOptions options);
  ~HttpClient();

  /// Io if the server cannot be reached or does not answer in time. A request may have arrived all the same: send only
  /// what may come twice.
  Result<HttpReply> send(std::string_view method, const std::string& target, const std::string& body = {});

  /// The JSON of an answer; an answer that is an error as one: Io for those of the server's or the network's making
  /// (429, 5xx), which another try may mend, NotFound, Conflict or InvalidInput for the others.
  Result<Json> ask(std::string_view method, const std::string& target, const Json& body = {});

  const std::string& url() const;
  bool is_exposed() const;  ///< what is sent crosses a network unencrypted

 private:
  class Wire;
  explicit HttpClient(std::unique_ptr<Wire> wire);
  std::unique_ptr<Wire> wire_;
};

}  // namespace pegbox::server
