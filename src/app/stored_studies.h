// StoredStudies: the studies of a store as a server shows and opens them.
#pragma once

#include <map>

#include "app/console.h"
#include "app/server/studies.h"
#include "app/store_place.h"
#include "search/store.h"

namespace pegbox {

class StoredStudies final : public server::Studies {
 public:
  /// Paths in study files are relative to `folder`.
  StoredStudies(Store& store, StorePlace place, Path folder, Console& console)
      : store_(store), place_(std::move(place)), folder_(std::move(folder)), console_(console) {}

  Result<Json> list() override;  ///< a damaged study is in it, with what is wrong
  Result<Json> show(const std::string& study) override;
  Result<Json> trial(const std::string& study, std::int64_t number) override;
  Result<Json> spec(const std::string& study) override;
  Result<Json> best(const std::string& study) override;
  Result<server::LogPiece> events(const std::string& study, std::uint64_t from) override;

  /// Unsupported for a file with `checks:`, which `pegbox tune` alone makes.
  Result<server::OpenedStudy> hold(const std::string& text,
                                   const std::function<void(const std::string& name)>& let_go) override;

 private:
  struct Known {
    std::int64_t id = 0;  // in the store: another study may have the name by now
    StudyState state;     // folded as far as it was last looked at
  };
  Result<const StudyState*> state_of(const std::string& study);

  Store& store_;
  const StorePlace place_;
  const Path folder_;
  Console& console_;
  std::map<std::string, Known> known_;  // by name
};

}  // namespace pegbox
