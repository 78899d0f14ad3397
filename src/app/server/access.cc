// Access: who may do what on a server.
#include "app/server/access.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>

#include "base/descriptor.h"
#include "base/sha256.h"

namespace pegbox::server {
namespace {

constexpr std::array<std::pair<Role, std::string_view>, 3> kRoles = {
    {{Role::Read, "read"}, {Role::Work, "work"}, {Role::Administer, "administer"}}};
constexpr std::string_view kPrefix = "pegbox_", kScheme = "Bearer ";
constexpr std::size_t kTokenBytes = 32, kHashDigits = 64;

bool is_hash(std::string_view text) {
  return text.size() == kHashDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string hash_of(std::string_view token) {
  Sha256 hash;
  hash.add(token);
  return hash.hex();
}

std::string lowered(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

/// "example.org" of "example.org:8080", "::1" of "[::1]:8080".
std::string without_port(std::string_view host) {
  if (host.starts_with('[')) return lowered(host.substr(1, host.find(']') - 1));
  const auto colon = host.find(':');
  return lowered(host.substr(0, colon));
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  return inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1;
}

std::optional<Refusal> check_host(const AccessRules& rules, const Credentials& credentials) {
  const std::string name = without_port(credentials.host);
  if (name == "localhost" || is_address(name)) return std::nullopt;  // no site's page comes from a bare address
  const auto is_name = [&](const std::string& known) { return lowered(known) == name; };
  if (std::ranges::any_of(rules.host_names, is_name)) return std::nullopt;
  return Refusal{421, "[Host] this server is not called that; got " + (name.empty() ? "nothing" : credentials.host) +
                          "; start it with --name " + (name.empty() ? "NAME" : name) + " if it is"};
}

std::optional<Refusal> check_origin(const AccessRules& rules, const Credentials& credentials) {
  if (credentials.origin.empty()) return std::nullopt;
  const std::string own = (rules.tls ? "https://" : "http://") + credentials.host;
  if (lowered(credentials.origin) == lowered(own)) return std::nullopt;
  return Refusal{
      403, "[Origin] a page of another site may not use this server; got " + credentials.origin + "; expected " + own};
}

std::optional<Refusal> check_token(const AccessRules& rules, const Credentials& credentials, Role needed) {
  if (rules.tokens.empty()) return std::nullopt;
  const std::string_view given = credentials.authorization;
  if (!given.starts_with(kScheme))
    return Refusal{401,
                   "[Authorization] a token is needed; expected \"Authorization: Bearer TOKEN\"; whoever runs the "
                   "server makes one with `pegbox serve --new-token`"};
  const auto role = rules.tokens.role_of(given.substr(kScheme.size()));
  if (!role) return Refusal{401, "[Authorization] this server does not know the token"};
  if (*role >= needed) return std::nullopt;
  return Refusal{403, "[Authorization] the token's role does not suffice; got " + std::string(name_of(*role)) +
                          "; expected " + std::string(name_of(needed))};
}

Result<Descriptor> open_for_owner(const Path& file) {
  Descriptor opened(::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (opened.get() < 0) return fail_errno(file.string(), "the file of tokens cannot be written");
  return opened;
}

}  // namespace

std::string_view name_of(Role role) { return kRoles[static_cast<std::size_t>(role)].second; }

std::optional<Role> role_named(std::string_view name) {
  const auto found = std::ranges::find(kRoles, name, &std::pair<Role, std::string_view>::second);
  return found == kRoles.end() ? std::nullopt : std::optional(found->first);
}

Result<TokenTable> TokenTable::load(const Path& file) {
  PEGBOX_TRY(const std::string text, read_file(file));
  struct stat status{};
  if (::stat(file.c_str(), &status) == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fail(
        ErrorKind::InvalidInput,
        {.where = file.string(), .what = "others may write this file of tokens", .hint = "chmod 600 " + file.string()});
  TokenTable table;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (line.empty() || line.starts_with('#')) continue;
    std::istringstream words(line);
    std::string role, hash;
    words >> role >> hash;
    const auto known = role_named(role);
    if (!known || !is_hash(hash))
      return fail(ErrorKind::InvalidInput, {.where = file.string() + ":" + std::to_string(number),
                                            .what = "no token's line",
                                            .expected = "ROLE HASH NAME, with a role of read, work, administer",
                                            .hint = "`pegbox serve --new-token ROLE` writes such lines"});
    table.rows_.push_back({*known, hash});
  }
  return table;
}

Result<std::string> new_token() {
  std::array<unsigned char, kTokenBytes> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    return fail(ErrorKind::Internal, {.where = "token", .what = "the machine gives no random bytes"});
  std::string token(kPrefix);
  for (const unsigned char byte : random)
    for (const int digit : {byte >> 4, byte & 15}) token += "0123456789abcdef"[digit];
  return token;
}

void TokenTable::admit(std::string_view token, Role role) { rows_.push_back({role, hash_of(token)}); }

Result<std::string> TokenTable::make(const Path& file, Role role, const std::string& name) {
  PEGBOX_TRY(std::string token, new_token());
  std::string line = std::string(name_of(role)) + " " + hash_of(token) + " " + name + "\n";
  PEGBOX_TRY(const Descriptor opened, open_for_owner(file));
  if (::write(opened.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return fail_errno(file.string(), "the token could not be written");
  return token;
}

std::optional<Role> TokenTable::role_of(std::string_view token) const {
  const std::string hash = hash_of(token);
  std::optional<Role> role;
  for (const Row& row : rows_)
    if (CRYPTO_memcmp(row.hash.data(), hash.data(), kHashDigits) == 0) role = row.role;
  return role;
}

std::optional<Refusal> check_site(const AccessRules& rules, const Credentials& credentials) {
  if (auto refusal = check_host(rules, credentials)) return refusal;
  return check_origin(rules, credentials);
}

std::optional<Refusal> check_access(const AccessRules& rules, const Credentials& credentials, Role needed) {
  if (auto refusal = check_site(rules, credentials)) return refusal;
  return check_token(rules, credentials, needed);
}

Role role_of(const AccessRules& rules, const Credentials& credentials) {
  if (rules.tokens.empty()) return Role::Administer;
  const std::string_view given = credentials.authorization;
  return given.starts_with(kScheme) ? rules.tokens.role_of(given.substr(kScheme.size())).value_or(Role::Read)
                                    : Role::Read;
}

bool is_loopback(std::string_view address) {
  return address == "localhost" || address == "::1" ||
         (address.starts_with("127.") && is_address(std::string(address)));
}

}  // namespace pegbox::server
