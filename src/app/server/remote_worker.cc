// RemoteWorker: works for the studies of a server.
#include "app/server/remote_worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/units.h"

namespace pegbox::server {
namespace {

constexpr double kBetweenLooks_s = 1;
constexpr double kAside_s = 60;     // until a study that could not be served is tried again
constexpr double kPatience_s = 5;   // with a study that has no trial, before another is looked for
constexpr double kHandBack_s = 60;  // for trials to come to a step's end and write their snapshots

}  // namespace

Result<void> RemoteWorker::run() {
  if (!only_.empty())
    if (const auto offer = link_.offer(only_); !offer && offer.error().kind != ErrorKind::Io)
      return tl::make_unexpected(offer.error());
  while (!interrupted_) {
    const auto names = candidates();
    if (!names && names.error().kind != ErrorKind::Io) return tl::make_unexpected(names.error());
    if (names && names->empty() && !only_.empty() && !aside_until_s_.contains(only_)) return {};
    if (is_given_up())
      return fail(ErrorKind::Io, {.where = "server", .what = "it was away for " + format_duration(link_.away_s())});
    if (names && !names->empty())
      PEGBOX_CHECK(serve(names->front()));
    else
      rest(kBetweenLooks_s);
  }
  return {};
}

// Those that were not served longest first.
Result<std::vector<std::string>> RemoteWorker::candidates() {
  PEGBOX_TRY(auto names, link_.studies());
  std::erase_if(names, [&](const std::string& name) {
    const auto aside = aside_until_s_.find(name);
    const bool is_aside = aside != aside_until_s_.end() && link_.clock().now_s() < aside->second;
    return is_aside || (!only_.empty() && name != only_);
  });
  std::ranges::stable_sort(names, {}, [&](const std::string& name) { return served_s_[name]; });
  return names;
}

Result<void> RemoteWorker::serve(const std::string& study) {
  served_s_[study] = link_.clock().now_s();
  aside_until_s_.erase(study);
  const auto offer = link_.offer(study);
  if (!offer) return {};  // away, or deleted meanwhile
  auto workshop = furnish_(offer->spec);
  std::optional<message::Described> described;
  if (workshop && !offer->is_described) {
    auto said = workshop->executor->describe();
    if (said)
      described = *std::move(said);
    else
      workshop = tl::make_unexpected(said.error());
  }
  if (interrupted_) return {};
  Result<void> worked = workshop ? Result<void>() : Result<void>(tl::make_unexpected(workshop.error()));
  if (workshop) {
    StudyShift shift(study, *std::move(workshop), std::move(described), link_, say_);
    worked = work(shift, study);
  }
  if (worked) return {};
  if (!only_.empty()) return worked;
  say_(worked.error().message + fmt::format("; {} is tried again in a minute", study));
  set_aside(study);
  return {};
}

Result<void> RemoteWorker::work(StudyShift& shift, const std::string& study) {
  say_(fmt::format("Works for {}.", study));
  Result<void> worked;
  double looked_s = link_.clock().now_s();
  while (worked && !interrupted_ && !is_given_up() && !shift.is_over()) {
    worked = shift.turn();
    if (shift.idle_s() < kPatience_s || link_.clock().now_s() - looked_s < kPatience_s) continue;
    looked_s = link_.clock().now_s();
    if (is_wanted_elsewhere(study)) break;
  }
  if (shift.is_busy_elsewhere()) set_aside(study);
  shift.hand_back(kHandBack_s, worked ? "its worker left" : "its worker can run nothing more");
  say_(fmt::format("Leaves {}; {} of its trials ended here.", study, shift.ended()));
  return worked;
}

bool RemoteWorker::is_wanted_elsewhere(const std::string& study) {
  const auto names = candidates();
  return names && std::ranges::any_of(*names, [&](const std::string& name) { return name != study; });
}

void RemoteWorker::set_aside(const std::string& study) { aside_until_s_[study] = link_.clock().now_s() + kAside_s; }

void RemoteWorker::rest(double seconds) const {
  for (const double until_s = link_.clock().now_s() + seconds; !interrupted_ && link_.clock().now_s() < until_s;)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

}  // namespace pegbox::server
