// Who may do what: tokens, Host, Origin.
#include "app/server/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace pegbox::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AccessTest : public testing::Test {
 protected:
  AccessTest() : folder_(*TemporaryFolder::create("pegbox-access")) {}
  Path file() const { return folder_.path() / "tokens.txt"; }

  int status(const AccessRules& rules, const Credentials& credentials, Role needed = Role::Read) const {
    const auto refusal = check_access(rules, credentials, needed);
    return refusal ? refusal->status : 200;
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(AccessTest, ATokenGivesItsRoleAndThoseBelow) {
  const std::string worker = *TokenTable::make(file(), Role::Work, "box1");
  const std::string administrator = *TokenTable::make(file(), Role::Administer, "me");
  const AccessRules rules{.tokens = *TokenTable::load(file())};
  const auto with = [](const std::string& token) {
    return Credentials{.host = "localhost:8765", .origin = {}, .authorization = "Bearer " + token};
  };
  EXPECT_EQ(status(rules, with(worker), Role::Read), 200);
  EXPECT_EQ(status(rules, with(worker), Role::Work), 200);
  EXPECT_EQ(status(rules, with(worker), Role::Administer), 403);
  EXPECT_EQ(status(rules, with(administrator), Role::Administer), 200);
  EXPECT_EQ(status(rules, with(worker.substr(0, worker.size() - 1))), 401);
  EXPECT_EQ(status(rules, with(worker + "0")), 401);
  EXPECT_EQ(status(rules, with("")), 401);
  EXPECT_EQ(status(rules, {.host = "localhost", .origin = {}, .authorization = {}}), 401);
  EXPECT_EQ(status(rules, {.host = "localhost", .origin = {}, .authorization = "Basic " + worker}), 401);
}

TEST_F(AccessTest, TheFileHoldsNoTokenAndIsItsOwnersAlone) {
  const std::string token = *TokenTable::make(file(), Role::Read, "me");
  EXPECT_EQ(token.size(), 7u + 64u);
  EXPECT_THAT(*read_file(file()), Not(HasSubstr(token.substr(7))));
  struct stat status{};
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(::chmod(file().c_str(), 0622), 0);
  EXPECT_THAT(TokenTable::load(file()).error().message, HasSubstr("chmod 600"));
}

TEST_F(AccessTest, ALineThatIsNoneIsNamed) {
  ASSERT_TRUE(replace_file(file(), "# remark\n\nwork 1234 box\n"));
  EXPECT_THAT(TokenTable::load(file()).error().message, HasSubstr("tokens.txt:3"));
  ASSERT_TRUE(replace_file(file(), "root " + std::string(64, 'a') + " box\n"));
  EXPECT_FALSE(TokenTable::load(file()));
}

TEST_F(AccessTest, ATokenIsAdmittedThatStandsInNoFile) {
  const std::string token = *new_token();
  EXPECT_NE(token, *new_token());
  TokenTable table;
  table.admit(token, Role::Work);
  EXPECT_EQ(table.role_of(token), Role::Work);
  EXPECT_EQ(table.role_of(*new_token()), std::nullopt);
}

TEST_F(AccessTest, NoForeignPageCanUseTheServer) {
  const AccessRules rules{.tokens = {}, .host_names = {"box.example.org"}};
  EXPECT_EQ(status(rules, {.host = "127.0.0.1:8765", .origin = {}, .authorization = {}}), 200);
  EXPECT_EQ(status(rules, {.host = "[::1]:8765", .origin = {}, .authorization = {}}), 200);
  EXPECT_EQ(status(rules, {.host = "Box.example.org:8765", .origin = {}, .authorization = {}}), 200);
  EXPECT_EQ(status(rules, {.host = "evil.example.org:8765", .origin = {}, .authorization = {}}), 421);
  EXPECT_EQ(status(rules, {.host = "localhost.example.org", .origin = {}, .authorization = {}}), 421);
  EXPECT_EQ(status(rules, {.host = "", .origin = {}, .authorization = {}}), 421);
  const auto from = [&](const std::string& origin) {
    return status(rules, {.host = "localhost:8765", .origin = origin, .authorization = {}});
  };
  EXPECT_EQ(from("http://localhost:8765"), 200);
  EXPECT_EQ(from("http://localhost:9999"), 403);
  EXPECT_EQ(from("https://localhost:8765"), 403);
  EXPECT_EQ(from("https://evil.example.org"), 403);
  EXPECT_EQ(from("null"), 403);
}

TEST(Loopback, IsThisMachineAlone) {
  for (const char* address : {"127.0.0.1", "127.8.9.1", "::1", "localhost"}) EXPECT_TRUE(is_loopback(address));
  for (const char* address : {"0.0.0.0", "10.0.0.1", "::", "127.evil.org", "", "example.org"})
    EXPECT_FALSE(is_loopback(address)) << address;
}

}  // namespace
}  // namespace pegbox::server
