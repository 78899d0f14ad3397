// Tests of PostgresStore against a real server: its tables, damage, sessions, and what is lost on the way.
#include "search/stores/postgres.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "search/stores/cutting_proxy_for_test.h"
#include "search/stores/postgres_schema.h"
#include "search/stores/private_cluster_for_test.h"
#include "search/stores/processes_for_test.h"
#include "search/stores/testing.h"

namespace pegbox {
namespace {

class PostgresTest : public testing::Test {
 protected:
  void SetUp() override {
    cluster = PrivateCluster::of_this_process();
    if (cluster == nullptr) GTEST_SKIP() << PrivateCluster::kNone;
    url = cluster->new_database();
  }
  std::unique_ptr<Store> open(double patience_s = 20) const { return open_at(url, patience_s); }
  static std::unique_ptr<Store> open_at(const std::string& at, double patience_s = 20) {
    auto store = PostgresStore::open(at, OpenMode::ReadWrite, patience_s);
    EXPECT_TRUE(store) << store.error().message;
    return store ? *std::move(store) : nullptr;
  }
  std::unique_ptr<Store> open_with_study(int events, double patience_s = 20) const {
    auto store = open(patience_s);
    EXPECT_TRUE(store->create("s"));
    EXPECT_TRUE(events == 0 || write(*store, "s", report_events(0, events)));
    return store;
  }
  /// The same database, reached through `proxy`.
  std::string through(const CuttingProxy& proxy) const {
    return url.substr(0, url.find("?host=")) + "?host=" + proxy.folder().string();
  }
  std::unique_ptr<PostgresConnection> connect() const {
    const auto library = PostgresLibrary::load().value();
    return PostgresConnection::open(library, PostgresAddress::parse(*library, url).value()).value();
  }
  static void expect_log(Store& store, int length) {
    EXPECT_EQ(texts_of(store.read("s", 0).value()), texts_of(report_events(0, length)));
  }

  PrivateCluster* cluster = nullptr;
  std::string url;
};

TEST_F(PostgresTest, MakesItsTablesWhenItIsFirstWritten) {
  const auto none = PostgresStore::open(url, OpenMode::ReadOnly);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::NotFound);
  EXPECT_NE(none.error().message.find("pegbox init"), std::string::npos) << none.error().message;
  open_with_study(3);
  const auto reader = PostgresStore::open(url, OpenMode::ReadOnly).value();
  EXPECT_EQ(reader->read("s", 0, kAllEvents).value().size(), 3u);
  EXPECT_EQ(reader->create("t").error().kind, ErrorKind::Unsupported);
  EXPECT_EQ(reader->append("s", 3, report_events(3, 1)).error().kind, ErrorKind::Unsupported);
  EXPECT_EQ(reader->lease("s").error().kind, ErrorKind::Unsupported);
}

TEST_F(PostgresTest, BringsAnOlderStoreUpToDate) {
  open_with_study(4);
  std::vector<PostgresMigration> migrations(postgres_migrations().begin(), postgres_migrations().end());
  migrations.push_back("CREATE TABLE pegbox.curves(bytes bytea)");
  const auto connection = connect();
  EXPECT_EQ(prepare_postgres_schema(*connection, "", OpenMode::ReadOnly, migrations).error().kind,
            ErrorKind::Unsupported);
  ASSERT_TRUE(prepare_postgres_schema(*connection, "", OpenMode::ReadWrite, migrations));
  EXPECT_TRUE(connection->execute("SELECT bytes FROM pegbox.curves"));
  const auto older = PostgresStore::open(url, OpenMode::ReadWrite);
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().kind, ErrorKind::Unsupported);
  EXPECT_NE(older.error().message.find("newer pegbox"), std::string::npos) << older.error().message;
}

