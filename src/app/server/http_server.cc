// HttpServer: listens, and gives each connection its session.
#include "app/server/http_server.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>

#include "app/server/asio.h"
#include "app/server/http_session.h"

namespace pegbox::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr double kRestAfterFault_s = 0.1;  // no descriptor is free, say
constexpr rlim_t kOtherFiles = 128;        // that are no connections

Result<void> check_exposure(const HttpOptions& options) {
  if (is_loopback(options.address) || !options.access.tokens.empty()) return {};
  return fail(ErrorKind::InvalidInput, {.where = "pegbox serve",
                                        .what = "others could reach this address, and there are no tokens",
                                        .got = options.address,
                                        .expected = "127.0.0.1, or --tokens FILE",
                                        .hint = "`pegbox serve --new-token administer --tokens tokens.txt` makes one"});
}

/// As many descriptors as the connections need, or as many connections as the machine has descriptors for: the store
/// and its locks need some too, and a machine's usual limit for a process is 1024.
void fit_connections(HttpLimits& limits) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  const rlim_t wanted = static_cast<rlim_t>(limits.connections) + kOtherFiles;
  if (files.rlim_cur < wanted) {
    files.rlim_cur = std::min(wanted, files.rlim_max);
    (void)::setrlimit(RLIMIT_NOFILE, &files);
    (void)::getrlimit(RLIMIT_NOFILE, &files);
  }
  const rlim_t left = files.rlim_cur > 2 * kOtherFiles ? files.rlim_cur - kOtherFiles : files.rlim_cur / 2;
  limits.connections = static_cast<int>(std::min(static_cast<rlim_t>(limits.connections), left));
}

Result<std::unique_ptr<asio::ssl::context>> load_certificate(const HttpOptions& options) {
  if (options.certificate.empty() && options.key.empty()) return nullptr;
  auto tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  ErrorCode code;
  tls->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                       asio::ssl::context::no_tlsv1_1 | asio::ssl::context::single_dh_use,
                   code);
  std::string file = options.certificate.string();
  if (!code) tls->use_certificate_chain_file(file, code);
  if (!code) tls->use_private_key_file(file = options.key.string(), asio::ssl::context::pem, code);
  if (!code) return tls;
  return fail(ErrorKind::InvalidInput, {.where = file.empty() ? "pegbox serve" : file,
                                        .what = "the certificate or its key cannot be used",
                                        .got = code.message(),
                                        .expected = "PEM files: --certificate with the chain, --key with its key"});
}

}  // namespace

class HttpServer::Listener {
 public:
  Listener(HttpOptions options, Decider& decider, Studies& studies)
      : house_{.options = std::move(options), .decider = decider, .studies = studies} {}
  ~Listener() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
    house_.reader.join();
    house_.decider.settle();  // no answer may come for a connection that is no more
  }

  Result<void> start() {
    PEGBOX_CHECK(check_exposure(house_.options));
    fit_connections(house_.options.limits);
    PEGBOX_TRY(house_.tls, load_certificate(house_.options));
    PEGBOX_CHECK(listen());
    asio::co_spawn(io_, accept(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
    return {};
  }

  std::uint16_t port() const { return port_; }
  std::string url() const {
    const std::string& address = house_.options.address;
    const bool is_v6 = address.find(':') != std::string::npos;
    return fmt::format("{}://{}:{}", house_.tls ? "https" : "http", is_v6 ? "[" + address + "]" : address, port_);
  }

 private:
  Result<void> listen() {
    const std::string address = house_.options.address == "localhost" ? "127.0.0.1" : house_.options.address;
    ErrorCode code;
    const auto parsed = asio::ip::make_address(address, code);
    if (code)
      return fail(ErrorKind::InvalidInput, {.where = "--host",
                                            .what = "not an address of this machine",
                                            .got = address,
                                            .expected = "an address such as 127.0.0.1 or 0.0.0.0"});
    const tcp::endpoint endpoint(parsed, house_.options.port);
    acceptor_.open(endpoint.protocol(), code);
    if (!code) acceptor_.set_option(tcp::acceptor::reuse_address(true), code);
    if (!code) acceptor_.bind(endpoint, code);
    if (!code) acceptor_.listen(asio::socket_base::max_listen_connections, code);
    if (!code) port_ = acceptor_.local_endpoint(code).port();
    if (!code) return {};
    return fail(ErrorKind::Conflict, {.where = fmt::format("{}:{}", address, house_.options.port),
                                      .what = "the server cannot listen there",
                                      .got = code.message(),
                                      .hint = "another --port, or 0 for any that is free"});
  }

  asio::awaitable<void> accept() {
    while (acceptor_.is_open()) {
      tcp::socket socket(io_);
      ErrorCode code;
      co_await acceptor_.async_accept(socket, into(code));
      if (!code) {
        asio::co_spawn(io_, serve_connection(std::move(socket), house_), asio::detached);
        continue;
      }
      asio::steady_timer timer(io_, duration(kRestAfterFault_s));
      co_await timer.async_wait(into(code));
    }
  }

  HttpHouse house_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  std::uint16_t port_ = 0;
  std::thread thread_;
};

HttpServer::HttpServer(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpOptions options, Decider& decider, Studies& studies) {
  auto listener = std::make_unique<Listener>(std::move(options), decider, studies);
  PEGBOX_CHECK(listener->start());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(listener)));
}

std::uint16_t HttpServer::port() const { return listener_->port(); }
std::string HttpServer::url() const { return listener_->url(); }

}  // namespace pegbox::server
