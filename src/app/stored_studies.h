// StoredStudies: the studies of a store as a server shows and opens them.
#pragma once

#include "app/console.h"
#include "app/server/followed_studies.h"
#include "app/server/studies.h"
#include "app/store_place.h"
#include "app/study_views.h"
#include "search/store.h"

namespace pegbox {

class StoredStudies final : public server::Studies {
 public:
  /// Paths in study files are relative to `folder`.
  StoredStudies(Store& store, StorePlace place, Path folder, Console& console)
      : store_(store),
        place_(std::move(place)),
        folder_(std::move(folder)),
        console_(console),
        studies_(store),
        views_(place_) {}

  Result<Json> list() override;  ///< a damaged study is in it, with what is wrong
  Result<Json> show(const std::string& study) override;
  Result<Json> trial(const std::string& study, std::int64_t number) override;
  Result<Json> spec(const std::string& study) override;
  Result<Json> best(const std::string& study) override;
  Result<Json> view(const server::ViewWanted& wanted) override;
  Result<server::LogPiece> events(const std::string& study, std::uint64_t from) override;

  /// Unsupported for a file with `checks:`, which `pegbox tune` alone makes.
  Result<server::OpenedStudy> hold(const std::string& text,
                                   const std::function<void(const std::string& name)>& let_go) override;

 private:
  Store& store_;
  const StorePlace place_;
  const Path folder_;
  Console& console_;
  server::FollowedStudies studies_;
  StudyViews views_;
};

}  // namespace pegbox
