// Access: who may do what on a server: tokens with roles, and the Host and Origin of a request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace pegbox::server {

/// Each may what those before it may.
enum class Role : std::uint8_t {
  Read,        ///< look at studies
  Work,        ///< take trials and say what became of them
  Administer,  ///< make studies, and with them commands that workers run; pause and stop them
};
std::string_view name_of(Role role);  ///< "read", "work", "administer"
std::optional<Role> role_named(std::string_view name);

/// The tokens of a server, of which it knows only the SHA-256. A token has 256 random bits, so nobody finds it by
/// trying. The file has a line "ROLE HASH NAME" for each; lines that begin with # are remarks.
class TokenTable {
 public:
  /// InvalidInput, with the line, for a line that is none; also if others than its owner may write the file.
  static Result<TokenTable> load(const Path& file);

  /// A new token, whose line is appended to `file`, which is made for its owner alone if it is not there. It is
  /// nowhere else: whoever loses it makes another.
  static Result<std::string> make(const Path& file, Role role, const std::string& name);

  /// From now on whoever has `token` has `role`; it stands in no file.
  void admit(std::string_view token, Role role);

  bool empty() const { return rows_.empty(); }

  /// Looks at every row in full, so that the time tells nothing of how near a guess was.
  std::optional<Role> role_of(std::string_view token) const;

 private:
  struct Row {
    Role role = Role::Read;
    std::string hash;  // 64 hexadecimal digits
  };
  std::vector<Row> rows_;
};

/// A token that nobody has had before.
Result<std::string> new_token();

/// What of a request decides who it is from.
struct Credentials {
  std::string host, origin, authorization;  ///< the headers; empty: there is none
};

struct AccessRules {
  TokenTable tokens;                      ///< empty: whoever reaches the server administers it
  std::vector<std::string> host_names{};  ///< that the server is called, beside localhost; addresses always are
  bool tls = false;
};

/// Why a request is refused.
struct Refusal {
  int status = 403;  ///< of HTTP: 401, 403, 421
  std::string message;
};

/// A page of another site may make a browser send requests to this server, under a name that it has made point here
/// (Host), or from its own (Origin). Both are refused, with a token and without.
std::optional<Refusal> check_access(const AccessRules& rules, const Credentials& credentials, Role needed);

/// The first half of it: what everybody is asked, with a token or without. It is all for files that hold no study.
std::optional<Refusal> check_site(const AccessRules& rules, const Credentials& credentials);

/// Of who has passed check_access.
Role role_of(const AccessRules& rules, const Credentials& credentials);

/// Whether `address` reaches only this machine: 127.0.0.0/8, ::1.
bool is_loopback(std::string_view address);

}  // namespace pegbox::server
