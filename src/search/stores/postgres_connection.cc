// PostgresConnection: libpq's interface with owners, Results and messages that say what to do.
#include "search/stores/postgres_connection.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <optional>
#include <utility>

namespace pegbox {
namespace {

struct StateExplanation {
  std::string_view sqlstate;  ///< the whole of it, or its class, the first two characters
  ErrorKind kind;
  const char* what;
  const char* hint;
};

// https://www.postgresql.org/docs/15/errcodes-appendix.html; the first that fits.
constexpr StateExplanation kStateExplanations[] = {
    {"53100", ErrorKind::Io, "the server's disk is full", "make room there; what was acknowledged is safe"},
    {"53200", ErrorKind::OutOfMemory, "the server has no memory left", ""},
    {"25006", ErrorKind::Io, "the server may only be read: it is a copy, or set to default_transaction_read_only",
     "name the primary server"},
    {"42501", ErrorKind::Io, "the user has not the right to do this",
     "the database's owner has: GRANT CREATE ON DATABASE ... TO ..., and GRANT ALL on what is in the schema pegbox"},
    {"40", ErrorKind::Conflict, "another process keeps the store busy", "try again"},
    {"55P03", ErrorKind::Conflict, "another process keeps the store busy", "try again"},
    {"XX001", ErrorKind::Corrupt, "the database is damaged", "restore a backup"},
    {"XX002", ErrorKind::Corrupt, "an index of the database is damaged", "REINDEX SCHEMA pegbox"},
    {"58", ErrorKind::Io, "the server's disk refused", "the server's log says more"},
    {"22021", ErrorKind::InvalidInput, "a text that is not UTF-8", ""},
};

// The server ends the session: shut down by its administrator, or after a crash of another session.
constexpr std::string_view kEnds[] = {"57P01", "57P02", "57P03", "57P04", "57P05", "08"};

std::string in_one_line(std::string_view text) {
  std::string line;
  for (const char byte : text) {
    const bool is_space = byte == '\n' || byte == '\t' || byte == ' ';
    if (!is_space) line += byte;
    if (is_space && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

struct Keywords {
  explicit Keywords(const PostgresAddress& address) : settings(address.settings()) {
    for (const auto& [name, value] : settings) {
      names.push_back(name.c_str());
      values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
  }
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<const char*> names, values;
};

void say_nothing(void*, const char*) {}

}  // namespace

tl::unexpected<Error> fail_postgres(const std::string& sqlstate, const std::string& said, const std::string& where) {
  for (const StateExplanation& row : kStateExplanations)
    if (sqlstate.starts_with(row.sqlstate))
      return fail(row.kind, {.where = where, .what = row.what, .got = said, .expected = {}, .hint = row.hint});
  return fail(ErrorKind::Internal, {.where = where, .what = "PostgreSQL failed", .got = said + " (" + sqlstate + ")"});
}

std::int64_t PostgresRows::changed() const {
  const std::string_view text = library_->PQcmdTuples(result_.get());
  std::int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

std::string_view PostgresRows::text(int row, int column) const {
  return {library_->PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(library_->PQgetlength(result_.get(), row, column))};
}

PostgresConnection::Reach PostgresConnection::reach(const PostgresLibrary& library, const PostgresAddress& address) {
  const Keywords keywords(address);
  switch (library.PQpingParams(keywords.names.data(), keywords.values.data(), 0)) {
    case PQPING_OK:
      return Reach::Answers;
    case PQPING_REJECT:
      return Reach::Starting;
    default:
      return Reach::Silent;
  }
}

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::open(std::shared_ptr<const PostgresLibrary> library,
                                                                     const PostgresAddress& address) {
  const Keywords keywords(address);
  PGconn* const made = library->PQconnectdbParams(keywords.names.data(), keywords.values.data(), 0);
  std::unique_ptr<PostgresConnection> connection(new PostgresConnection(library, made, address.shown()));
  if (made != nullptr && library->PQstatus(made) == CONNECTION_OK) {
    library->PQsetNoticeProcessor(made, say_nothing, nullptr);
    return connection;
  }
  const std::string said = made == nullptr ? "no memory left" : in_one_line(library->PQerrorMessage(made));
  const Reach reach = PostgresConnection::reach(*library, address);
  if (reach == Reach::Answers)
    return fail(ErrorKind::InvalidInput,
                {.where = address.shown(),
                 .what = "the PostgreSQL server turns us away",
                 .got = said,
                 .hint = "user and database must exist (`createdb NAME`), and the password stands in ~/.pgpass or "
                         "PGPASSWORD"});
  return fail(ErrorKind::Io,
              {.where = address.shown(),
               .what = reach == Reach::Starting ? "the PostgreSQL server is starting or ending"
                                                : "no PostgreSQL server answers",
               .got = said,
               .hint = "start it (`systemctl start postgresql`), or check host and port; then the same command again"});
}

std::string PostgresConnection::server_setting(const char* name) const {
  const char* value = library_->PQparameterStatus(connection_.get(), name);
  return value != nullptr ? value : "";
}

tl::unexpected<Error> PostgresConnection::fail_lost() {
  is_lost_ = true;
  return fail(ErrorKind::Io, {.where = where_,
                              .what = "the connection to the PostgreSQL server was lost",
                              .got = in_one_line(library_->PQerrorMessage(connection_.get())),
                              .hint = "what was acknowledged is safe; start the server, then the same command again"});
}

Result<PostgresRows> PostgresConnection::take(PGresult* result) {
  if (result == nullptr) return fail_lost();
  PostgresRows rows(library_, result);
  const ExecStatusType status = library_->PQresultStatus(result);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return rows;
  const char* state = library_->PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string sqlstate = state != nullptr ? state : "";
  const bool ends = std::ranges::any_of(kEnds, [&](std::string_view end) { return sqlstate.starts_with(end); });
  if (ends || sqlstate.empty() || library_->PQstatus(connection_.get()) == CONNECTION_BAD) return fail_lost();
  return fail_postgres(sqlstate, in_one_line(library_->PQresultErrorMessage(result)), where_);
}

Result<void> PostgresConnection::execute(const std::string& sql) {
  PEGBOX_CHECK(take(library_->PQexec(connection_.get(), sql.c_str())));
  return {};
}

Result<void> PostgresConnection::prepare(const PostgresStatement& statement) {
  if (prepared_.contains(statement.name)) return {};
  PEGBOX_CHECK(take(library_->PQprepare(connection_.get(), statement.name, statement.sql, 0, nullptr)));
  prepared_.insert(statement.name);
  return {};
}

bool PostgresConnection::send_prepared(const PostgresCall& call) {
  const auto pointers = call.values.pointers();
  const auto lengths = call.values.lengths();
  const std::vector<int> formats(pointers.size(), 1);
  return library_->PQsendQueryPrepared(connection_.get(), call.statement.name, call.values.count(), pointers.data(),
                                       lengths.data(), formats.data(), 1) == 1;
}

Result<void> PostgresConnection::send(const PostgresCall& call) {
  PEGBOX_CHECK(prepare(call.statement));
  return send_prepared(call) ? Result<void>() : Result<void>(fail_lost());
}

Result<PostgresRows> PostgresConnection::receive() {
  auto answer = take(library_->PQgetResult(connection_.get()));
  while (!is_lost_)
    if (PGresult* const more = library_->PQgetResult(connection_.get()); more != nullptr)
      library_->PQclear(more);
    else
      break;
  return answer;
}

Result<PostgresRows> PostgresConnection::run(const PostgresCall& call) {
  PEGBOX_CHECK(send(call));
  return receive();
}

Result<std::vector<PostgresRows>> PostgresConnection::run_together(std::span<const PostgresCall> calls) {
  for (const PostgresCall& call : calls) PEGBOX_CHECK(prepare(call.statement));
  bool sent = library_->PQenterPipelineMode(connection_.get()) == 1;
  for (const PostgresCall& call : calls) sent = sent && send_prepared(call);
  if (!sent || library_->PQpipelineSync(connection_.get()) != 1) return fail_lost();
  return take_all(calls.size());
}

// Each call's answer is followed by a null, the whole by a mark, which comes when the transaction has ended. After a
// call that failed the others answer that they were not run.
Result<std::vector<PostgresRows>> PostgresConnection::take_all([[maybe_unused]] std::size_t count) {
  std::vector<PostgresRows> answers;
  std::optional<Error> fault;
  for (;;) {
    PGresult* const result = library_->PQgetResult(connection_.get());
    if (result == nullptr && library_->PQstatus(connection_.get()) == CONNECTION_BAD) return fail_lost();
    if (result == nullptr) continue;
    const ExecStatusType status = library_->PQresultStatus(result);
    if (status == PGRES_PIPELINE_ABORTED || status == PGRES_PIPELINE_SYNC) library_->PQclear(result);
    if (status == PGRES_PIPELINE_ABORTED) continue;
    if (status == PGRES_PIPELINE_SYNC) break;
    auto answer = take(result);
    if (is_lost_) return tl::make_unexpected(answer.error());
    if (!answer && !fault) fault = answer.error();
    if (answer) answers.push_back(*std::move(answer));
  }
  if (library_->PQexitPipelineMode(connection_.get()) != 1) return fail_lost();
  if (fault) return tl::make_unexpected(*std::move(fault));
  assert(answers.size() == count);
  return answers;
}

}  // namespace pegbox
