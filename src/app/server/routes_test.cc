// The routes, and docs/openapi.json, which describes the same ones.
#include "app/server/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace pegbox::server {
namespace {

TEST(Routes, FindsWhatIsThere) {
  const Found found = find_route("POST", "/api/studies/my%2Dstudy/trials/12/report");
  ASSERT_NE(found.route, nullptr);
  EXPECT_EQ(found.call.study(), "my-study");
  EXPECT_EQ(*found.call.trial(), 12);
  EXPECT_EQ(found.route->role, Role::Work);
  EXPECT_EQ(find_route("GET", "/api/studies/s/events?from=7").call.from, 7u);
}

TEST(Routes, RefusesWhatIsNot) {
  EXPECT_EQ(find_route("GET", "/").status, 404);
  EXPECT_EQ(find_route("GET", "/api/studies/").status, 404);
  EXPECT_EQ(find_route("GET", "/api/studies//best").status, 404);
  EXPECT_EQ(find_route("GET", "/api/studies/%").status, 404);
  EXPECT_EQ(find_route("GET", "/api/studies/%00").status, 404);
  EXPECT_EQ(find_route("GET", "/api/../etc/passwd").status, 404);
  EXPECT_EQ(find_route("GET", "http://example.org/api").status, 404);
  EXPECT_EQ(find_route("GET", "/api/studies?all=1").status, 400);
  EXPECT_EQ(find_route("GET", "/api/studies/s/events?from=x").status, 400);
  const Found wrong = find_route("DELETE", "/api/studies");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.allowed, "GET, POST");
  EXPECT_FALSE(find_route("GET", "/api/studies/s/trials/-1").call.trial());
  EXPECT_FALSE(find_route("GET", "/api/studies/s/trials/1x").call.trial());
}

TEST(Routes, AreThoseOfTheOpenApiFile) {
  const auto text = read_file("docs/openapi.json");
  ASSERT_TRUE(text) << text.error().message;
  const auto json = parse_json(*text, "docs/openapi.json");
  ASSERT_TRUE(json) << json.error().message;
  std::set<std::string> described, served;
  for (const auto& [path, methods] : (*json)["paths"].items())
    for (const auto& [method, operation] : methods.items())
      if (method != "parameters")
        described.insert(method + " " + path + " " + operation.value("x-role", "") + ": " +
                         operation.value("summary", ""));
  for (const Route& route : routes()) {
    const std::string method = route.method == "GET" ? "get" : "post";
    served.insert(method + " " + std::string(route.pattern) + " " + std::string(name_of(route.role)) + ": " +
                  std::string(route.summary));
    EXPECT_EQ((route.read != nullptr) + (route.decide != nullptr) + route.streams, 1) << route.pattern;
  }
  EXPECT_EQ(described, served);
}

}  // namespace
}  // namespace pegbox::server
