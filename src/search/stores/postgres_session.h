// PostgresSession: a connection that comes back after the server went away, with its settings and its locks.
//
// A lock is one of the server's advisory locks and belongs to the connection: who writes through it holds it, and when
// the connection is gone so is the lock. A session that comes back takes its locks again before anything else is asked;
// one that somebody else took meanwhile is lost for good.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "search/stores/postgres_connection.h"

namespace pegbox {

/// What a session may do.
enum class SessionRight : std::uint8_t { Read, Write };

/// Not to be used by two threads at once.
class PostgresSession {
 public:
  /// An error at once if nothing answers; a server that is just starting is waited for.
  static Result<std::unique_ptr<PostgresSession>> open(std::shared_ptr<const PostgresLibrary> library,
                                                       PostgresAddress address, SessionRight right,
                                                       double patience_s = kPatience_s);

  /// Calls `work(connection, again)`. If the connection is lost under it, connects anew and calls it once more, with
  /// `again`: what the last call asked for may have happened. Gives up `patience_s` after the loss; from then on each
  /// call tries once.
  template <class Work>
  auto run(const Work& work) -> decltype(work(std::declval<PostgresConnection&>(), bool())) {
    for (bool again = false;; again = true) {
      PEGBOX_CHECK(connect());
      auto outcome = work(*connection_, again);
      if (connection_->is_lost())
        lose();
      else
        found();
      if (outcome || connection_ || !is_patient()) return outcome;
    }
  }

  /// Takes the lock of a study's number for this session. Conflict, naming the holder, if another has it, or this one.
  Result<void> lock(std::int32_t number, const std::string& study);
  void unlock(std::int32_t number);
  bool has_lost(std::int32_t number) const;  ///< it was this session's, and somebody else took it

  /// Whether the last call was cut off.
  bool is_lost() const { return connection_ == nullptr; }
  void lose_patience() { patience_s_ = 0; }
  const std::string& where() const { return address_.shown(); }

  static constexpr double kPatience_s = 30;  ///< a server that crashed is back in seconds, one that is updated too

 private:
  PostgresSession(std::shared_ptr<const PostgresLibrary> library, PostgresAddress address, SessionRight right,
                  double patience_s)
      : library_(std::move(library)), address_(std::move(address)), right_(right), patience_s_(patience_s) {}
  Result<void> connect();
  Result<void> connect_once();
  Result<void> set_up(PostgresConnection& connection);
  Result<void> take_locks_again(PostgresConnection& connection);
  Result<std::optional<std::string>> try_lock(PostgresConnection& connection, std::int32_t number);
  void lose();
  void found() { lost_at_s_.reset(), pause_s_ = kFirstPause_s; }
  bool is_patient() const { return lost_at_s_ && clock_.now_s() - *lost_at_s_ < patience_s_; }

  static constexpr double kFirstPause_s = 0.02, kLongestPause_s = 0.5;

  const std::shared_ptr<const PostgresLibrary> library_;
  const PostgresAddress address_;
  const SessionRight right_;
  const SystemClock clock_{};
  std::unique_ptr<PostgresConnection> connection_;
  std::string name_;                    ///< as the server shows it: no other session has it
  std::map<std::int32_t, bool> locks_;  ///< number -> whether it was lost
  std::optional<double> lost_at_s_;
  double pause_s_ = kFirstPause_s, patience_s_;
};

/// The first of the two numbers of all our advisory locks: "pegb".
inline constexpr std::int32_t kAdvisoryClass = 0x70656762;

}  // namespace pegbox
