// Places on an axis that stand for its values.
#include "search/samplers/levels.h"

#include <gtest/gtest.h>

#include <set>

#include "search/history_for_test.h"
#include "search/samplers/spaces_for_test.h"
#include "search/samplers/taken_configs.h"

namespace pegbox {
namespace {

TEST(Levels, AreThePlacesOfAllValuesInOrder) {
  for (const SpaceForTest& each : spaces_for_test()) {
    const HistoryForTest study(study_of(each));
    const Space& space = study.space();
    for (int axis = 0; axis < space.dimensions(); ++axis) {
      const Axis& kind = space.axes()[static_cast<std::size_t>(axis)];
      if (kind.levels == 0 || kind.conditional) continue;
      const std::string& name = space.parameters()[static_cast<std::size_t>(kind.parameter)].name;
      std::vector<double> at(space.axes().size(), 0.5);
      std::set<std::string> values;
      double last = 0;
      for (std::int64_t index = 0; index < kind.levels; ++index) {
        const double place = level_place(space, axis, index);
        EXPECT_GT(place, last);
        EXPECT_EQ(level_index(space, axis, place), index) << each.name << " " << name;
        last = at[static_cast<std::size_t>(axis)] = place;
        values.insert(to_text(*space.from_unit(at).find(name)));
      }
      EXPECT_LT(last, 1);
      EXPECT_EQ(std::ssize(values), kind.levels) << each.name << " " << name;
    }
  }
}

TEST(Levels, HaveAnIndexEverywhereOnTheAxis) {
  const HistoryForTest study(R"({"space": {"n": {"range": [1, 100], "integer": true, "scale": "log"}}})");
  EXPECT_EQ(level_index(study.space(), 0, 0.0), 0);
  EXPECT_EQ(level_index(study.space(), 0, 1.0), 99);
  for (double at = 0; at <= 1; at += 1.0 / 64)
    EXPECT_EQ(level_index(study.space(), 0, at) + 1,
              std::get<std::int64_t>(*study.space().from_unit({&at, 1}).find("n")));
}

}  // namespace
}  // namespace pegbox
