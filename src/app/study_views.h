// StudyViews: what a page shows of a study (server/studies.h), as JSON of bounded size; docs/api.md describes it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "app/server/studies.h"
#include "app/store_place.h"
#include "report/importance.h"
#include "search/history.h"

namespace pegbox {

class StudyViews {
 public:
  explicit StudyViews(StorePlace place) : place_(std::move(place)) {}

  /// `id`: of the study in its store; `is_held`: a process runs it. InvalidInput for a wrong query, NotFound for a
  /// trial or metric that is not there.
  Result<Json> view(const StudyState& state, std::int64_t id, bool is_held, const server::ViewWanted& wanted);

 private:
  struct Found {
    std::size_t values = 0;  // that it was computed from
    Json importance;
  };
  Result<Json> importance(const StudyState& state, std::int64_t id, const std::string& metric);

  StorePlace place_;
  std::map<std::pair<std::int64_t, std::string>, Found> importances_;  // by study and metric
};

}  // namespace pegbox
