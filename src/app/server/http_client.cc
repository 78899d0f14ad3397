// HttpClient: a connection to a server, for workers.
#include "app/server/http_client.h"

#include <fmt/format.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <optional>

#include "app/server/access.h"
#include "app/server/asio.h"

namespace pegbox::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Request = http::request<http::string_body>;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::uint64_t kLongestAnswer_bytes = 256 << 20;

struct Url {
  bool tls = false;
  std::string host, port;
  std::string authority() const { return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port; }
};

tl::unexpected<Error> fail_url(const std::string& text) {
  return fail(ErrorKind::InvalidInput, {.where = "URL",
                                        .what = "not the address of a server",
                                        .got = text,
                                        .expected = "http://HOST:PORT or https://HOST:PORT"});
}

Result<Url> parse_url(const std::string& text) {
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("https://"))
    url.tls = true;
  else if (!rest.starts_with("http://"))
    return fail_url(text);
  rest.remove_prefix(url.tls ? 8 : 7);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) return fail_url(text);
    url.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
  } else {
    url.host = rest.substr(0, rest.find(':'));
    rest.remove_prefix(url.host.size());
  }
  url.port = rest.starts_with(':') ? rest.substr(1) : url.tls ? "443" : "80";
  const bool is_number = !url.port.empty() && url.port.find_first_not_of("0123456789") == std::string::npos;
  if (url.host.empty() || !is_number || url.host.find_first_of("/@?# ") != std::string::npos) return fail_url(text);
  return url;
}

Result<std::unique_ptr<asio::ssl::context>> trust(const ClientOptions& options) {
  auto tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  ErrorCode code;
  tls->set_verify_mode(asio::ssl::verify_peer, code);
  if (!code && options.authorities.empty()) tls->set_default_verify_paths(code);
  if (!code && !options.authorities.empty()) tls->load_verify_file(options.authorities.string(), code);
  if (!code) return tls;
  return fail(ErrorKind::InvalidInput, {.where = options.authorities.string(),
                                        .what = "no certificates to trust",
                                        .got = code.message(),
                                        .expected = "a PEM file"});
}

/// What a kind of status means to whoever asked.
ErrorKind kind_of(int status) {
  if (status == 404) return ErrorKind::NotFound;
  if (status == 409) return ErrorKind::Conflict;
  return status == 429 || status >= 500 ? ErrorKind::Io : ErrorKind::InvalidInput;
}

}  // namespace

class HttpClient::Wire {
 public:
  Wire(ClientOptions options, Url url) : options_(std::move(options)), url_(std::move(url)) {}

  Result<void> prepare() {
    if (!url_.tls) return {};
    PEGBOX_TRY(tls_, trust(options_));
    return {};
  }

  const std::string& url() const { return options_.url; }
  bool is_exposed() const { return !url_.tls && !is_loopback(url_.host); }

  // A connection that was kept may have been closed by the server meanwhile.
  Result<HttpReply> send(const Request& request) {
    const bool was_open = plain_ || secure_;
    auto reply = exchange(request);
    if (!reply && was_open) reply = exchange(request);
    return reply;
  }

  Request request(std::string_view method, const std::string& target, const std::string& body) const {
    Request request(http::string_to_verb({method.data(), method.size()}), target, 11);
    request.set(http::field::host, url_.authority());
    request.set(http::field::user_agent, "pegbox/" PEGBOX_VERSION);
    if (!options_.token.empty()) request.set(http::field::authorization, "Bearer " + options_.token);
    if (!body.empty()) request.set(http::field::content_type, "application/json");
    request.body() = body;
    request.prepare_payload();
    return request;
  }

 private:
  std::string hint_of(const ErrorCode& code) const {
    if (has_answered_) return "";  // it has gone away
    if (code == http::error::end_of_stream) return "a server with a certificate is reached by https://";
    if (code.category() != asio::error::get_ssl_category()) return "";
    return "--authorities names the certificates to trust, and the server's own has to be for this name; "
           "one without a certificate is reached by http://";
  }

