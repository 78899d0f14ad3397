// Tests of File: whole files or none, partial writes cut off, locks between processes.
#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <thread>

namespace pegbox {
namespace {

namespace filesystem = std::filesystem;

std::set<std::string> names_in(const Path& folder) {
  std::set<std::string> names;
  for (const auto& entry : filesystem::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

// While it lives no file of this process may grow beyond `bytes`: what a full disk does, without one.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  sighandler_t handler_;
};

class File : public ::testing::Test {
 protected:
  TemporaryFolder folder_ = TemporaryFolder::create("pegbox-file").value();
  Path path_ = folder_.path() / "file";
};

TEST_F(File, ReadsBackTheBytesThatReplacedIt) {
  const std::string bytes("a\0b\n\xff", 5);
  ASSERT_TRUE(replace_file(path_, bytes));
  EXPECT_EQ(read_file(path_).value(), bytes);
  ASSERT_TRUE(replace_file(path_, ""));
  EXPECT_EQ(read_file(path_).value(), "");
  EXPECT_EQ(names_in(folder_.path()), std::set<std::string>{"file"}) << "no temporary file stays";
}

TEST_F(File, ReadsFilesWhoseSizeTheSystemDoesNotTell) {
  EXPECT_EQ(read_file("/proc/self/comm").value().empty(), false);
}

TEST_F(File, SaysWhichFileIsMissing) {
  const auto missing = read_file(path_);
  EXPECT_EQ(missing.error().kind, ErrorKind::NotFound);
  EXPECT_EQ(missing.error().message, "[" + path_.string() + "] no such file");
  EXPECT_EQ(read_file(folder_.path()).error().kind, ErrorKind::InvalidInput);
}

TEST_F(File, KeepsTheModeOfTheFileThatIsReplaced) {
  ASSERT_TRUE(replace_file(path_, "a"));
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  ASSERT_TRUE(replace_file(path_, "b"));
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

TEST_F(File, GivesANewFileTheUsersMask) {
  const mode_t before = ::umask(027);
  ASSERT_TRUE(replace_file(path_, "a"));
  ::umask(before);
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0640u);
}

TEST_F(File, KeepsTheOldBytesWhenTheNewOnesDoNotFit) {
  ASSERT_TRUE(replace_file(path_, "old"));
  {
    const SmallFiles small(1000);
    const auto result = replace_file(path_, std::string(5000, 'x'));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::Io);
    EXPECT_EQ(result.error().message.find("[" + path_.string() + "] cannot write the file: "), 0u)
        << result.error().message;
  }
  EXPECT_EQ(read_file(path_).value(), "old");
  EXPECT_EQ(names_in(folder_.path()), std::set<std::string>{"file"});
}

TEST_F(File, ShowsAReaderTheOldBytesOrTheNewOnesNeverAPart) {
  const std::string a(200000, 'a'), b(300000, 'b');
  ASSERT_TRUE(replace_file(path_, a));
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; i < 60; ++i) EXPECT_TRUE(replace_file(path_, i % 2 ? a : b));
    done = true;
  });
  int reads = 0;
  for (; !done; ++reads) {
    const auto bytes = read_file(path_);
    EXPECT_TRUE(bytes && (*bytes == a || *bytes == b));
  }
  writer.join();
  EXPECT_GT(reads, 0);
}

TEST_F(File, RefusesToReplaceInAFolderThatIsMissing) {
  const auto result = replace_file(folder_.path() / "no" / "file", "x");
  EXPECT_NE(result.error().message.find("no such file or folder"), std::string::npos);
}

TEST_F(File, AppendsAndGoesOnWhereItWas) {
  for (const char* record : {"one\n", "two\n"}) {
    auto file = AppendFile::open(path_).value();
    ASSERT_TRUE(file.append(record));
    ASSERT_TRUE(file.sync());
  }
  EXPECT_EQ(read_file(path_).value(), "one\ntwo\n");
}

TEST_F(File, CutsOffARecordThatDidNotFit) {
  auto file = AppendFile::open(path_).value();
  ASSERT_TRUE(file.append(std::string(900, 'a')));
  {
    const SmallFiles small(1000);
    EXPECT_EQ(file.append(std::string(500, 'b')).error().kind, ErrorKind::Io);
    EXPECT_EQ(filesystem::file_size(path_), 900u);
    EXPECT_TRUE(file.append(std::string(100, 'c'))) << "a record that fits still does";
  }
  ASSERT_TRUE(file.append("d"));
  EXPECT_EQ(read_file(path_).value(), std::string(900, 'a') + std::string(100, 'c') + "d");
}

TEST(AppendFile, SaysThatTheDiskIsFull) {
  auto file = AppendFile::open("/dev/full");
  if (!file) GTEST_SKIP() << "no /dev/full";
  EXPECT_NE(file->append("x").error().message.find("[/dev/full] cannot write the file: the disk is full"),
            std::string::npos);
}

TEST_F(File, ClosesTheOldFileWhenAnotherIsMovedIntoIt) {
  auto file = AppendFile::open(path_).value();
  file = AppendFile::open(folder_.path() / "other").value();
  ASSERT_TRUE(file.append("x"));
  EXPECT_EQ(read_file(folder_.path() / "other").value(), "x");
  EXPECT_EQ(read_file(path_).value(), "");
}

