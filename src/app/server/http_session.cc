// HttpSession: one connection of the server.
#include "app/server/http_session.h"

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <utility>

#include "app/server/asio.h"
#include "app/server/event_frame.h"
#include "app/server/routes.h"

namespace pegbox::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;
using Parser = http::request_parser<http::string_body>;

constexpr int kMostUnread = 1024;  // pieces of a body that was refused
constexpr double kLookForEvents_s = 0.2, kSayAlive_s = 15;

std::string_view view_of(beast::string_view text) { return {text.data(), text.size()}; }

/// Why a header or body could not be read, as a status; 0: the client has gone.
int status_of_broken(const ErrorCode& code) {
  if (code == http::error::body_limit) return 413;
  if (code == http::error::header_limit) return 431;
  if (code == http::error::end_of_stream || code == http::error::partial_message) return 0;
  return code.category() == make_error_code(http::error::bad_method).category() ? 400 : 0;
}

/// What a client hears, as it is sent.
struct Reply {
  int status = 200;
  std::string body;
};

/// Whether the browser has the file as it is.
bool is_fresh(const Parser::value_type& request, const PageFile& file) {
  return view_of(request[http::field::if_none_match]) == file.tag;
}

/// To be called where the answer was made: of a large study it takes its time.
Reply reply_of(const Answer& answer) {
  if (answer) return {200, to_line(*answer) + "\n"};
  return {status_of(answer.error().kind), to_line(error_json(answer.error())) + "\n"};
}

/// Counts something as long as it lives, however its coroutine ends.
struct Counted {
  explicit Counted(int& count) : count(count) { ++count; }
  ~Counted() { --count; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  int& count;
};

/// Runs `start(done)` and waits, without a thread, until somebody calls `done` from any.
template <class Value, class Start>
asio::awaitable<Value> wait_for(Start start) {
  struct Waiting {
    asio::steady_timer timer;
    std::optional<Value> value;
  };
  const auto executor = co_await asio::this_coro::executor;
  auto waiting = std::make_shared<Waiting>(Waiting{asio::steady_timer(executor), std::nullopt});
  waiting->timer.expires_at(asio::steady_timer::time_point::max());
  start([waiting, executor](Value value) {
    asio::post(executor, [waiting, value = std::move(value)]() mutable {
      waiting->value = std::move(value);
      waiting->timer.cancel();
    });
  });
  ErrorCode ignored;
  while (!waiting->value) co_await waiting->timer.async_wait(into(ignored));
  co_return *std::move(waiting->value);
}

template <class Stream>
class HttpSession {
 public:
  HttpSession(Stream stream, std::string address, HttpHouse& house)
      : stream_(std::move(stream)), address_(std::move(address)), house_(house) {}

  asio::awaitable<void> run() {
    bool goes_on = co_await shake_hands();
    while (goes_on) goes_on = co_await serve_one();
    co_await say_goodbye();
  }

 private:
  const HttpLimits& limits() const { return house_.options.limits; }
  void allow(double seconds) { beast::get_lowest_layer(stream_).expires_after(duration(seconds)); }

  asio::awaitable<bool> shake_hands() {
    ErrorCode code;
    if constexpr (!std::is_same_v<Stream, beast::tcp_stream>) {
      allow(limits().body_s);
      co_await stream_.async_handshake(asio::ssl::stream_base::server, into(code));
    }
    co_return !code;
  }

  asio::awaitable<void> say_goodbye() {
    ErrorCode code;
    allow(1);
    if constexpr (!std::is_same_v<Stream, beast::tcp_stream>) co_await stream_.async_shutdown(into(code));
    // What the client is still sending is read, or it would not see why it was refused.
    beast::get_lowest_layer(stream_).socket().shutdown(asio::ip::tcp::socket::shutdown_send, code);
    std::array<char, 16384> unread{};
    for (int i = 0; i < kMostUnread && !code; ++i)
      co_await beast::get_lowest_layer(stream_).async_read_some(asio::buffer(unread), into(code));
  }

  /// False: the connection is over.
  asio::awaitable<bool> serve_one() {
    Parser parser;
    parser.header_limit(limits().header_bytes);
    parser.body_limit(limits().body_bytes);
    ErrorCode code;
    allow(limits().idle_s);
    co_await http::async_read_header(stream_, buffer_, parser, into(code));
    if (code) co_return co_await refuse_broken(code);
    version_ = parser.get().version();
    if (const PageFile* file = page_file(parser.get())) co_return co_await show(parser.get(), *file);
    Found found = find_route(view_of(parser.get().method_string()), view_of(parser.get().target()));
    if (const auto refusal = check(parser.get(), found))  // before its body is read
      co_return co_await refuse(refusal->status, refusal->message, found.allowed);
    allow(limits().body_s);
    co_await http::async_read(stream_, buffer_, parser, into(code));
    if (code) co_return co_await refuse_broken(code);
    Request request = parser.release();
    found.call.role = role_of(house_.options.access, credentials_of(request));
    if (found.route->streams) {
      std::string last_seen(view_of(request["Last-Event-ID"]));
      co_return co_await follow(std::move(found.call), std::move(last_seen), request.keep_alive());
    }
    const bool goes_on = request.keep_alive();
    Reply reply = co_await answer_of(found, request.body());
    co_return co_await send(std::move(reply), goes_on);
  }

