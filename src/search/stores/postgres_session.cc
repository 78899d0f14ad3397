// PostgresSession: a connection that comes back after the server went away, with its settings and its locks.
#include "search/stores/postgres_session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <thread>

namespace pegbox {
namespace {

constexpr int kOldestServer = 14;

// Whatever database, role and URL say. A transaction sees what others have committed meanwhile, a commit waits for the
// disk, nothing ends a session that rests, and the server notices within half a minute that we are gone.
constexpr char kSessionSettings[] =
    "SET client_encoding = 'UTF8'; SET search_path = pg_catalog; SET default_transaction_isolation = 'read committed';"
    "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_session_timeout = 0;"
    "SET idle_in_transaction_session_timeout = 0; SET jit = off;"
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;"
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';";

constexpr PostgresStatement kTryLock{"try_lock", "SELECT pg_try_advisory_lock($1::integer, $2::integer)"};
constexpr PostgresStatement kUnlock{"unlock", "SELECT pg_advisory_unlock($1::integer, $2::integer)"};
constexpr PostgresStatement kLockHolder{
    "lock_holder",
    "SELECT l.pid, coalesce(a.application_name, ''), coalesce(a.usename::text, '') FROM pg_locks l "
    "LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 "
    "AND l.classid = $1::integer::oid AND l.objid = $2::integer::oid "
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"};
constexpr PostgresStatement kEndSession{"end_session", "SELECT pg_terminate_backend($1::integer)"};

// Of the 63 bytes that a name may have, the host's gets what the numbers leave. Nothing in it needs a quote.
std::string session_name(int backend) {
  std::array<char, 256> host{};
  (void)::gethostname(host.data(), host.size() - 1);
  std::string name = std::string(host.data()).substr(0, 30);
  std::ranges::replace_if(
      name, [](unsigned char byte) { return !std::isalnum(byte) && byte != '-' && byte != '.'; }, '-');
  return fmt::format("pegbox {}@{}/{}", ::getpid(), name, backend);
}

/// "process 4711@box", from the name that a session gave itself.
std::string holder_in_words(std::string_view session, std::string_view user, std::int64_t backend) {
  constexpr std::string_view kOurs = "pegbox ";
  if (session.starts_with(kOurs))
    return fmt::format("process {}", session.substr(kOurs.size(), session.rfind('/') - kOurs.size()));
  return fmt::format("session {} of {}", backend, user.empty() ? "another user" : user);
}

}  // namespace

Result<std::unique_ptr<PostgresSession>> PostgresSession::open(std::shared_ptr<const PostgresLibrary> library,
                                                               PostgresAddress address, SessionRight right,
                                                               double patience_s) {
  std::unique_ptr<PostgresSession> session(
      new PostgresSession(std::move(library), std::move(address), right, patience_s));
  auto connected = session->connect_once();
  if (!connected &&
      PostgresConnection::reach(*session->library_, session->address_) == PostgresConnection::Reach::Starting) {
    session->lost_at_s_ = session->clock_.now_s();
    connected = session->connect();
  }
  PEGBOX_CHECK(std::move(connected));
  session->found();
  return session;
}

Result<void> PostgresSession::connect() {
  if (connection_) return {};
  for (;;) {
    auto connected = connect_once();
    if (connected || !is_patient()) return connected;
    std::this_thread::sleep_for(std::chrono::duration<double>(pause_s_));
    pause_s_ = std::min(2 * pause_s_, kLongestPause_s);
  }
}

Result<void> PostgresSession::connect_once() {
  PEGBOX_TRY(auto connection, PostgresConnection::open(library_, address_));
  PEGBOX_CHECK(set_up(*connection));
  PEGBOX_CHECK(take_locks_again(*connection));
  connection_ = std::move(connection);
  return {};
}

Result<void> PostgresSession::set_up(PostgresConnection& connection) {
  const std::string version = connection.server_setting("server_version");
  if (std::atoi(version.c_str()) < kOldestServer)
    return fail(ErrorKind::Unsupported, {.where = where(),
                                         .what = "the PostgreSQL server is too old",
                                         .got = version,
                                         .expected = fmt::format("{} or later", kOldestServer)});
  const std::string encoding = connection.server_setting("server_encoding");
  if (encoding != "UTF8")
    return fail(ErrorKind::Unsupported, {.where = where(),
                                         .what = "the database's encoding cannot hold every text",
                                         .got = encoding,
                                         .expected = "UTF8",
                                         .hint = "make one: createdb --encoding=UTF8 --template=template0 NAME"});
  if (name_.empty()) name_ = session_name(connection.backend());
  return connection.execute(fmt::format("{} SET application_name = '{}'; SET default_transaction_read_only = {};",
                                        kSessionSettings, name_, right_ == SessionRight::Read ? "on" : "off"));
}

Result<void> PostgresSession::take_locks_again(PostgresConnection& connection) {
  for (auto& [number, was_lost] : locks_) {
    if (was_lost) continue;
    PEGBOX_TRY(const auto holder, try_lock(connection, number));
    was_lost = holder.has_value();
  }
  return {};
}

/// Nothing if it is ours now; else who has it. A connection of ours that the server has not found to be gone yet is
/// ended.
Result<std::optional<std::string>> PostgresSession::try_lock(PostgresConnection& connection, std::int32_t number) {
  constexpr int kTries = 100;
  constexpr std::chrono::milliseconds kPause(20);
  PostgresValues both;
  both.add(kAdvisoryClass).add(number);
  for (int attempt = 1;; ++attempt) {
    PEGBOX_TRY(const auto locked, connection.run({kTryLock, both}));
    if (locked.boolean(0, 0)) return std::nullopt;
    PEGBOX_TRY(const auto holders, connection.run({kLockHolder, both}));
    if (holders.count() > 0 && (holders.text(0, 1) != name_ || attempt == kTries))
      return holder_in_words(holders.text(0, 1), holders.text(0, 2), holders.integer(0, 0));
    if (holders.count() > 0)
      PEGBOX_CHECK(
          connection.run({kEndSession, PostgresValues().add(static_cast<std::int32_t>(holders.integer(0, 0)))}));
    if (attempt == kTries) return "a session that has ended since";
    if (holders.count() > 0) std::this_thread::sleep_for(kPause);
  }
}

Result<void> PostgresSession::lock(std::int32_t number, const std::string& study) {
  const auto refuse = [&](const std::string& holder) {
    return fail(ErrorKind::Conflict, {.where = study,
                                      .what = "another process runs the study",
                                      .got = holder,
                                      .expected = {},
                                      .hint = "`pegbox pause` or `pegbox stop` end it"});
  };
  if (const auto known = locks_.find(number); known != locks_.end())
    return refuse(fmt::format("process {}, this one", ::getpid()));
  PEGBOX_TRY(const auto holder,
             run([&](PostgresConnection& connection, bool) { return try_lock(connection, number); }));
  if (holder) return refuse(*holder);
  locks_[number] = false;
  return {};
}

void PostgresSession::unlock(std::int32_t number) {
  locks_.erase(number);
  if (connection_) (void)connection_->run({kUnlock, PostgresValues().add(kAdvisoryClass).add(number)});
  if (connection_ && connection_->is_lost()) lose();
}

bool PostgresSession::has_lost(std::int32_t number) const {
  const auto known = locks_.find(number);
  return known != locks_.end() && known->second;
}

void PostgresSession::lose() {
  connection_.reset();
  if (!lost_at_s_) lost_at_s_ = clock_.now_s();
}

}  // namespace pegbox
