// PrivateCluster: a PostgreSQL server of a test's own.
#include "search/stores/private_cluster_for_test.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <set>
#include <thread>

namespace pegbox {
namespace {

constexpr char kUser[] = "pegbox";

Path find_programs() {
  std::set<Path> folders;  // Debian's, the newest last
  std::error_code code;
  for (std::filesystem::directory_iterator entry("/usr/lib/postgresql", code), end; !code && entry != end;
       entry.increment(code))
    folders.insert(entry->path() / "bin");
  if (const char* path = std::getenv("PEGBOX_TEST_POSTGRES"); path != nullptr) folders = {path};
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder)
    if (std::filesystem::exists(*folder / "initdb", code)) return *folder;
  return {};
}

/// PostgreSQL refuses to run as root.
const passwd* other_user() {
  if (::getuid() != 0) return nullptr;
  const passwd* user = ::getpwnam("postgres");
  return user != nullptr ? user : ::getpwnam("nobody");
}

std::unique_ptr<Subprocess> as_other_user(std::vector<std::string> arguments, const Path& folder) {
  if (const passwd* user = other_user()) {
    const std::string uid = std::to_string(user->pw_uid), gid = std::to_string(user->pw_gid);
    arguments.insert(arguments.begin(), {"setpriv", "--reuid=" + uid, "--regid=" + gid, "--clear-groups"});
  }
  return Subprocess::start({.arguments = std::move(arguments), .environment = {}, .folder = folder}).value();
}

void finish(Subprocess& process, const std::string& what) {
  std::string said;
  LineReader reader;
  std::optional<ExitStatus> ended;
  while (!ended) {
    ended = process.poll();
    reader.fill(process.error_output());
    LineReader().fill(process.output());
    while (auto line = reader.take()) said += *line + "\n";
    if (!ended) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  ASSERT_EQ(ended->code, 0) << what << ": " << said << reader.rest();
}

}  // namespace

PrivateCluster* PrivateCluster::of_this_process() {
  static const std::unique_ptr<PrivateCluster> kCluster = []() -> std::unique_ptr<PrivateCluster> {
    const Path programs = find_programs();
    if (programs.empty()) return nullptr;
    auto folder = TemporaryFolder::create("pegbox-pg").value();
    const passwd* const user = other_user();
    EXPECT_TRUE(user == nullptr || ::chown(folder.path().c_str(), user->pw_uid, user->pw_gid) == 0);
    std::unique_ptr<PrivateCluster> cluster(new PrivateCluster(programs, std::move(folder)));
    const auto made =
        as_other_user({programs / "initdb", "--no-sync", "--no-instructions", "--auth=trust", "--encoding=UTF8",
                       "--locale=C", std::string("--username=") + kUser, "--pgdata=" + cluster->data().string()},
                      cluster->folder());
    finish(*made, "initdb");
    cluster->start();
    return cluster;
  }();
  return kCluster.get();
}

// Its processes are killed, never the machine: what it wrote is there without fsync.
void PrivateCluster::start() {
  std::error_code code;
  std::filesystem::remove(data() / "postmaster.pid", code);  // its writer is dead
  server_ = as_other_user({programs_ / "postgres", "-D", data(), "-k", folder(), "-h", "", "-F", "-c",
                           "shared_buffers=16MB", "-c", "max_connections=40", "-c", "log_min_messages=panic"},
                          folder());
  for (int waited = 0; waited < 6000; ++waited) {
    const auto state = read_file(data() / "postmaster.pid");
    if (state && state->find("\nready") != std::string::npos) return;
    ASSERT_FALSE(has_ended()) << "the server did not start";
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  FAIL() << "the server does not start";
}

bool PrivateCluster::has_ended() { return !server_ || server_->poll().has_value(); }

// Its sessions end by themselves when they find it gone; a new server waits for them.
void PrivateCluster::kill() {
  server_->signal_group(SIGKILL);
  while (!server_->poll()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

std::string PrivateCluster::new_database() {
  const std::string name = "test" + std::to_string(++databases_), there = "?host=" + folder().string();
  sql(std::string("postgresql://") + kUser + "@/postgres" + there, "CREATE DATABASE " + name);
  return std::string("postgresql://") + kUser + "@/" + name + there;
}

void PrivateCluster::sql(const std::string& database_url, const std::string& text) const {
  const auto psql = as_other_user(
      {programs_ / "psql", "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", "-c", text, database_url}, folder());
  finish(*psql, text);
}

}  // namespace pegbox
