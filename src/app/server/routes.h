// Routes: what a server answers: each method and path, the role that it needs, and who answers. docs/openapi.json
// describes the same table, which a test holds against it.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "app/server/access.h"
#include "app/server/decider.h"
#include "app/server/studies.h"
#include "base/document.h"

namespace pegbox::server {

/// A request that was found to be for a route.
struct Call {
  std::map<std::string, std::string, std::less<>> path;  ///< what stands for {study}, {trial}
  Document body;                                         ///< of a POST: a JSON object
  Query query;                                           ///< with names that its route has
  std::uint64_t from = 0;                                ///< of a stream: the first event wanted
  Role role = Role::Read;                                ///< of who asks

  const std::string& study() const { return path.at("study"); }
  Result<std::int64_t> trial() const;
};

/// One of `read`, `decide` and `streams`.
struct Route {
  std::string_view method, pattern;
  Role role = Role::Read;
  std::string_view summary;
  Answer (*read)(Studies&, const Call&) = nullptr;  ///< from the store, by the reader's thread
  Answer (*decide)(Desk&, const Call&) = nullptr;   ///< by the decider's thread
  bool streams = false;                             ///< events, as they come
  std::string_view query = {};                      ///< the names that may stand behind the question mark
};

std::span<const Route> routes();

/// The route of a request; none, with the status 404, 405 or 400, if there is none.
struct Found {
  const Route* route = nullptr;
  Call call;
  int status = 200;
  std::string allowed;          ///< for 405: the methods that the path has
  std::string_view query = {};  ///< for 400: the names that its query may have
};
Found find_route(std::string_view method, std::string_view target);

int status_of(ErrorKind kind);             ///< 400, 404, 409, 500 or 503
Json error_json(const Error& error);       ///< {"error": {"kind", "message"}}
std::string_view name_of(ErrorKind kind);  ///< "invalid-input", ...

}  // namespace pegbox::server