TEST_F(PostgresTest, LeavesAStoreAsItWasWhenItsUpdateFails) {
  open_with_study(4);
  std::vector<PostgresMigration> migrations(postgres_migrations().begin(), postgres_migrations().end());
  migrations.push_back("DELETE FROM pegbox.events; CREATE TABLE pegbox.events(x integer)");
  EXPECT_FALSE(prepare_postgres_schema(*connect(), "", OpenMode::ReadWrite, migrations));
  expect_log(*open(), 4);
}

TEST_F(PostgresTest, MayBeMadeByManyAtOnce) {
  std::vector<pid_t> children;
  for (int i = 0; i < 6; ++i)
    children.push_back(in_child([&] {
      const auto store = PostgresStore::open(url, OpenMode::ReadWrite);
      const auto made = store ? (*store)->create("s" + std::to_string(i)) : tl::make_unexpected(store.error());
      if (!made) std::fprintf(stderr, "%s\n", made.error().message.c_str());
      return made ? 0 : 1;
    }));
  for (const pid_t child : children) EXPECT_EQ(exit_code_of(child), 0);
  EXPECT_EQ(open()->list().value().size(), 6u);
}

TEST_F(PostgresTest, NamesWhatIsDamaged) {
  const auto store = open_with_study(9);
  ASSERT_TRUE(store->create("other"));
  ASSERT_TRUE(write(*store, "other", report_events(0, 2)));
  const auto said_after = [&](const std::string& damage) {
    cluster->sql(url, damage);
    const auto read = store->read("s", 0);
    EXPECT_FALSE(read) << damage;
    EXPECT_EQ(read.error().kind, ErrorKind::Corrupt);
    return read.error().message;
  };
  EXPECT_NE(said_after("DELETE FROM pegbox.events WHERE study = 1 AND index = 8").find("event 8"), std::string::npos);
  EXPECT_NE(said_after("DELETE FROM pegbox.events WHERE study = 1 AND index = 5").find("event 5"), std::string::npos);
  EXPECT_NE(said_after("UPDATE pegbox.events SET author = 'me' WHERE study = 1 AND index = 3").find("event 3"),
            std::string::npos);
  EXPECT_NE(said_after("UPDATE pegbox.events SET study_time_s = study_time_s + 1 WHERE study = 1 AND index = 0")
                .find("event 0"),
            std::string::npos);
  EXPECT_EQ(store->read("s", 1, 2).value().size(), 2u);
  EXPECT_EQ(store->read("other", 0).value().size(), 2u);
  EXPECT_NE(said_after("UPDATE pegbox.studies SET created_unix_s = 0 WHERE id = 1").find("entry"), std::string::npos);
  EXPECT_EQ(store->list().value().size(), 2u);
}

TEST_F(PostgresTest, ReadsALongLogInPages) {
  const auto store = open_with_study(12345);
  expect_log(*store, 12345);
  EXPECT_EQ(store->read("s", 4999, 5002).value().size(), 5002u);
  EXPECT_EQ(store->read("s", 4999, 5002).value().back().index, 10000u);
}

TEST_F(PostgresTest, RefusesTextThatNoColumnCanHold) {
  const auto store = open_with_study(1);
  for (const std::string& bad :
       {std::string("\xff"), std::string("a\0b", 3), std::string("\xc3"), std::string("\xed\xa0\x80")}) {
    EXPECT_EQ(store->create(bad).error().kind, ErrorKind::InvalidInput);
    Event event = report_event(1);
    event.author = bad;
    EXPECT_EQ(store->append("s", 1, {&event, 1}).error().kind, ErrorKind::InvalidInput);
  }
  EXPECT_TRUE(write(*store, "s", report_events(1, 1)));
}

