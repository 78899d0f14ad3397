// Earlier study: a study that another one starts from.
#include "search/stores/earlier_study.h"

#include <algorithm>

#include "search/stores/table.h"
#include "search/study.h"

namespace pegbox {
namespace {

/// The store's URL, its file under `folder`.
std::string place_of(const std::string& store, const Path& folder) {
  constexpr std::string_view kFile = "sqlite:";
  const bool named = store.starts_with(kFile);
  if (!named && store.find(':') != std::string::npos) return store;
  return std::string(kFile) + (folder / (named ? store.substr(kFile.size()) : store)).string();
}

tl::unexpected<Error> fail_unknown(Store& store, const EarlierStudy& which, const std::string& itself) {
  std::vector<std::string> names;
  if (const auto entries = store.list())
    for (const StudyEntry& entry : *entries)
      if (entry.event_count > 0 && !(which.store.empty() && entry.name == itself)) names.push_back(entry.name);
  std::string expected;
  for (std::size_t i = 0; i < names.size() && i < 12; ++i) expected += (i ? ", " : "") + names[i];
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::string near = nearest_name(which.study, known);
  return fail(ErrorKind::NotFound, {.where = itself + " transfer",
                                    .what = "no such study in " + (which.store.empty() ? std::string("this store")
                                                                                       : shown_store(which.store)),
                                    .got = which.study,
                                    .expected = expected.empty() ? "there is none yet" : "one of " + expected,
                                    .hint = near.empty() ? "" : "did you mean " + near + "?"});
}

Result<StudyState> read_from(Store& store, const EarlierStudy& which, const std::string& itself) {
  const auto study = Study::open(store, which.study);
  if (study) return (*study)->state();
  if (study.error().kind == ErrorKind::NotFound) return fail_unknown(store, which, itself);
  return tl::make_unexpected(study.error());
}

}  // namespace

Result<StudyState> read_earlier_study(Store& own, const EarlierStudy& which, const std::string& itself,
                                      const Path& folder) {
  if (!which.store.empty()) {
    PEGBOX_TRY(const auto store, open_store(place_of(which.store, folder), OpenMode::ReadOnly));
    return read_from(*store, which, itself);
  }
  if (which.study == itself)
    return fail(ErrorKind::InvalidInput, {.where = itself + " transfer",
                                          .what = "a study does not start from itself",
                                          .expected = "another study's name"});
  return read_from(own, which, itself);
}

}  // namespace pegbox
