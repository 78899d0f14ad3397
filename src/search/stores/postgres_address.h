// PostgresAddress: which database, on which server, as whom; and its name for people, without the password.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "search/stores/postgres_library.h"

namespace pegbox {

/// "postgresql://user@host:port/database?name=value" with everything libpq allows in it; what it leaves out libpq takes
/// from PGHOST, PGPASSWORD, ~/.pgpass, ... (https://www.postgresql.org/docs/15/libpq-connect.html).
class PostgresAddress {
 public:
  /// InvalidInput, without showing a password, if libpq cannot read it.
  static Result<PostgresAddress> parse(const PostgresLibrary& library, const std::string& url);

  /// Names and values, for PQconnectdbParams. A server that is gone is noticed within half a minute, unless the URL
  /// says otherwise.
  std::vector<std::pair<std::string, std::string>> settings() const { return settings_; }

  /// "postgresql://user@host:5433/database", or "postgresql://user@/database?host=/run/postgresql".
  const std::string& shown() const { return shown_; }

 private:
  std::vector<std::pair<std::string, std::string>> settings_;
  std::string shown_;
};

}  // namespace pegbox