TEST_F(File, IsRenamedOnlyToANameThatIsFree) {
  const Path from = folder_.path() / "from", to = folder_.path() / "to";
  ASSERT_TRUE(replace_file(from, "mine"));
  ASSERT_TRUE(replace_file(to, "theirs"));
  const auto refused = rename_to_new(from, to);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::InvalidInput);
  EXPECT_EQ(*read_file(to), "theirs");
  std::filesystem::remove(to);
  ASSERT_TRUE(rename_to_new(from, to));
  EXPECT_EQ(*read_file(to), "mine");
  EXPECT_FALSE(std::filesystem::exists(from));
}

TEST_F(File, LockIsRefusedWhileItIsHeldAndFreeAfterwards) {
  {
    const auto lock = FileLock::acquire(path_);
    ASSERT_TRUE(lock);
    const auto second = FileLock::acquire(path_);
    EXPECT_EQ(second.error().kind, ErrorKind::Conflict);
    EXPECT_NE(second.error().message.find("locked by process " + std::to_string(::getpid())), std::string::npos);
  }
  EXPECT_TRUE(FileLock::acquire(path_));
}

TEST_F(File, LockIsHeldOverAMoveAndFreedByAnother) {
  auto lock = FileLock::acquire(path_).value();
  FileLock moved = std::move(lock);
  EXPECT_FALSE(FileLock::acquire(path_));
  moved = FileLock::acquire(folder_.path() / "other").value();
  EXPECT_TRUE(FileLock::acquire(path_));
}

TEST_F(File, LockNamesTheOtherProcessAndDiesWithIt) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = FileLock::acquire(path_);
    (void)!::write(ready[1], lock ? "y" : "n", 1);
    while (true) ::pause();
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  const auto refused = FileLock::acquire(path_);
  EXPECT_EQ(refused.error().kind, ErrorKind::Conflict);
  EXPECT_NE(refused.error().message.find("process " + std::to_string(child) + ";"), std::string::npos)
      << refused.error().message;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(FileLock::acquire(path_)) << "no stale lock";
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(File, MakesFoldersWithTheirParentsAndSumsTheirFiles) {
  const Path deep = folder_.path() / "a" / "b" / "c";
  ASSERT_TRUE(make_folder(deep));
  ASSERT_TRUE(make_folder(deep)) << "twice is no error";
  ASSERT_TRUE(replace_file(deep / "x", std::string(1000, 'x')));
  ASSERT_TRUE(replace_file(folder_.path() / "y", std::string(234, 'y')));
  filesystem::create_symlink(deep / "x", folder_.path() / "link");
  EXPECT_EQ(tree_bytes(folder_.path()), 1234u) << "a link has no size of its own";
  EXPECT_EQ(tree_bytes(deep / "x"), 1000u);
  EXPECT_EQ(tree_bytes(folder_.path() / "missing"), 0u);
  ASSERT_TRUE(remove_tree(folder_.path() / "a"));
  ASSERT_TRUE(remove_tree(folder_.path() / "a")) << "twice is no error";
  EXPECT_EQ(tree_bytes(folder_.path()), 234u);
}

TEST_F(File, DoesNotMakeAFolderWhereAFileIs) {
  ASSERT_TRUE(replace_file(path_, "x"));
  EXPECT_FALSE(make_folder(path_));
  EXPECT_FALSE(make_folder(path_ / "below"));
}

TEST_F(File, KnowsTheDiskAndTheProgram) {
  EXPECT_GT(free_bytes(folder_.path()), 0u);
  EXPECT_EQ(free_bytes(folder_.path() / "missing"), 0u);
  EXPECT_TRUE(filesystem::is_directory(executable_folder()));
}

TEST(TemporaryFolder, IsRemovedWithAllInIt) {
  Path path;
  {
    const auto folder = TemporaryFolder::create("pegbox-test");
    ASSERT_TRUE(folder);
    path = folder->path();
    ASSERT_TRUE(make_folder(path / "sub"));
    ASSERT_TRUE(replace_file(path / "sub" / "x", "x"));
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0700u) << "nobody else's business";
  }
  EXPECT_FALSE(filesystem::exists(path));
}

TEST(TemporaryFolder, RemovesTheOldOneWhenAnotherIsMovedIntoIt) {
  auto folder = TemporaryFolder::create("pegbox-test").value();
  const Path first = folder.path();
  folder = TemporaryFolder::create("pegbox-test").value();
  EXPECT_FALSE(filesystem::exists(first));
  EXPECT_TRUE(filesystem::exists(folder.path()));
}

TEST(TemporaryFolder, SaysThatTheTemporaryFolderIsMissing) {
  const char* before = std::getenv("TMPDIR");
  const std::string saved = before ? before : "";
  ::setenv("TMPDIR", "/nonexistent", 1);
  const auto folder = TemporaryFolder::create("pegbox-test");
  before ? ::setenv("TMPDIR", saved.c_str(), 1) : ::unsetenv("TMPDIR");
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().message.find("TMPDIR"), std::string::npos);
}

}  // namespace
}  // namespace pegbox