TEST_F(PostgresTest, RefusesADatabaseThatCannotHoldEveryText) {
  cluster->sql(url, "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
  const std::string latin = "postgresql://pegbox@/latin?host=" + cluster->folder().string();
  EXPECT_EQ(PostgresStore::open(latin, OpenMode::ReadWrite).error().kind, ErrorKind::Unsupported);
}

TEST_F(PostgresTest, DoesNotDependOnTheSettingsOfItsRole) {
  const std::string database = url.substr(url.find("@/") + 2, url.find('?') - url.find("@/") - 2);
  std::string settings;
  for (const char* setting : {"synchronous_commit = off", "default_transaction_isolation = serializable",
                              "default_transaction_read_only = on", "statement_timeout = 50", "search_path = nowhere"})
    settings += "ALTER ROLE pegbox IN DATABASE " + database + " SET " + setting + ";";
  cluster->sql(url, settings);
  const auto store = open_with_study(20000);
  const auto library = PostgresLibrary::load().value();
  const auto session =
      PostgresSession::open(library, PostgresAddress::parse(*library, url).value(), SessionRight::Write);
  constexpr PostgresStatement kSetting{"setting", "SELECT current_setting('synchronous_commit')"};
  const auto rows =
      (*session)->run([&](PostgresConnection& connection, bool) { return connection.run({kSetting}); }).value();
  EXPECT_EQ(rows.text(0, 0), "on");
  expect_log(*store, 20000);
}

TEST_F(PostgresTest, SaysWhatToDoWhenNobodyAnswers) {
  const auto none = PostgresStore::open("postgresql://me:secret@127.0.0.1:1/db", OpenMode::ReadWrite);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::Io);
  for (const char* part : {"postgresql://me@127.0.0.1:1/db", "no PostgreSQL server answers", "systemctl start"})
    EXPECT_NE(none.error().message.find(part), std::string::npos) << none.error().message;
  EXPECT_EQ(none.error().message.find("secret"), std::string::npos);
  const auto unknown =
      PostgresStore::open("postgresql://pegbox@/nowhere?host=" + cluster->folder().string(), OpenMode::ReadWrite);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::InvalidInput);
  EXPECT_NE(unknown.error().message.find("createdb"), std::string::npos) << unknown.error().message;
}

TEST_F(PostgresTest, PointsToPostgresOwnBackups) {
  const auto refused = open_with_study(1)->backup("copy.dump");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("pg_dump --schema=pegbox"), std::string::npos) << refused.error().message;
}

TEST_F(PostgresTest, NeverInterleavesTwoWriters) {
  open_with_study(0);
  constexpr int kEach = 150;
  const pid_t one = in_child([&] { return write_against_others(*open(), "one", kEach); });
  const pid_t two = in_child([&] { return write_against_others(*open(), "two", kEach); });
  EXPECT_LE(exit_code_of(one), 1);
  EXPECT_LE(exit_code_of(two), 1);
  const auto events = open()->read("s", 0).value();
  EXPECT_EQ(events.size(), 2u * kEach);
  EXPECT_EQ(std::ranges::count(events, "one", &Event::author), kEach);
}

TEST_F(PostgresTest, TellsTheSecondWriterOfAStudy) {
  const auto store = open_with_study(4);
  const auto ticket = store->append("s", 4, report_events(4, 1)).value();
  ASSERT_TRUE(write(*open(), "s", report_events(4, 1)));
  EXPECT_EQ(store->wait(ticket).error().kind, ErrorKind::Conflict);
  expect_log(*store, 5);
}

TEST_F(PostgresTest, NoticesThatAStudyWasMadeAnewBySomebodyElse) {
  const auto store = open_with_study(4);
  const auto other = open();
  ASSERT_TRUE(other->remove("s"));
  EXPECT_EQ(write(*store, "s", report_events(4, 1)).error().kind, ErrorKind::NotFound);
  ASSERT_TRUE(other->create("s"));
  ASSERT_TRUE(write(*store, "s", report_events(0, 2)));
  expect_log(*other, 2);
}

TEST_F(PostgresTest, LosesNothingAcknowledgedWhenAWriterIsKilled) {
  open_with_study(0);
  expect_kills_lose_nothing([&] { return open(); }, 8, 30000);
}

