// Tests of drift: which test is chosen, what it finds, and how often it is wrong. Numbers against SciPy in tests/peers.
#include "watch/drift.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "watch/watch_kit_for_test.h"

namespace pegbox::watch {
namespace {

class Drift : public WatchTest {
 protected:
  Sample sample(const LogShape& shape, std::uint64_t count, std::uint64_t first, const std::string& more = "") {
    const WatchConfig read_by = config(more);
    const auto reader = RecordReader::create(read_by);
    Sample sample(columns_of(read_by).size());
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto record = reader->read(record_line(shape, first + i), "log");
      EXPECT_TRUE(record);
      sample.add(*record);
    }
    return sample;
  }
  static const ColumnDrift& of(const std::vector<ColumnDrift>& drifts, const std::string& column) {
    return *std::ranges::find(drifts, column, &ColumnDrift::column);
  }
};

TEST_F(Drift, ChoosesTestsByKindAndSizeAsEvidently) {
  const auto small = compare(sample({}, 100, 0), sample({}, 100, 1000), config());
  EXPECT_EQ(of(small, "judge").test, "kolmogorov_smirnov");
  EXPECT_EQ(of(small, "rating").test, "chi_squared") << "few values";
  EXPECT_EQ(of(small, "model").test, "chi_squared");
  EXPECT_FALSE(of(small, "judge").threshold);
  const auto large = compare(sample({}, 1001, 0), sample({}, 100, 2000), config());
  EXPECT_EQ(of(large, "judge").test, "wasserstein");
  EXPECT_EQ(of(large, "rating").test, "jensen_shannon");
  EXPECT_EQ(of(large, "model").test, "jensen_shannon");
  EXPECT_EQ(of(large, "judge").threshold, 0.1);
  EXPECT_FALSE(of(large, "judge").p_value);
}

TEST_F(Drift, IsFoundOfNoWindowMoreOftenThanTheLevel) {
  const Sample reference = sample({}, 200, 0);
  int wrong = 0;
  constexpr int kWindows = 40;
  for (int window = 1; window <= kWindows; ++window) {
    const auto drifts = compare(reference, sample({}, 200, 1000u * static_cast<std::uint64_t>(window)), config());
    wrong += std::ranges::any_of(drifts, &ColumnDrift::has_drifted);
  }
  EXPECT_LE(wrong, 6) << "of 40, at the level 0.05 with one reference for all";
}

TEST_F(Drift, SaysWhichWordsChanged) {
  const auto drifts = compare(sample({}, 400, 0), sample({.refund_share = 0.2}, 400, 1000), config());
  const ColumnDrift& words = of(drifts, "prompt_words");
  EXPECT_TRUE(words.has_drifted);
  ASSERT_THAT(words.words, testing::Not(testing::IsEmpty()));
  const auto refund = std::ranges::find(words.words, "refund", &WordChange::word);
  ASSERT_NE(refund, words.words.end());
  EXPECT_NEAR(refund->before, 0.02, 0.02);
  EXPECT_NEAR(refund->now, 0.2, 0.06);
  EXPECT_FALSE(of(drifts, "output_words").has_drifted);
}

TEST_F(Drift, SeesThatValuesAreMissing) {
  Sample reference = sample({}, 200, 0), window = sample({}, 200, 1000);
  window.columns[2] = ColumnSample();  // no ratings any more
  const auto drifts = compare(reference, window, config());
  const ColumnDrift& rating = of(drifts, "rating");
  EXPECT_EQ(rating.test, "presence");
  EXPECT_TRUE(rating.has_drifted);
  EXPECT_EQ(std::ranges::count(drifts, "rating", &ColumnDrift::column), 1) << "nothing to compare";
  reference.columns[2] = ColumnSample();
  EXPECT_EQ(std::ranges::count(compare(reference, window, config()), "rating", &ColumnDrift::column), 0);
}

TEST_F(Drift, KnowsConstantColumns) {
  Sample reference = sample({}, 50, 0), window = sample({}, 50, 100);
  reference.columns[3].numbers.assign(50, 2.0);
  window.columns[3].numbers.assign(50, 2.0);
  for (const DriftTest* test :
       {find_test("kolmogorov_smirnov", ColumnKind::Number), find_test("chi_squared", ColumnKind::Number),
        find_test("wasserstein", ColumnKind::Number), find_test("jensen_shannon", ColumnKind::Number),
        find_test("population_stability", ColumnKind::Number)}) {
    const auto drifts =
        compare(reference, window, config(fmt::format(R"("drift": {{"tests": {{"judge": "{}"}}}})", test->name)));
    EXPECT_EQ(of(drifts, "judge").statistic, 0) << test->name;
    EXPECT_FALSE(of(drifts, "judge").has_drifted) << test->name;
  }
}

}  // namespace
}  // namespace pegbox::watch
