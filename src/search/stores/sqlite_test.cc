// Tests of what is particular to the SQLite store: syncs, versions, full disks, readers, backups.
#include "search/stores/sqlite.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>

#include "search/stores/faulty_disk_for_test.h"
#include "search/stores/sqlite_schema.h"
#include "search/stores/study_lock.h"
#include "search/stores/testing.h"

namespace pegbox {
namespace {

class SqliteTest : public testing::Test {
 protected:
  TemporaryFolder folder_ = TemporaryFolder::create("pegbox-sqlite").value();
  const Path file = folder_.path() / "pegbox.db";

  std::unique_ptr<Store> open(OpenMode mode = OpenMode::ReadWrite, double busy_timeout_s = 10) {
    auto store = SqliteStore::open(file, mode, busy_timeout_s);
    EXPECT_TRUE(store) << store.error().message;
    return store ? *std::move(store) : nullptr;
  }
  std::unique_ptr<Store> open_with_study(int events) {
    auto store = open();
    EXPECT_TRUE(store->create("s"));
    if (events > 0) {
      EXPECT_TRUE(write(*store, "s", report_events(0, events)));
    }
    return store;
  }
  SqliteConnection connect() { return SqliteConnection::open(file, SQLITE_OPEN_READWRITE).value(); }
};

TEST_F(SqliteTest, SyncsOnceForEachCommit) {
  FaultyDisk disk;
  disk.skip_syncs();
  const auto store = open_with_study(10);
  disk.reset();
  for (std::uint64_t i = 0; i < 200; ++i) ASSERT_TRUE(write(*store, "s", report_events(10 + 3 * i, 3)));
  EXPECT_EQ(disk.syncs(), 200);
}

// A sync is dearer while the file grows.
TEST_F(SqliteTest, GrowsItsLogOnlyOnceWhenItCommitsOften) {
  FaultyDisk disk;
  disk.skip_syncs();
  const auto store = open_with_study(0);
  std::set<std::uintmax_t> sizes;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    ASSERT_TRUE(write(*store, "s", report_events(i, 1)));
    if (i >= 20) sizes.insert(std::filesystem::file_size(file.string() + "-wal"));
  }
  EXPECT_EQ(sizes.size(), 1u);
  EXPECT_EQ(texts_of(open(OpenMode::ReadOnly)->read("s", 0).value()), texts_of(report_events(0, 3000)));
}

TEST_F(SqliteTest, ChecksItsLogInRarely) {
  FaultyDisk disk;
  disk.skip_syncs();
  const auto store = open_with_study(0);
  disk.reset();
  constexpr int kCommits = 5000;
  for (std::uint64_t i = 0; i < kCommits; ++i) ASSERT_TRUE(write(*store, "s", report_events(i, 1)));
  EXPECT_LT(disk.syncs(), kCommits * 1.01);
}

TEST_F(SqliteTest, GroupsTheCommitsOfThreads) {
  FaultyDisk disk;
  const auto store = open();
  constexpr int kThreads = 8, kRounds = 50;
  for (int i = 0; i < kThreads; ++i) ASSERT_TRUE(store->create(std::to_string(i)));
  disk.reset();
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&, name = std::to_string(i)] {
      for (std::uint64_t round = 0; round < kRounds; ++round)
        if (!write(*store, name, report_events(round, 1))) ++failures;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_LT(disk.syncs(), kThreads * kRounds);
  for (int i = 0; i < kThreads; ++i) EXPECT_EQ(store->read(std::to_string(i), 0).value().size(), std::size_t{kRounds});
}

TEST_F(SqliteTest, OpensWithinMilliseconds) {
  {
    const auto store = open_with_study(1000);
  }
  double best_s = 1;
  for (int i = 0; i < 20; ++i) {
    const auto before = std::chrono::steady_clock::now();
    const auto store = open();
    best_s = std::min(best_s, std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count());
  }
  EXPECT_LT(best_s, 0.005);
}

TEST_F(SqliteTest, StaysUsableWhenAFullDiskHasRoomAgain) {
  FaultyDisk disk;
  const auto store = open_with_study(5);
  disk.fail_writes(SQLITE_FULL);
  const auto ticket = store->append("s", 5, report_events(5, 3));
  ASSERT_TRUE(ticket);
  const auto full = store->wait(*ticket);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().kind, ErrorKind::Io);
  EXPECT_NE(full.error().message.find("the disk is full"), std::string::npos) << full.error().message;
  EXPECT_EQ(store->read("s", 0).value().size(), 5u);
  EXPECT_FALSE(store->create("t"));
  disk.fail_writes(SQLITE_OK);
  EXPECT_TRUE(store->wait(*ticket));
  EXPECT_EQ(texts_of(store->read("s", 0).value()), texts_of(report_events(0, 8)));
  ASSERT_TRUE(write(*store, "s", report_events(8, 1)));
}