TEST_F(PostgresTest, ReleasesTheLeaseOfAProcessThatDies) {
  open_with_study(1);
  const pid_t child = child_with_lease([&] { return open(); });
  const auto store = open();
  EXPECT_TRUE(store->is_leased("s").value());
  const auto held = store->lease("s");
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().kind, ErrorKind::Conflict);
  EXPECT_NE(held.error().message.find("process " + std::to_string(child) + "@"), std::string::npos)
      << held.error().message;
  ::kill(child, SIGKILL);
  exit_code_of(child);
  for (int i = 0; i < 500 && store->is_leased("s").value(); ++i) ::usleep(10000);
  EXPECT_TRUE(store->lease("s"));
}

TEST_F(PostgresTest, GoesOnWhenTheServerWasKilledAndIsBack) {
  const auto store = open_with_study(0);
  const auto lease = store->lease("s");
  std::atomic<bool> over = false;
  std::atomic<int> length = 0;
  std::string fault;
  std::thread writing([&] {
    while (!over && fault.empty()) {
      const auto written = write(*store, "s", report_events(static_cast<std::uint64_t>(length), 3));
      if (written) length += 3;
      if (!written) fault = written.error().message;
    }
  });
  for (int kill = 0; kill < 5; ++kill) {
    const int before = length;
    for (int i = 0; i < 2000 && length < before + 100; ++i) ::usleep(5000);
    cluster->kill();
    ::usleep(30000);
    cluster->start();
  }
  over = true;
  writing.join();
  EXPECT_EQ(fault, "");
  EXPECT_GE(length, 500);
  expect_log(*store, length);
  EXPECT_TRUE(store->is_leased("s").value());
  EXPECT_EQ(open()->lease("s").error().kind, ErrorKind::Conflict);
}

TEST_F(PostgresTest, GivesUpOnAServerThatStaysAwayAndKeepsWhatItHas) {
  const auto store = open_with_study(3, 0.2);
  const auto ticket = store->append("s", 3, report_events(3, 2)).value();
  cluster->kill();
  const auto lost = store->wait(ticket);
  EXPECT_FALSE(store->read("s", 0));
  cluster->start();
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, ErrorKind::Io);
  EXPECT_NE(lost.error().message.find("systemctl start"), std::string::npos) << lost.error().message;
  EXPECT_TRUE(store->wait(ticket));
  expect_log(*store, 5);
}

TEST_F(PostgresTest, RecognizesACommitWhoseAnswerWasLost) {
  CuttingProxy proxy(cluster->folder());
  open_with_study(2);
  const auto store = open_at(through(proxy));
  ASSERT_TRUE(write(*store, "s", report_events(2, 2)));
  for (int round = 0; round < 3; ++round) {
    const int connections = proxy.connections();
    proxy.swallow_an_answer();
    ASSERT_TRUE(write(*store, "s", report_events(static_cast<std::uint64_t>(4 + 3 * round), 3)));
    EXPECT_EQ(proxy.connections(), connections + 1) << "the answer was not lost";
  }
  expect_log(*store, 13);
  EXPECT_EQ(write(*store, "s", report_events(4, 3)).error().kind, ErrorKind::Conflict) << "no doubt any more";
}

TEST_F(PostgresTest, RecognizesALostCommitAlsoWhenMoreFollows) {
  CuttingProxy proxy(cluster->folder());
  open_with_study(2);
  const auto direct = open(), store = open_at(through(proxy), 0.2);
  ASSERT_TRUE(direct->create("other"));
  ASSERT_TRUE(write(*store, "s", report_events(2, 2)));
  ASSERT_TRUE(write(*store, "other", report_events(0, 1)));
  proxy.swallow_an_answer();
  proxy.refuse(true);
  const auto first = store->append("s", 4, report_events(4, 3)).value();
  const auto others = store->append("other", 1, report_events(1, 2)).value();
  EXPECT_EQ(store->wait(others).error().kind, ErrorKind::Io);
  ASSERT_TRUE(write(*direct, "other", report_events(3, 1))) << "the commit took effect; somebody else goes on";
  const auto second = store->append("s", 7, report_events(7, 1)).value();
  proxy.refuse(false);
  EXPECT_TRUE(store->wait(second));
  EXPECT_TRUE(store->wait(first));
  EXPECT_TRUE(store->wait(others));
  expect_log(*direct, 8);
  EXPECT_EQ(texts_of(direct->read("other", 0).value()), texts_of(report_events(0, 4)));
}