  Result<HttpReply> exchange(const Request& request) {
    ErrorCode code;
    HttpReply reply;
    asio::co_spawn(io_, [&]() -> asio::awaitable<void> { return talk(request, reply, code); }, asio::detached);
    io_.restart();
    io_.run();
    has_answered_ = has_answered_ || !code;
    if (!code) return reply;
    plain_.reset();
    secure_.reset();
    return fail(
        ErrorKind::Io,
        {.where = options_.url, .what = "the server does not answer", .got = code.message(), .hint = hint_of(code)});
  }

  asio::awaitable<void> talk(const Request& request, HttpReply& reply, ErrorCode& code) {
    if (!plain_ && !secure_) co_await connect(code);
    if (code) co_return;
    if (secure_)
      co_await talk_over(*secure_, request, reply, code);
    else
      co_await talk_over(*plain_, request, reply, code);
  }

  template <class Stream>
  asio::awaitable<void> talk_over(Stream& stream, const Request& request, HttpReply& reply, ErrorCode& code) {
    allow(stream);
    co_await http::async_write(stream, request, into(code));
    if (code) co_return;
    http::response_parser<http::string_body> parser;
    parser.body_limit(kLongestAnswer_bytes);
    beast::flat_buffer buffer;
    co_await http::async_read(stream, buffer, parser, into(code));
    if (code) co_return;
    reply.status = static_cast<int>(parser.get().result_int());
    const bool goes_on = parser.get().keep_alive();
    reply.body = std::move(parser.get().body());
    if (goes_on) co_return;
    plain_.reset();
    secure_.reset();
  }

  asio::awaitable<void> connect(ErrorCode& code) {
    tcp::resolver resolver(io_);
    const auto found = co_await resolver.async_resolve(url_.host, url_.port, into(code));
    if (code) co_return;
    beast::tcp_stream stream(io_);
    allow(stream);
    co_await stream.async_connect(found, into(code));
    if (code) co_return;
    stream.socket().set_option(tcp::no_delay(true), code);
    if (!url_.tls) {
      plain_.emplace(std::move(stream));
      co_return;
    }
    secure_.emplace(std::move(stream), *tls_);
    secure_->set_verify_callback(asio::ssl::host_name_verification(url_.host), code);
    SSL_set_tlsext_host_name(secure_->native_handle(), url_.host.c_str());
    allow(*secure_);
    co_await secure_->async_handshake(asio::ssl::stream_base::client, into(code));
  }

  template <class Stream>
  void allow(Stream& stream) {
    beast::get_lowest_layer(stream).expires_after(duration(options_.timeout_s));
  }

  const ClientOptions options_;
  const Url url_;
  asio::io_context io_{1};
  std::unique_ptr<asio::ssl::context> tls_;
  bool has_answered_ = false;
  std::optional<beast::tcp_stream> plain_;
  std::optional<TlsStream> secure_;
};

HttpClient::HttpClient(std::unique_ptr<Wire> wire) : wire_(std::move(wire)) {}
HttpClient::~HttpClient() = default;
const std::string& HttpClient::url() const { return wire_->url(); }
bool HttpClient::is_exposed() const { return wire_->is_exposed(); }

Result<std::unique_ptr<HttpClient>> HttpClient::create(ClientOptions options) {
  PEGBOX_TRY(Url url, parse_url(options.url));
  auto wire = std::make_unique<Wire>(std::move(options), std::move(url));
  PEGBOX_CHECK(wire->prepare());
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(wire)));
}

Result<HttpReply> HttpClient::send(std::string_view method, const std::string& target, const std::string& body) {
  return wire_->send(wire_->request(method, target, body));
}

Result<Json> HttpClient::ask(std::string_view method, const std::string& target, const Json& body) {
  PEGBOX_TRY(const HttpReply reply, send(method, target, body.is_null() ? std::string() : to_line(body)));
  auto json = parse_json(reply.body, url() + target);
  if (reply.status == 200) return json;
  const Json error = json && json->is_object() ? json->value("error", Json::object()) : Json::object();
  std::string message = error.is_object() ? error.value("message", "") : "";
  if (message.empty()) message = fmt::format("[{}{}] the server answers with status {}", url(), target, reply.status);
  return tl::make_unexpected(Error{kind_of(reply.status), std::move(message)});
}

}  // namespace pegbox::server