TEST_F(SqliteTest, DoesNotAcknowledgeWhatTheDiskDidNotSync) {
  FaultyDisk disk;
  const auto store = open_with_study(5);
  const auto ticket = store->append("s", 5, report_events(5, 3)).value();
  disk.fail_syncs(SQLITE_IOERR_FSYNC);
  EXPECT_EQ(store->wait(ticket).error().kind, ErrorKind::Io);
  EXPECT_EQ(store->wait(ticket).error().kind, ErrorKind::Io);
  disk.fail_syncs(SQLITE_OK);
  ASSERT_TRUE(store->wait(ticket));
  EXPECT_EQ(texts_of(open(OpenMode::ReadOnly)->read("s", 0).value()), texts_of(report_events(0, 8)));
}

TEST_F(SqliteTest, SaysWhenADatabaseHasReachedItsLargestSize) {
  const auto store = open_with_study(5);
  EXPECT_TRUE(store->wait(store->append("s", 5, report_events(5, 1)).value()));
  {
    const auto closed = open();
  }
  auto other = connect();
  ASSERT_TRUE(other.execute("PRAGMA max_page_count = 20"));
  const auto full = other.execute("CREATE TABLE filler(x); INSERT INTO filler VALUES(zeroblob(1000000))");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().kind, ErrorKind::Io);
}

TEST_F(SqliteTest, RefusesAStoreOfANewerVersion) {
  {
    const auto store = open_with_study(1);
  }
  ASSERT_TRUE(connect().execute("PRAGMA user_version = 77"));
  for (const OpenMode mode : {OpenMode::ReadWrite, OpenMode::ReadOnly}) {
    const auto store = SqliteStore::open(file, mode);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().kind, ErrorKind::Unsupported);
    EXPECT_NE(store.error().message.find("77"), std::string::npos);
    EXPECT_NE(store.error().message.find(std::to_string(store_migrations().size())), std::string::npos);
  }
}

TEST_F(SqliteTest, BringsAnOlderStoreUpToDate) {
  {
    const auto store = open_with_study(4);
  }
  std::vector<Migration> migrations(store_migrations().begin(), store_migrations().end());
  migrations.push_back("CREATE TABLE curves(key INTEGER PRIMARY KEY, bytes BLOB) STRICT");
  auto connection = connect();
  EXPECT_EQ(prepare_schema(connection, file, OpenMode::ReadOnly, migrations).error().kind, ErrorKind::Unsupported);
  ASSERT_TRUE(prepare_schema(connection, file, OpenMode::ReadWrite, migrations));
  EXPECT_EQ(connection.integer("PRAGMA user_version").value(), std::ssize(migrations));
  EXPECT_EQ(connection.integer("SELECT count(*) FROM curves").value(), 0);
  EXPECT_EQ(connection.integer("SELECT count(*) FROM events").value(), 4);
  EXPECT_TRUE(prepare_schema(connection, file, OpenMode::ReadOnly, migrations));
}

TEST_F(SqliteTest, LeavesAStoreAsItWasWhenItsUpdateFails) {
  {
    const auto store = open_with_study(4);
  }
  std::vector<Migration> migrations(store_migrations().begin(), store_migrations().end());
  migrations.push_back("DELETE FROM events; CREATE TABLE events(x)");
  {
    auto connection = connect();
    EXPECT_FALSE(prepare_schema(connection, file, OpenMode::ReadWrite, migrations));
  }
  EXPECT_EQ(open()->read("s", 0).value().size(), 4u);
}

TEST_F(SqliteTest, RefusesFilesThatAreNoStore) {
  ASSERT_TRUE(replace_file(file, std::string(5000, 'x')));
  EXPECT_EQ(SqliteStore::open(file, OpenMode::ReadWrite).error().kind, ErrorKind::Corrupt);
  ASSERT_TRUE(remove_tree(file));
  {
    auto other = SqliteConnection::open(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE).value();
    ASSERT_TRUE(other.execute("CREATE TABLE recipes(name)"));
  }
  const auto store = SqliteStore::open(file, OpenMode::ReadWrite);
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("another program"), std::string::npos) << store.error().message;
}

