// PostgresAddress: which database, on which server, as whom.
#include "search/stores/postgres_address.h"

#include <algorithm>
#include <string_view>

#include "search/stores/table.h"

namespace pegbox {
namespace {

// A network that is cut says nothing: without these a read from it would wait for hours.
constexpr std::pair<const char*, const char*> kDefaults[] = {
    {"connect_timeout", "5"},
    {"keepalives_idle", "10"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "25000"},
    {"client_encoding", "UTF8"},
    {"fallback_application_name", "pegbox"},
};

std::string shown_form(const std::vector<std::pair<std::string, std::string>>& settings) {
  const auto value_of = [&](std::string_view name) {
    const auto found = std::ranges::find(settings, name, &std::pair<std::string, std::string>::first);
    return found == settings.end() ? std::string() : found->second;
  };
  const std::string user = value_of("user"), host = value_of("host"), port = value_of("port");
  const bool is_socket = host.starts_with('/');
  std::string shown = "postgresql://";
  if (!user.empty()) shown += user + "@";
  if (!is_socket) shown += host;
  if (!port.empty()) shown += ":" + port;
  shown += "/" + value_of("dbname");
  if (is_socket) shown += "?host=" + host;
  return shown;
}

}  // namespace

Result<PostgresAddress> PostgresAddress::parse(const PostgresLibrary& library, const std::string& url) {
  char* said = nullptr;  // may quote the URL, so it is not shown
  PQconninfoOption* const options = library.PQconninfoParse(url.c_str(), &said);
  library.PQfreemem(said);
  if (options == nullptr)
    return fail(ErrorKind::InvalidInput,
                {.where = shown_store(url),
                 .what = "this is no PostgreSQL address",
                 .expected = "postgresql://USER@HOST:PORT/DATABASE",
                 .hint = "characters such as @ : / ? in a password are written as %40 %3A %2F %3F; a password is "
                         "better kept in ~/.pgpass or PGPASSWORD"});
  PostgresAddress address;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option)
    if (option->val != nullptr) address.settings_.emplace_back(option->keyword, option->val);
  library.PQconninfoFree(options);
  address.shown_ = shown_form(address.settings_);
  for (const auto& [name, value] : kDefaults)
    if (std::ranges::find(address.settings_, name, &std::pair<std::string, std::string>::first) ==
        address.settings_.end())
      address.settings_.emplace_back(name, value);
  return address;
}

}  // namespace pegbox