TEST_F(PostgresTest, TakesItsLeaseBackFromAConnectionThatTheServerStillBelievesIn) {
  CuttingProxy proxy(cluster->folder());
  open_with_study(2);
  const auto store = open_at(through(proxy)), other = open();
  const auto lease = store->lease("s");
  ASSERT_TRUE(lease);
  proxy.cut_clients();
  ::usleep(20000);
  EXPECT_EQ(other->lease("s").error().kind, ErrorKind::Conflict) << "the server knows nothing";
  ASSERT_TRUE(write(*store, "s", report_events(2, 1)));
  EXPECT_EQ(other->lease("s").error().kind, ErrorKind::Conflict);
  expect_log(*other, 3);
}

TEST_F(PostgresTest, WritesNothingAfterAnotherProcessTookTheStudyOver) {
  CuttingProxy proxy(cluster->folder());
  open_with_study(2);
  const auto store = open_at(through(proxy)), other = open();
  auto lease = store->lease("s");
  ASSERT_TRUE(write(*store, "s", report_events(2, 1)));
  proxy.refuse(true);
  cluster->sql(url, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'");
  auto theirs = other->lease("s");
  for (int i = 0; i < 500 && !theirs; ++i) ::usleep(10000), theirs = other->lease("s");
  ASSERT_TRUE(theirs) << theirs.error().message;
  proxy.refuse(false);
  const auto refused = write(*store, "s", report_events(3, 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Conflict);
  EXPECT_NE(refused.error().message.find("another process runs the study now"), std::string::npos);
  theirs->reset();
  lease->reset();
  EXPECT_TRUE(store->lease("s")) << "it may begin anew";
  ASSERT_TRUE(write(*store, "s", report_events(3, 1)));
  expect_log(*other, 4);
}

TEST_F(PostgresTest, CountsWhatWasAskedOnceThoughTheAnswerWasLost) {
  CuttingProxy proxy(cluster->folder());
  open_with_study(1);
  const auto store = open_at(through(proxy));
  ASSERT_TRUE(store->take_commands("s").value().empty());
  ASSERT_TRUE(store->post("s", {Command::StopTrial, 3}));
  proxy.swallow_an_answer();
  EXPECT_TRUE(store->post("s", {Command::StopTrial, 7}));
  proxy.swallow_an_answer();
  EXPECT_TRUE(store->create("t"));
  proxy.swallow_an_answer();
  EXPECT_EQ(store->take_commands("s").value().size(), 2u);
  proxy.swallow_an_answer();
  EXPECT_TRUE(store->remove("t"));
  EXPECT_EQ(store->list().value().size(), 1u);
  EXPECT_TRUE(store->take_commands("s").value().empty());
}

TEST_F(PostgresTest, IsReadWhileItIsWritten) {
  const auto store = open_with_study(0);
  std::atomic<bool> over = false;
  std::string fault;
  std::thread reading([&] {
    std::size_t seen = 0;
    while (!over && fault.empty()) {
      const auto events = PostgresStore::open(url, OpenMode::ReadOnly).value()->read("s", 0, kAllEvents);
      if (!events) fault = events.error().message;
      if (events && (events->size() < seen || events->size() % 3 != 0))
        fault = "a part of a batch, or less than before";
      if (events) seen = events->size();
    }
  });
  for (std::uint64_t i = 0; i < 300; ++i) EXPECT_TRUE(write(*store, "s", report_events(3 * i, 3)));
  over = true;
  reading.join();
  EXPECT_EQ(fault, "");
}

}  // namespace
}  // namespace pegbox
