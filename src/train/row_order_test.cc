// Tests of the order in which a run reads its rows.
#include "train/row_order.h"

#include <gtest/gtest.h>

#include <cmath>

#include "train/testing.h"

namespace pegbox::train {
namespace {

/// Rows of 2 to 5 tokens, in turn of the groups a, b and c, with few of b.
text::TokenizedRows grouped_rows() {
  text::TokenizedRows rows;
  rows.group_names = {"a", "b", "c"};
  for (int row = 0; row < 60; ++row) {
    const int length = 2 + row % 4;
    rows.ids.insert(rows.ids.end(), static_cast<std::size_t>(length), 1);
    rows.offsets.push_back(static_cast<std::int64_t>(rows.ids.size()));
    rows.label_starts.push_back(1);
    rows.groups.push_back(row % 10 == 0 ? 1 : 2 * (row % 2));
  }
  return rows;
}

TrainConfig order_config(const Json& fields) { return *read_train_config(Json::object(), fields, "test"); }

/// Tokens, or rows, of each group among the first `count` rows.
std::vector<double> shares(const TrainConfig& config, const text::TokenizedRows& rows, int count, bool of_rows) {
  const auto order = make_row_order(config, rows);
  EXPECT_TRUE(order.has_value()) << order.error().message;
  std::vector<double> sums(rows.group_names.size());
  double total = 0;
  for (const std::int64_t row : (*order)->next(count)) {
    const double cost = of_rows ? 1 : static_cast<double>(rows.length(row));
    sums[static_cast<std::size_t>(rows.groups[row])] += cost;
    total += cost;
  }
  for (double& sum : sums) sum /= total;
  return sums;
}

TEST(RowOrder, MixesSetsAsTheConfigSaysElseAsTheDataSay) {
  text::TokenizedRows rows = grouped_rows();
  const auto near = [](const std::vector<double>& is, const std::vector<double>& wanted) {
    for (std::size_t i = 0; i < is.size(); ++i) EXPECT_NEAR(is[i], wanted[i], 0.005) << i;
  };
  near(shares(order_config({{"mixture", {{"a", 0.5}, {"b", 0.5}}}}), rows, 3000, false), {0.5, 0.5, 0});
  near(shares(order_config({{"mixture.a", 1}, {"mixture.b", 1}, {"mixture.c", 2}}), rows, 3000, false),
       {0.25, 0.25, 0.5});
  rows.group_weights = {{"a", 1}, {"b", 2}, {"c", 1}};
  near(shares(order_config(Json::object()), rows, 3000, false), {0.25, 0.5, 0.25});
  near(shares(order_config({{"mixture", "a=1,b=0,c=3"}}), rows, 3000, false), {0.25, 0, 0.75});
}

TEST(RowOrder, MixesSetsByATemperature) {
  text::TokenizedRows rows = grouped_rows();
  std::vector<double> tokens(3);
  for (std::int64_t row = 0; row < rows.size(); ++row)
    tokens[static_cast<std::size_t>(rows.groups[row])] += static_cast<double>(rows.length(row));
  for (const double temperature : {0.5, 2.0, 1e6}) {
    std::vector<double> wanted;
    for (const double count : tokens) wanted.push_back(std::pow(count, 1 / temperature));
    const double sum = wanted[0] + wanted[1] + wanted[2];
    const auto is = shares(order_config({{"mixture_temperature", temperature}}), rows, 3000, false);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(is[i], wanted[i] / sum, 0.005) << temperature << " " << i;
  }
  const auto refusal = [&](const Json& fields) {
    const auto order = make_row_order(order_config(fields), rows);
    return order ? "" : order.error().message;
  };
  EXPECT_NE(refusal({{"mixture_temperature", 2}, {"mixture", "a=1"}}).find("2 and a=1; expected one of the two"),
            std::string::npos);
  rows.groups_are_classes = true;
  EXPECT_NE(refusal({{"mixture_temperature", 2}}).find("there are no sets to mix"), std::string::npos);
}

TEST(RowOrder, GivesCopiesOfRowsNoShare) {
  const text::TokenizedRows plain = grouped_rows();
  text::TokenizedRows rows = plain;
  for (std::int64_t row = 0; row < 60; ++row) rows.sources.push_back(row);
  rows.plain_texts = 60;
  for (std::int64_t copy = 60; copy < 160; ++copy) {  // all of b
    rows.ids.insert(rows.ids.end(), 5, 1);
    rows.offsets.push_back(std::ssize(rows.ids));
    rows.label_starts.push_back(1);
    rows.groups.push_back(1);
    rows.sources.push_back(copy);
  }
  const TrainConfig config = order_config({{"mixture_temperature", 2}});
  EXPECT_EQ(*set_shares(config, rows), *set_shares(config, plain));
}

TEST(RowOrder, BalancesClassesByRows) {
  text::TokenizedRows rows = grouped_rows();
  rows.groups_are_classes = true;  // 24, 6 and 30 rows
  const auto all = shares(order_config({{"balance", 1}}), rows, 3000, true);
  for (const double share : all) EXPECT_NEAR(share, 1.0 / 3, 0.005);
  const auto half = shares(order_config({{"balance", 0.5}}), rows, 3000, true);
  const double sum = std::sqrt(24.0) + std::sqrt(6.0) + std::sqrt(30.0);
  EXPECT_NEAR(half[0], std::sqrt(24.0) / sum, 0.005);
  EXPECT_NEAR(half[1], std::sqrt(6.0) / sum, 0.005);
  EXPECT_NEAR(shares(order_config(Json::object()), rows, 60, true)[1], 0.1, 1e-12) << "one epoch, as they are";
}

TEST(RowOrder, RefusesSharesThatCannotBe) {
  text::TokenizedRows rows = grouped_rows();
  rows.group_names.push_back("empty");
  const auto refuse = [&](const Json& fields, const std::vector<std::string>& said) {
    const auto order = make_row_order(order_config(fields), rows);
    ASSERT_FALSE(order.has_value());
    for (const std::string& text : said)
      EXPECT_NE(order.error().message.find(text), std::string::npos) << order.error().message;
  };
  refuse({{"mixture", {{"d", 1}}}}, {"no training set", "got d", "a, b, c"});
  refuse({{"mixture", {{"a", -1}, {"b", 2}}}}, {"negative", "a: -1"});
  refuse({{"mixture", {{"a", 0}}}}, {"all shares are 0"});
  refuse({{"mixture", {{"empty", 1}}}}, {"no row", "empty"});
  refuse({{"mixture", "a"}}, {"not a share", "books=0.7"});
  refuse({{"balance", 1}}, {"no classes"});
  refuse({{"balance", 1}, {"mixture", {{"a", 1}}}}, {"mixed by their sets"});
}

}  // namespace
}  // namespace pegbox::train