TEST_F(SqliteTest, IsReadWhileItIsWritten) {
  const auto store = open_with_study(0);
  std::atomic<bool> over = false;
  std::atomic<int> reads = 0;
  std::string fault;
  std::thread reading([&] {
    std::size_t seen = 0;
    while (!over && fault.empty()) {
      const auto reader = SqliteStore::open(file, OpenMode::ReadOnly);
      const auto events = reader ? (*reader)->read("s", 0) : tl::make_unexpected(reader.error());
      if (!events) fault = events.error().message;
      if (events && events->size() < seen) fault = "events went away";
      if (events && events->size() % 3 != 0) fault = "a part of a batch";
      if (events) seen = events->size();
      ++reads;
    }
  });
  for (std::uint64_t i = 0; i < 600 || reads < 5; ++i) ASSERT_TRUE(write(*store, "s", report_events(3 * i, 3)));
  over = true;
  reading.join();
  EXPECT_EQ(fault, "");
}

TEST_F(SqliteTest, WritesNothingWhenOpenedOnlyForReading) {
  {
    const auto store = open_with_study(2);
  }
  const auto store = open(OpenMode::ReadOnly);
  EXPECT_EQ(store->read("s", 1).value().size(), 1u);
  EXPECT_EQ(store->list().value().at(0).event_count, 2u);
  EXPECT_EQ(store->create("t").error().kind, ErrorKind::Unsupported);
  EXPECT_EQ(store->append("s", 2, report_events(2, 1)).error().kind, ErrorKind::Unsupported);
  EXPECT_EQ(store->post("s", {}).error().kind, ErrorKind::Unsupported);
  EXPECT_EQ(store->remove("s").error().kind, ErrorKind::Unsupported);
}

TEST_F(SqliteTest, WaitsForABusyStoreOnlySoLong) {
  const auto store = open_with_study(1);
  const auto impatient = open(OpenMode::ReadWrite, 0.05);
  auto other = connect();
  ASSERT_TRUE(other.execute("BEGIN IMMEDIATE"));
  const auto ticket = impatient->append("s", 1, report_events(1, 1)).value();
  const auto busy = impatient->wait(ticket);
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().kind, ErrorKind::Conflict);
  EXPECT_NE(busy.error().message.find("busy"), std::string::npos);
  ASSERT_TRUE(other.execute("ROLLBACK"));
  EXPECT_TRUE(impatient->wait(ticket));
  EXPECT_EQ(store->read("s", 0).value().size(), 2u);
}

TEST_F(SqliteTest, BacksUpWhileItIsWritten) {
  const auto store = open_with_study(3);
  std::atomic<bool> over = false;
  std::atomic<std::uint64_t> length = 3;
  std::thread writing([&] {
    while (!over) {
      if (!write(*store, "s", report_events(length, 3))) return;
      length += 3;
    }
  });
  for (int i = 0; i < 5; ++i) {
    const Path target = folder_.path() / "backup.db";
    const auto before = length.load();
    const auto done = store->backup(target);
    ASSERT_TRUE(done) << done.error().message;
    const auto copy = SqliteStore::open(target, OpenMode::ReadOnly);
    ASSERT_TRUE(copy) << copy.error().message;
    const auto events = (*copy)->read("s", 0).value();
    EXPECT_GE(events.size(), before);
    EXPECT_EQ(texts_of(events), texts_of(report_events(0, static_cast<int>(events.size()))));
    EXPECT_FALSE(std::filesystem::exists(target.string() + ".partial"));
  }
  over = true;
  writing.join();
  EXPECT_EQ(store->backup(file).error().kind, ErrorKind::InvalidInput);
  EXPECT_FALSE(store->backup(folder_.path() / "none" / "backup.db"));
}

TEST_F(SqliteTest, BackupsReplaceOnlyOtherStores) {
  const auto store = open_with_study(3);
  const auto at = [&](const std::string& name) { return folder_.path() / name; };
  const auto put = [&](const std::string& name, const std::string& text) { ASSERT_TRUE(replace_file(at(name), text)); };
  put("notes.txt", std::string(5000, 'x'));
  put("other.db", std::string("SQLite format 3\0", 16) + std::string(100, '\0'));
  put("empty.db", "");
  ASSERT_TRUE(make_folder(at("folder")));
  std::filesystem::create_symlink(at("empty.db"), at("link.db"));
  for (const char* name : {"notes.txt", "other.db", "folder", "link.db"}) {
    const auto refused = store->backup(at(name));
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().kind, ErrorKind::InvalidInput) << name;
  }
  EXPECT_EQ(store->backup(file.string() + "-journal").error().kind, ErrorKind::InvalidInput);
  EXPECT_EQ(*read_file(at("notes.txt")), std::string(5000, 'x'));
  EXPECT_TRUE(std::filesystem::is_symlink(at("link.db")));
  EXPECT_TRUE(store->backup(at("empty.db")));
}