  const PageFile* page_file(const Parser::value_type& request) const {
    return request.method() == http::verb::get ? house_.options.page.find(view_of(request.target())) : nullptr;
  }

  static Credentials credentials_of(const Parser::value_type& request) {
    return {std::string(view_of(request[http::field::host])), std::string(view_of(request[http::field::origin])),
            std::string(view_of(request[http::field::authorization]))};
  }

  std::optional<Refusal> check_rate() {
    if (house_.requests.take(address_, house_.clock.now_s())) return std::nullopt;
    return Refusal{429, "too many requests of this address; wait a second"};
  }

  // The files of the page hold no study: they need no token, or there were no place to enter one.
  asio::awaitable<bool> show(const Parser::value_type& request, const PageFile& file) {
    auto refusal = check_rate();
    if (!refusal) refusal = check_site(house_.options.access, credentials_of(request));
    if (refusal) co_return co_await refuse(refusal->status, refusal->message, {});
    const bool is_known = is_fresh(request, file), goes_on = request.keep_alive();
    http::response<http::string_body> response{is_known ? http::status::not_modified : http::status::ok, version_};
    response.set(http::field::content_type, beast::string_view(file.type.data(), file.type.size()));
    response.set(http::field::cache_control, "no-cache");
    response.set(http::field::etag, file.tag);
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Referrer-Policy", "no-referrer");
    response.set("Content-Security-Policy", std::string(page_security_policy()));
    response.keep_alive(goes_on);
    if (!is_known) response.body() = file.bytes;
    response.prepare_payload();
    ErrorCode code;
    allow(limits().body_s);
    co_await http::async_write(stream_, response, into(code));
    co_return goes_on && !code;
  }

  std::optional<Refusal> check(const Parser::value_type& request, const Found& found) {
    if (auto refusal = check_rate()) return refusal;
    const Credentials credentials = credentials_of(request);
    const Role needed = found.route == nullptr ? Role::Read : found.route->role;
    if (auto refusal = check_access(house_.options.access, credentials, needed)) return refusal;
    if (found.status == 404) return Refusal{404, "no such path; docs/api.md lists them"};
    if (found.status == 405) return Refusal{405, "this path has no such method; expected " + found.allowed};
    if (found.status == 400)
      return Refusal{400, "a query that this path does not have; expected " +
                              (found.query.empty() ? "none" : "of: " + std::string(found.query))};
    return check_media(request);
  }

  // A form of another site can send a text without asking first, but no JSON.
  static std::optional<Refusal> check_media(const Parser::value_type& request) {
    if (request.method() != http::verb::post) return std::nullopt;
    const std::string_view type = view_of(request[http::field::content_type]);
    if (type == "application/json" || type.starts_with("application/json;")) return std::nullopt;
    return Refusal{415, "the body is JSON; expected Content-Type: application/json"};
  }

  asio::awaitable<bool> refuse_broken(ErrorCode code) {
    const int status = status_of_broken(code);
    std::string message;
    if (status == 413) message = fmt::format("the body is too long; expected at most {} bytes", limits().body_bytes);
    if (status == 431)
      message = fmt::format("the header is too long; expected at most {} bytes", limits().header_bytes);
    if (status == 400) message = "this is no HTTP request: " + code.message();
    if (status != 0) co_await refuse(status, std::move(message), {});
    co_return false;
  }

  asio::awaitable<bool> refuse(int status, std::string message, std::string allowed) {
    Reply reply{status, to_line({{"error", {{"kind", "refused"}, {"message", message}}}}) + "\n"};
    co_return co_await send(std::move(reply), false, std::move(allowed));
  }

