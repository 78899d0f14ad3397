// What every store of the table must do: random operations against a model, reopened every 100 steps, and the cases
// that random operations do not hit.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "search/stores/private_cluster_for_test.h"
#include "search/stores/table.h"
#include "search/stores/testing.h"

namespace pegbox {
namespace {

constexpr char kPostgres[] = "postgresql://";

std::vector<std::string> schemes_that_are_built_in() {
  std::vector<std::string> schemes;
  for (const std::string_view scheme : store_schemes())
    if (scheme != "postgres://") schemes.emplace_back(scheme);  // another name for the same
  return schemes;
}

class StoreTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == kPostgres && !PrivateCluster::of_this_process()) GTEST_SKIP() << PrivateCluster::kNone;
    begin_anew();
  }
  bool is_lasting() const { return GetParam() != "memory:"; }
  void begin_anew() {
    folder_ = TemporaryFolder::create("pegbox-store").value();
    url_ = GetParam() == kPostgres ? PrivateCluster::of_this_process()->new_database()
           : is_lasting()          ? GetParam() + (folder_->path() / "store.db").string()
                                   : GetParam();
    open();
  }
  void open() {
    store.reset();
    auto opened = open_store(url_);
    ASSERT_TRUE(opened) << opened.error().message;
    store = *std::move(opened);
  }

  std::optional<TemporaryFolder> folder_;
  std::string url_;
  std::unique_ptr<Store> store;
};

/// A study as it should be.
struct Model {
  std::vector<Event> events;
  std::size_t durable = 0;
  std::vector<PostedCommand> commands;
};

class RandomOperations {
 public:
  RandomOperations(std::unique_ptr<Store>& store, std::uint64_t seed) : store_(store), rng_({.seed = seed}) {}

  void step() {
    const std::string name = "study " + std::to_string(rng_.below(4));
    switch (rng_.below(16)) {
      case 0:
        return create(name);
      case 1:
        return remove(name);
      case 2:
        return wrong_append(name);
      case 3:
        return read(name);
      case 4:
        return list();
      case 5:
        return post(name);
      case 6:
        return take(name);
      case 7:
        return settle();
      default:
        return append(name);
    }
  }

  void settle() {
    ASSERT_TRUE(store_->wait(last_));
    for (auto& [name, model] : models_) model.durable = model.events.size();
  }

  void check_all() {
    settle();
    list();
    for (int i = 0; i < 4; ++i) read("study " + std::to_string(i));
  }

 private:
  bool exists(const std::string& name) const { return models_.contains(name); }

  void create(const std::string& name) {
    const auto created = store_->create(name);
    ASSERT_EQ(created.has_value(), !exists(name));
    if (created)
      models_[name] = {};
    else
      EXPECT_EQ(created.error().kind, ErrorKind::Conflict);
  }
  void remove(const std::string& name) {
    if (rng_.below(5) != 0) return;
    const auto removed = store_->remove(name);
    ASSERT_EQ(removed.has_value(), exists(name));
    models_.erase(name);
  }
  void append(const std::string& name) {
    const auto length = exists(name) ? models_[name].events.size() : 0;
    const auto events = random_events(length, static_cast<int>(rng_.below(8)), rng_);
    const auto ticket = store_->append(name, length, events);
    ASSERT_EQ(ticket.has_value(), exists(name));
    if (!ticket) {
      EXPECT_EQ(ticket.error().kind, ErrorKind::NotFound);
      return;
    }
    last_ = *ticket;
    auto& model = models_[name];
    model.events.insert(model.events.end(), events.begin(), events.end());
    if (rng_.below(2) == 0) settle();
  }
  void wrong_append(const std::string& name) {
    if (!exists(name)) return;
    const auto length = models_[name].events.size();
    const auto wrong = rng_.below(2) == 0 || length == 0 ? length + 1 + rng_.below(3) : rng_.below(length);
    const auto ticket = store_->append(name, wrong, random_events(wrong, 2, rng_));
    ASSERT_FALSE(ticket);
    EXPECT_EQ(ticket.error().kind, ErrorKind::Conflict);
    if (length == 0) return;
    EXPECT_EQ(store_->append(name, length, random_events(length + 1, 2, rng_)).error().kind, ErrorKind::InvalidInput);
  }
  // What was not waited for may be there or not, but only whole and from its beginning.
  void read(const std::string& name) {
    const Model& model = models_.contains(name) ? models_[name] : Model{};
    const auto from = rng_.below(model.events.size() + 3);
    const auto events = store_->read(name, from);
    ASSERT_EQ(events.has_value(), exists(name));
    if (!events) {
      EXPECT_EQ(events.error().kind, ErrorKind::NotFound);
      return;
    }
    EXPECT_GE(from + events->size(), model.durable);
    if (!events->empty()) {
      ASSERT_LE(from + events->size(), model.events.size());
    }
    for (std::size_t i = 0; i < events->size(); ++i)
      ASSERT_EQ(text_of((*events)[i]), text_of(model.events[from + i])) << name;
    const std::size_t most = rng_.below(events->size() + 2);
    EXPECT_EQ(store_->read(name, from, most)->size(), std::min(most, events->size()));
  }
  void list() {
    const auto entries = store_->list();
    ASSERT_TRUE(entries);
    EXPECT_EQ(entries->size(), models_.size());
    for (const StudyEntry& entry : *entries) {
      ASSERT_TRUE(exists(entry.name));
      EXPECT_GE(entry.event_count, models_[entry.name].durable);
      EXPECT_LE(entry.event_count, models_[entry.name].events.size());
      EXPECT_GT(entry.created_unix_s, 1.7e9);
    }
  }
  void post(const std::string& name) {
    const PostedCommand command{static_cast<Command>(rng_.below(4)), static_cast<std::int64_t>(rng_.below(9)) - 1};
    ASSERT_EQ(store_->post(name, command).has_value(), exists(name));
    if (exists(name)) models_[name].commands.push_back(command);
  }
  void take(const std::string& name) {
    const auto commands = store_->take_commands(name);
    ASSERT_EQ(commands.has_value(), exists(name));
    if (!commands) return;
    ASSERT_EQ(commands->size(), models_[name].commands.size());
    for (std::size_t i = 0; i < commands->size(); ++i) {
      EXPECT_EQ((*commands)[i].command, models_[name].commands[i].command);
      EXPECT_EQ((*commands)[i].trial, models_[name].commands[i].trial);
    }
    models_[name].commands.clear();
  }

