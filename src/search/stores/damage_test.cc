// Damages stores in every way that a disk can, and asks for the one thing that matters: an error or a whole prefix of
// each log, never other data, never a crash.
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "search/stores/faulty_disk_for_test.h"
#include "search/stores/sqlite.h"
#include "search/stores/testing.h"

namespace pegbox {
namespace {

using Truth = std::map<std::string, std::vector<std::string>>;

enum class Damage { FlipBit, ZeroRange, RandomRange, Truncate, RepeatBlock };

std::string damaged(std::string bytes, Damage damage, Rng& rng) {
  if (bytes.empty()) return bytes;
  const auto at = rng.below(bytes.size());
  const auto length = std::min<std::uint64_t>(1 + rng.below(rng.below(2) == 0 ? 16 : 5000), bytes.size() - at);
  switch (damage) {
    case Damage::FlipBit:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << rng.below(8)));
      break;
    case Damage::ZeroRange:
      bytes.replace(at, length, length, '\0');
      break;
    case Damage::RandomRange:
      for (auto i = at; i < at + length; ++i) bytes[i] = static_cast<char>(rng.below(256));
      break;
    case Damage::Truncate:
      bytes.resize(at);
      break;
    case Damage::RepeatBlock: {  // a write that went to another place
      constexpr std::size_t kBlock_bytes = 4096;
      const auto blocks = bytes.size() / kBlock_bytes;
      if (blocks < 2) break;
      bytes.replace(rng.below(blocks) * kBlock_bytes, kBlock_bytes,
                    bytes.substr(rng.below(blocks) * kBlock_bytes, kBlock_bytes));
    }
  }
  return bytes;
}

class DamageTest : public testing::Test {
 protected:
  void SetUp() override { disk.skip_syncs(); }

  FaultyDisk disk;
  TemporaryFolder folder_ = TemporaryFolder::create("pegbox-damage").value();
  const Path original = folder_.path() / "original.db", copy = folder_.path() / "copy.db";
  Truth truth;
  std::string main_bytes, log_bytes;
  int errors = 0, losses = 0;

  /// Two studies, written in turns. What has come to the main file and what is in the log only depends on `checkpoint`.
  void make_store(bool checkpoint) {
    Rng rng({.seed = 11});
    auto store = SqliteStore::open(original, OpenMode::ReadWrite).value();
    std::map<std::string, std::vector<Event>> logs{{"one", {}}, {"two", {}}};
    for (auto& [name, log] : logs) ASSERT_TRUE(store->create(name));
    for (int round = 0; round < 60; ++round) {
      for (auto& [name, log] : logs) {
        const auto events = random_events(log.size(), 4, rng);
        ASSERT_TRUE(write(*store, name, events));
        log.insert(log.end(), events.begin(), events.end());
      }
      if (checkpoint && round == 40) {
        ASSERT_TRUE(store->compact());
      }
    }
    for (const auto& [name, log] : logs) truth[name] = texts_of(log);
    main_bytes = read_file(original).value();
    log_bytes = read_file(original.string() + "-wal").value();
    log_bytes.resize(log_bytes.find_last_not_of('\0') + 1);  // not the part that was reserved
    ASSERT_GT(log_bytes.size(), 100000u);
    if (checkpoint) {
      ASSERT_GT(main_bytes.size(), 100000u);
    }
  }

  void put(const std::string& main, const std::string& log) {
    for (const char* ending : {"", "-wal", "-shm"}) std::filesystem::remove(copy.string() + ending);
    std::ofstream(copy, std::ios::binary) << main;
    std::ofstream(copy.string() + "-wal", std::ios::binary) << log;
  }

  void check(OpenMode mode) {
    const auto store = SqliteStore::open(copy, mode);
    if (!store) {
      ++errors;
      return;
    }
    const auto entries = (*store)->list();
    if (entries) {
      for (const StudyEntry& entry : *entries) EXPECT_TRUE(truth.contains(entry.name)) << entry.name;
    }
    for (const auto& [name, expected] : truth) {
      const auto events = (*store)->read(name, 0);
      if (!events) {
        ++errors;
        continue;
      }
      const auto texts = texts_of(*events);
      ASSERT_LE(texts.size(), expected.size());
      if (texts.size() < expected.size()) ++losses;
      EXPECT_TRUE(std::equal(texts.begin(), texts.end(), expected.begin())) << name;
    }
  }

  void damage_many(bool checkpoint, bool in_log) {
    make_store(checkpoint);
    if (HasFatalFailure()) return;
    Rng rng({.seed = 3});
    for (int round = 0; round < 250; ++round) {
      const auto damage = static_cast<Damage>(round % 5);
      std::string main = main_bytes, log = log_bytes;
      for (auto hits = 1 + rng.below(2); hits > 0; --hits) {
        std::string& bytes = in_log ? log : main;
        bytes = damaged(std::move(bytes), damage, rng);
      }
      put(main, log);
      check(round % 3 == 0 ? OpenMode::ReadOnly : OpenMode::ReadWrite);
      if (HasFailure()) FAIL() << "round " << round;
    }
  }
};

TEST_F(DamageTest, IsNotFoundWhereThereIsNone) {
  make_store(true);
  put(main_bytes, log_bytes);
  check(OpenMode::ReadWrite);
  EXPECT_EQ(errors, 0);
  EXPECT_EQ(losses, 0);
}

TEST_F(DamageTest, OfTheMainFileIsFoundOrHarmless) {
  damage_many(true, false);
  EXPECT_GT(errors, 50);
}

TEST_F(DamageTest, OfTheLogCutsItOrIsFound) {
  damage_many(true, true);
  EXPECT_GT(losses, 50);
}

TEST_F(DamageTest, OfALogThatHoldsEverythingCutsItOrIsFound) {
  damage_many(false, true);
  EXPECT_GT(losses + errors, 50);
}

// A page that comes back in an older state, as after a lost write.
TEST_F(DamageTest, ByStalePagesIsFoundOrHarmless) {
  make_store(true);
  const std::string later = main_bytes;
  {
    auto store = SqliteStore::open(original, OpenMode::ReadWrite).value();
    ASSERT_TRUE(store->compact());
  }
  const std::string newest = read_file(original).value();
  constexpr std::size_t kPage_bytes = 4096;
  for (std::size_t page = 0; page * kPage_bytes < std::min(later.size(), newest.size()); ++page) {
    std::string mixed = newest;
    mixed.replace(page * kPage_bytes, kPage_bytes, later.substr(page * kPage_bytes, kPage_bytes));
    put(mixed, "");
    check(OpenMode::ReadWrite);
    if (HasFailure()) FAIL() << "page " << page;
  }
}

}  // namespace
}  // namespace pegbox