  asio::awaitable<Reply> answer_of(Found& found, const std::string& text) {
    auto call = std::make_shared<Call>(std::move(found.call));
    const Route* route = found.route;
    if (route->decide != nullptr) {
      auto body = parse_document(text, "body");
      if (!body) co_return reply_of(tl::make_unexpected(body.error()));
      if (!body->json.is_object()) co_return reply_of(body->root().fail("not an object", "a JSON object"));
      call->body = *std::move(body);
      auto decide = [this, call, route](std::function<void(Reply)> done) {
        const std::string study = call->path.contains("study") ? call->study() : "";
        house_.decider.post({study, [call, route](Desk& desk) { return route->decide(desk, *call); },
                             [done = std::move(done)](const Answer& answer) { done(reply_of(answer)); }});
      };
      co_return co_await wait_for<Reply>(std::move(decide));
    }
    auto read = [this, call, route](std::function<void(Reply)> done) {
      asio::post(house_.reader,
                 [this, call, route, done = std::move(done)] { done(reply_of(route->read(house_.studies, *call))); });
    };
    co_return co_await wait_for<Reply>(std::move(read));
  }

  /// True: the connection goes on.
  asio::awaitable<bool> send(Reply reply, bool goes_on, std::string allowed = {}) {
    Response response{static_cast<http::status>(reply.status), version_};
    response.set(http::field::content_type, "application/json");
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    if (reply.status == 401) response.set(http::field::www_authenticate, "Bearer");
    if (reply.status == 405) response.set(http::field::allow, allowed);
    response.keep_alive(goes_on);
    response.body() = std::move(reply.body);
    response.prepare_payload();
    ErrorCode code;
    allow(limits().body_s);
    co_await http::async_write(stream_, response, into(code));
    co_return goes_on && !code;
  }

  // The log is read from the store, in the pace of who follows it: a slow one holds up nobody.
  asio::awaitable<bool> follow(Call call, std::string last_seen, bool keeps_alive) {
    if (!last_seen.empty() && last_seen.size() < 18 && last_seen.find_first_not_of("0123456789") == std::string::npos)
      call.from = std::stoull(last_seen) + 1;  // a browser that connects again
    if (house_.streams >= limits().streams) co_return co_await refuse(503, "too many follow logs already", {});
    const Counted counted(house_.streams);
    Result<EventFrames> news = co_await events_of(call);
    if (!news) {
      Reply reply = reply_of(tl::make_unexpected(news.error()));
      co_return co_await send(std::move(reply), keeps_alive);
    }
    const std::int64_t study_id = news->study_id;
    bool goes_on = co_await begin_stream();
    double said_s = house_.clock.now_s();
    while (goes_on) {
      std::string text = std::move(news->text);
      if (text.empty() && house_.clock.now_s() - said_s > kSayAlive_s) text = ": alive\n\n";
      if (text.empty()) {
        co_await rest();
      } else {
        goes_on = co_await write(std::move(text));
        said_s = house_.clock.now_s();
      }
      if (goes_on) news = co_await events_of(call);
      goes_on = goes_on && news.has_value() && news->study_id == study_id;  // another one's log is another stream
    }
    co_return false;
  }

  /// What the log has from `call.from` on, which moves behind it, as frames.
  asio::awaitable<Result<EventFrames>> events_of(Call& call) {
    auto read = [this, study = call.study(), from = call.from](std::function<void(Result<EventFrames>)> done) {
      asio::post(house_.reader,
                 [this, study, from, done = std::move(done)] { done(read_frames(house_.studies, study, from)); });
    };
    auto frames = co_await wait_for<Result<EventFrames>>(std::move(read));
    if (frames) call.from = frames->next;
    co_return frames;
  }

  asio::awaitable<bool> begin_stream() {
    std::string head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n";
    const bool written = co_await write(std::move(head));
    co_return written;
  }

  asio::awaitable<bool> write(std::string text) {
    ErrorCode code;
    allow(limits().body_s);
    co_await asio::async_write(stream_, asio::buffer(text), into(code));
    co_return !code;
  }

  asio::awaitable<void> rest() {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, duration(kLookForEvents_s));
    ErrorCode code;
    co_await timer.async_wait(into(code));
  }

  Stream stream_;
  const std::string address_;
  HttpHouse& house_;
  beast::flat_buffer buffer_;
  unsigned version_ = 11;
};

}  // namespace

asio::awaitable<void> serve_connection(asio::ip::tcp::socket socket, HttpHouse& house) {
  if (house.connections >= house.options.limits.connections) co_return;
  const Counted counted(house.connections);
  ErrorCode code;
  const auto peer = socket.remote_endpoint(code);
  if (code) co_return;
  socket.set_option(asio::ip::tcp::no_delay(true), code);
  std::string address = peer.address().to_string();
  if (house.tls) {
    HttpSession session(beast::ssl_stream<beast::tcp_stream>(beast::tcp_stream(std::move(socket)), *house.tls),
                        std::move(address), house);
    co_await session.run();
  } else {
    HttpSession session(beast::tcp_stream(std::move(socket)), std::move(address), house);
    co_await session.run();
  }
}

}  // namespace pegbox::server