  std::unique_ptr<Store>& store_;
  Rng rng_;
  Ticket last_ = 0;
  std::map<std::string, Model> models_;
};

TEST_P(StoreTest, AgreesWithAModelUnderRandomOperations) {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    begin_anew();
    RandomOperations operations(store, seed);
    for (int step = 1; step <= 600 && !HasFatalFailure(); ++step) {
      operations.step();
      if (step % 100 != 0) continue;
      operations.check_all();
      ASSERT_TRUE(store->compact());
      if (is_lasting()) open();
      operations.check_all();
    }
  }
}

TEST_P(StoreTest, KeepsTheLastBitOfEveryEvent) {
  Rng rng({.seed = 5});
  ASSERT_TRUE(store->create("s"));
  auto events = random_events(0, 300, rng);
  events[3].study_time_s = 0.1 + 0.2;
  events[4].study_time_s = 5e-324;
  ASSERT_TRUE(write(*store, "s", events));
  if (is_lasting()) open();
  EXPECT_EQ(texts_of(store->read("s", 0).value()), texts_of(events));
}

TEST_P(StoreTest, GivesTheLeaseOfAStudyToOneAtATime) {
  ASSERT_TRUE(store->create("a/b: ü"));
  ASSERT_TRUE(store->create("other"));
  auto lease = store->lease("a/b: ü");
  ASSERT_TRUE(lease) << lease.error().message;
  const auto second = store->lease("a/b: ü");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::Conflict);
  EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos) << second.error().message;
  EXPECT_TRUE(store->lease("other"));
  EXPECT_TRUE(store->is_leased("a/b: ü").value());
  EXPECT_FALSE(store->is_leased("other").value());
  EXPECT_EQ(store->remove("a/b: ü").error().kind, ErrorKind::Conflict);
  lease->reset();
  EXPECT_FALSE(store->is_leased("a/b: ü").value());
  EXPECT_TRUE(store->lease("a/b: ü"));
  EXPECT_EQ(store->lease("none").error().kind, ErrorKind::NotFound);
}

TEST_P(StoreTest, DoesNotBringBackTheEventsOfARemovedStudy) {
  ASSERT_TRUE(store->create("s"));
  ASSERT_TRUE(write(*store, "s", report_events(0, 10)));
  ASSERT_TRUE(store->post("s", {Command::Stop}));
  ASSERT_TRUE(store->remove("s"));
  EXPECT_EQ(store->read("s", 0).error().kind, ErrorKind::NotFound);
  ASSERT_TRUE(store->create("s"));
  EXPECT_TRUE(store->read("s", 0).value().empty());
  EXPECT_TRUE(store->take_commands("s").value().empty());
  ASSERT_TRUE(write(*store, "s", report_events(0, 2)));
  EXPECT_EQ(store->read("s", 0).value().size(), 2u);
}

