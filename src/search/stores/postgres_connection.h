// PostgresConnection: libpq's interface with owners, Results and messages that say what to do. Knows no tables.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "search/stores/postgres_address.h"
#include "search/stores/postgres_values.h"

namespace pegbox {

/// What a statement answered, in binary.
class PostgresRows {
 public:
  PostgresRows(std::shared_ptr<const PostgresLibrary> library, PGresult* result)
      : library_(std::move(library)), result_(result, library_->PQclear) {}

  int count() const { return library_->PQntuples(result_.get()); }
  std::int64_t changed() const;  ///< rows that it inserted, updated or deleted
  bool is_null(int row, int column) const { return library_->PQgetisnull(result_.get(), row, column) == 1; }
  std::int64_t integer(int row, int column) const { return integer_of(text(row, column)); }
  double real(int row, int column) const { return double_of(text(row, column)); }
  bool boolean(int row, int column) const { return text(row, column) == std::string_view("\1", 1); }
  std::string_view text(int row, int column) const;  ///< valid as long as the rows are

 private:
  friend class PostgresConnection;
  std::shared_ptr<const PostgresLibrary> library_;
  std::unique_ptr<PGresult, decltype(&::PQclear)> result_;
};

/// Has a name of its own among all statements. Parsed by the server at its first use in a connection.
struct PostgresStatement {
  const char* name;
  const char* sql;
};

/// A statement with its parameters.
struct PostgresCall {
  const PostgresStatement& statement;
  PostgresValues values{};
};

/// One connection; not to be used by two threads at once.
class PostgresConnection {
 public:
  /// Whether a server answers there at all.
  enum class Reach : std::uint8_t { Answers, Starting, Silent };
  static Reach reach(const PostgresLibrary& library, const PostgresAddress& address);

  /// Io, with the next step, if nothing answers; InvalidInput if the server turns us away (no such user or database).
  static Result<std::unique_ptr<PostgresConnection>> open(std::shared_ptr<const PostgresLibrary> library,
                                                          const PostgresAddress& address);

  /// Statements without parameters, separated by ;: one transaction if there are several.
  Result<void> execute(const std::string& sql);
  Result<PostgresRows> run(const PostgresCall& call);
  /// The same in two halves, so that the server may work meanwhile: nothing else may be asked in between.
  Result<void> send(const PostgresCall& call);
  Result<PostgresRows> receive();
  /// In one transaction and one exchange with the server, which begins and commits it by itself. What each answered.
  Result<std::vector<PostgresRows>> run_together(std::span<const PostgresCall> calls);

  /// Nothing can be asked of it any more. Whether the last call took effect is not known.
  bool is_lost() const { return is_lost_; }
  std::string server_setting(const char* name) const;                        ///< "server_encoding", "server_version"
  int backend() const { return library_->PQbackendPID(connection_.get()); }  ///< the server's process for it

 private:
  PostgresConnection(std::shared_ptr<const PostgresLibrary> library, PGconn* connection, std::string where)
      : library_(std::move(library)), connection_(connection, library_->PQfinish), where_(std::move(where)) {}
  Result<void> prepare(const PostgresStatement& statement);
  bool send_prepared(const PostgresCall& call);
  Result<PostgresRows> take(PGresult* result);
  Result<std::vector<PostgresRows>> take_all(std::size_t count);
  tl::unexpected<Error> fail_lost();

  std::shared_ptr<const PostgresLibrary> library_;
  std::unique_ptr<PGconn, decltype(&::PQfinish)> connection_;
  std::string where_;
  std::set<std::string, std::less<>> prepared_;
  bool is_lost_ = false;
};

/// The error that a server reports at `where` with an SQLSTATE, in words: full, read-only, no right, damaged.
tl::unexpected<Error> fail_postgres(const std::string& sqlstate, const std::string& said, const std::string& where);

}  // namespace pegbox