TEST_F(SqliteTest, BackupsAreNotMixedWithTheLogOfAnOlderStore) {
  const auto store = open_with_study(3);
  const Path target = folder_.path() / "backup.db";
  {
    const auto old = SqliteStore::open(target, OpenMode::ReadWrite).value();
    ASSERT_TRUE(old->create("old"));
    ASSERT_TRUE(write(*old, "old", report_events(0, 5)));
    for (const char* end : {"-wal", "-shm"})
      std::filesystem::copy_file(target.string() + end, target.string() + end + ".kept");
    const auto lease = old->lease("old");
    EXPECT_EQ(store->backup(target).error().kind, ErrorKind::Conflict) << "a process runs a study in it";
  }
  for (const char* end : {"-wal", "-shm"})  // as after a power cut
    std::filesystem::rename(target.string() + end + ".kept", target.string() + end);
  const auto done = store->backup(target);
  ASSERT_TRUE(done) << done.error().message;
  const auto copy = SqliteStore::open(target, OpenMode::ReadOnly).value();
  const auto entries = copy->list().value();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].name, "s");
  EXPECT_EQ(copy->read("s", 0).value().size(), 3u);
}

TEST_F(SqliteTest, LookingWhetherAStudyRunsDisturbsNobody) {
  const auto store = open_with_study(1);
  EXPECT_FALSE(store->is_leased("s").value());
  EXPECT_FALSE(std::filesystem::exists(lock_file_of(file, "s"))) << "looking makes no file";
  {
    const auto lease = store->lease("s");
    ASSERT_TRUE(lease);
    EXPECT_TRUE(store->is_leased("s").value());
  }
  EXPECT_FALSE(store->is_leased("s").value());
  EXPECT_TRUE(store->lease("s"));
}

TEST_F(SqliteTest, GivesSpaceBackWhenCompacted) {
  const auto store = open_with_study(20000);
  ASSERT_TRUE(store->create("t"));
  ASSERT_TRUE(write(*store, "t", report_events(0, 10)));
  ASSERT_TRUE(store->compact());
  const auto before = std::filesystem::file_size(file);
  ASSERT_TRUE(store->remove("s"));
  ASSERT_TRUE(store->compact());
  EXPECT_LT(std::filesystem::file_size(file), before / 10);
  EXPECT_EQ(store->read("t", 0).value().size(), 10u);
}

TEST_F(SqliteTest, NamesTheEventThatWasTamperedWith) {
  const auto store = open_with_study(50);
  auto other = connect();
  const auto id = other.integer("SELECT id FROM studies").value();
  const auto tamper = [&](const std::string& sql) { ASSERT_TRUE(other.execute(sql)); };
  const auto message = [&] {
    const auto events = store->read("s", 0);
    return events ? std::string("no error") : events.error().message;
  };
  const auto key = std::to_string(event_key(id, 17));
  tamper("UPDATE events SET payload = replace(payload, '\"step\":17', '\"step\":18') WHERE key = " + key);
  EXPECT_NE(message().find("event 17"), std::string::npos) << message();
  tamper("DELETE FROM events WHERE key = " + key);
  EXPECT_NE(message().find("event 17 of study 's' is missing"), std::string::npos) << message();
  EXPECT_EQ(store->read("s", 0).error().kind, ErrorKind::Corrupt);
  EXPECT_EQ(store->read("s", 18).value().size(), 32u);
  tamper("UPDATE studies SET name = 'z'");
  EXPECT_EQ(store->read("z", 0).error().kind, ErrorKind::Corrupt);
  EXPECT_EQ(store->list().value().front().name, "z");  // so that a person sees what there is
}

TEST_F(SqliteTest, ListsAndReadsTheOthersWhenTheEntryOfOneStudyIsDamaged) {
  const auto store = open_with_study(3);
  ASSERT_TRUE(store->create("t"));
  ASSERT_TRUE(write(*store, "t", report_events(0, 2)));
  ASSERT_TRUE(connect().execute("UPDATE studies SET created_unix_s = 1 WHERE name = 's'"));
  const auto entries = store->list();
  ASSERT_TRUE(entries) << entries.error().message;
  EXPECT_EQ(entries->size(), 2u);
  const auto damaged = store->read("s", 0);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().kind, ErrorKind::Corrupt);
  EXPECT_EQ(texts_of(store->read("t", 0).value()), texts_of(report_events(0, 2)));
}

TEST_F(SqliteTest, KeepsLockFilesApart) {
  const auto name = [&](const std::string& study) { return lock_file_of("x.db", study).string(); };
  EXPECT_EQ(name("code-lora_1.2"), "x.db.code-lora_1.2.lock");
  EXPECT_EQ(name("../a b"), "x.db...%2Fa%20b.lock");
  EXPECT_NE(name(std::string(500, 'a') + "1"), name(std::string(500, 'a') + "2"));
  EXPECT_LT(name(std::string(500, 'a')).size(), 200u);
}

}  // namespace
}  // namespace pegbox