TEST_P(StoreTest, HandsOnWhatAWishIsAbout) {
  ASSERT_TRUE(store->create("s"));
  Config config;
  config.set("x", 0.25);
  config.set("name", std::string("a \"quoted\" ü"));
  ASSERT_TRUE(store->post("s", {Command::ResumeTrial, 4}));
  ASSERT_TRUE(store->post("s", {Command::Enqueue, -1, config}));
  const auto taken = store->take_commands("s").value();
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(taken[0].command, Command::ResumeTrial);
  EXPECT_EQ(taken[0].trial, 4);
  EXPECT_EQ(taken[1].command, Command::Enqueue);
  EXPECT_EQ(taken[1].config.to_json(), config.to_json());
}

TEST_P(StoreTest, ReadsNothingOfOtherStudiesBehindTheEndOfALog) {
  for (const char* name : {"s", "other", "last"}) {
    ASSERT_TRUE(store->create(name));
    ASSERT_TRUE(write(*store, name, report_events(0, 3)));
  }
  for (const std::uint64_t beyond : {1ULL << 40, (1ULL << 40) + 1, 1ULL << 63, ~0ULL - (1ULL << 40) + 1, ~0ULL}) {
    const auto events = store->read("other", beyond);
    ASSERT_TRUE(events) << events.error().message;
    EXPECT_TRUE(events->empty()) << beyond;
  }
}

TEST_P(StoreTest, KnowsTheStudyThatHasAName) {
  EXPECT_EQ(store->entry("s").error().kind, ErrorKind::NotFound);
  ASSERT_TRUE(store->create("s"));
  ASSERT_TRUE(write(*store, "s", report_events(0, 3)));
  const StudyEntry entry = store->entry("s").value(), listed = store->list().value().front();
  EXPECT_EQ(entry.name, "s");
  EXPECT_EQ(entry.id, listed.id);
  EXPECT_EQ(entry.event_count, 3u);
  EXPECT_EQ(entry.created_unix_s, listed.created_unix_s);
}

TEST_P(StoreTest, GivesNoIdTwice) {
  std::set<std::int64_t> ids;
  const auto id_of_new = [&](const std::string& name) {
    EXPECT_TRUE(store->create(name));
    return store->entry(name).value().id;
  };
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(ids.insert(id_of_new("s")).second);
    ASSERT_TRUE(store->remove("s"));
  }
  EXPECT_GT(*ids.begin(), 0);
  EXPECT_GT(id_of_new("last"), *ids.rbegin());
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreTest, testing::ValuesIn(schemes_that_are_built_in()), [](const auto& info) {
  std::string name;
  for (const char byte : info.param)
    if (std::isalpha(static_cast<unsigned char>(byte))) name += byte;
  return name;
});

TEST(StoreTable, OpensABareFileNameAsSqlite) {
  const auto folder = TemporaryFolder::create("pegbox-store").value();
  const auto store = open_store((folder.path() / "pegbox.db").string());
  ASSERT_TRUE(store);
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "pegbox.db"));
}

TEST(StoreTable, ShowsNoPassword) {
  EXPECT_EQ(shown_store("postgresql://me:secret@box:5433/db"), "postgresql://me@box:5433/db");
  EXPECT_EQ(shown_store("postgres://me:s/e@c:r?et@box/db"), "postgres://me@box/db");
  EXPECT_EQ(shown_store("postgresql://me@box/db?sslmode=require"), "postgresql://me@box/db?sslmode=require");
  EXPECT_EQ(shown_store("postgresql://box:5433/db?password=secret"), "postgresql://box:5433/db?...");
  EXPECT_EQ(shown_store("sqlite:pegbox.db"), "sqlite:pegbox.db");
  for (const char* url :
       {"redis://me:secret@host", "postgresql://me:sec%zz@host/db", "postgresql://me:secret@host:x/db"}) {
    const std::string said = open_store(url).error().message;
    EXPECT_EQ(said.find("sec"), std::string::npos) << said;
  }
}

TEST(StoreTable, SaysWhatItDoesNotKnow) {
  EXPECT_EQ(open_store("redis://host").error().kind, ErrorKind::InvalidInput);
  EXPECT_EQ(open_store("sqlite:").error().kind, ErrorKind::InvalidInput);
  const auto folder = TemporaryFolder::create("pegbox-store").value();
  const std::string file = (folder.path() / "none" / "pegbox.db").string();
  EXPECT_EQ(open_store(file).error().kind, ErrorKind::Io);
  EXPECT_EQ(open_store(file, OpenMode::ReadOnly).error().kind, ErrorKind::NotFound);
}

}  // namespace
}  // namespace pegbox
