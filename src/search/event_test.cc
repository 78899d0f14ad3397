// Event: payloads survive encoding, and damaged ones are named.
#include "search/event.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/rng.h"
#include "search/payload_reader.h"

namespace pegbox {
namespace {

/// Equal as encoded, which is all that a store keeps; numbers that are not a number included.
void expect_survives(const Event::What& what) {
  const std::string payload = encode_payload(what);
  EXPECT_EQ(payload.find('\n'), std::string::npos);
  const auto back = decode_payload(kind_of(what), payload);
  ASSERT_TRUE(back) << payload << "\n" << back.error().message;
  EXPECT_EQ(back->index(), what.index());
  EXPECT_EQ(encode_payload(*back), payload);
  // A space in front keeps the fast reader away: both readers must agree.
  const auto slow = decode_payload(kind_of(what), " " + payload);
  ASSERT_TRUE(slow) << payload << "\n" << slow.error().message;
  EXPECT_EQ(encode_payload(*slow), payload);
  EXPECT_FALSE(decode_usual_payload(kind_of(what), " " + payload));
}

std::string random_text(Rng& rng) {
  static const std::vector<std::string> kPieces{"a", "loss", " ", "\"", "\\",   "\n",       "\t",
                                                "/", "\x01", "{", "}",  ",",    "\xc3\xa9", "\xe2\x82\xac",
                                                "0", "nan",  "[", ":",  "\x7f", "-",        "\xf0\x9f\x98\x80"};
  std::string text;
  for (std::uint64_t i = 0, count = rng.below(6); i < count; ++i)
    text += kPieces[rng.below(rng.below(2) ? kPieces.size() : 3)];
  return text;
}

double random_real(Rng& rng) {
  switch (rng.below(8)) {
    case 0:
      return std::nan("");
    case 1:
      return std::numeric_limits<double>::infinity();
    case 2:
      return -std::numeric_limits<double>::infinity();
    case 3:
      return static_cast<double>(rng.below(1000));
    case 4:
      return std::numeric_limits<double>::denorm_min();
    case 5:
      return -std::numeric_limits<double>::max();
    default:
      return rng.normal() * std::pow(10, rng.normal() * 10);
  }
}

std::int64_t random_integer(Rng& rng) {
  switch (rng.below(4)) {
    case 0:
      return std::numeric_limits<std::int64_t>::max();
    case 1:
      return std::numeric_limits<std::int64_t>::min();
    default:
      return static_cast<std::int64_t>(rng.below(100000));
  }
}

Json random_json(Rng& rng, int depth) {
  switch (rng.below(depth > 0 ? 7 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return rng.below(2) == 1;
    case 2:
      return random_integer(rng);
    case 3:
      return random_text(rng);
    case 4:
      return rng.normal();
    case 5: {
      Json list = Json::array();
      for (std::uint64_t i = 0, count = rng.below(4); i < count; ++i) list.push_back(random_json(rng, depth - 1));
      return list;
    }
    default: {
      Json object = Json::object();
      for (std::uint64_t i = 0, count = rng.below(4); i < count; ++i)
        object[random_text(rng)] = random_json(rng, depth - 1);
      return object;
    }
  }
}

std::optional<CheckpointRef> random_checkpoint(Rng& rng) {
  if (rng.below(2)) return std::nullopt;
  return CheckpointRef{random_integer(rng), random_integer(rng), random_text(rng)};
}

Metrics random_metrics(Rng& rng) {
  Metrics metrics;
  for (std::uint64_t i = 0, count = rng.below(5); i < count; ++i) metrics[random_text(rng)] = random_real(rng);
  return metrics;
}

Config random_config(Rng& rng) {
  Config config;
  for (std::uint64_t i = 0, count = rng.below(6); i < count; ++i) {
    const std::string name = random_text(rng);
    switch (rng.below(4)) {
      case 0:
        config.set(name, rng.below(2) == 1);
        break;
      case 1:
        config.set(name, random_integer(rng));
        break;
      case 2:
        config.set(name, rng.below(2) ? rng.normal() : static_cast<double>(rng.below(10)));
        break;
      default:
        config.set(name, random_text(rng));
    }
  }
  return config;
}

Event::What random_what(Rng& rng) {
  switch (rng.below(7)) {
    case 0:
      return event::StudyCreated{random_json(rng, 4), random_text(rng)};
    case 1:
      return event::StudyChanged{random_json(rng, 4)};
    case 2:
      return event::TrialCreated{random_integer(rng), random_config(rng), random_json(rng, 3), rng.next_u64(),
                                 random_checkpoint(rng)};
    case 3:
      return event::TrialStarted{random_integer(rng), random_text(rng), random_integer(rng), random_integer(rng),
                                 random_real(rng)};
    case 4:
      return event::TrialReported{random_integer(rng), random_integer(rng), random_metrics(rng)};
    case 5: {
      event::TrialMoved moved{random_integer(rng), static_cast<TrialState>(rng.below(7)),
                              random_integer(rng), random_checkpoint(rng),
                              std::nullopt,        random_text(rng)};
      if (rng.below(2)) moved.failure = static_cast<FailureKind>(rng.below(6));
      return moved;
    }
    default: {
      event::Note note{std::nullopt, random_text(rng), random_json(rng, 4)};
      if (rng.below(2)) note.trial = random_integer(rng);
      return note;
    }
  }
}

TEST(Event, SurvivesEncodingWhateverIsInIt) {
  Rng rng({1, stream_id("events")});
  for (int i = 0; i < 20000; ++i) expect_survives(random_what(rng));
}

TEST(Event, KeepsEveryMember) {
  const event::TrialMoved moved{7,    TrialState::Failed, 300, CheckpointRef{3, 200, "x"}, FailureKind::OutOfMemory,
                                "why"};
  const auto back = decode_payload("trial-moved", encode_payload(moved));
  ASSERT_TRUE(back);
  const auto& read = std::get<event::TrialMoved>(*back);
  EXPECT_EQ(read.trial, 7);
  EXPECT_EQ(read.to, TrialState::Failed);
  EXPECT_EQ(read.step, 300);
  EXPECT_EQ(read.checkpoint->trial, 3);
  EXPECT_EQ(read.checkpoint->step, 200);
  EXPECT_EQ(read.checkpoint->name, "x");
  EXPECT_EQ(read.failure, FailureKind::OutOfMemory);
  EXPECT_EQ(read.detail, "why");
  const event::TrialCreated created{8, {{"a", 2.0}, {"b", std::int64_t{2}}}, Json{{"by", "gp"}}, ~0ull, {}};
  const auto again = std::get<event::TrialCreated>(*decode_payload("trial-created", encode_payload(created)));
  EXPECT_EQ(again.seed, ~0ull);
  EXPECT_EQ(*again.config.find("a"), Value(2.0));
  EXPECT_EQ(*again.config.find("b"), Value(std::int64_t{2}));
  EXPECT_EQ(again.reason["by"], "gp");
  EXPECT_FALSE(again.clone_of);
}

TEST(Event, HasPayloadsThatAPersonCanRead) {
  EXPECT_EQ(encode_payload(event::TrialReported{7, 50, {{"loss", 2.0}, {"bad", std::nan("")}}}),
            R"({"trial":7,"step":50,"metrics":{"bad":"nan","loss":2.0}})");
  EXPECT_EQ(encode_payload(event::TrialStarted{7, "worker 3", 0, 400, 60}),
            R"({"trial":7,"worker":"worker 3","from":0,"until":400,"lease_s":60.0})");
  EXPECT_EQ(encode_payload(event::TrialMoved{7, TrialState::Done, 400, {}, {}, ""}),
            R"({"trial":7,"to":"done","step":400})");
  EXPECT_EQ(encode_payload(event::Note{{}, "k", 1}), R"({"key":"k","value":1})");
}

TEST(Event, HasKindsWithStableNames) {
  EXPECT_EQ(kind_of(event::StudyCreated{}), "study-created");
  EXPECT_EQ(kind_of(event::StudyChanged{}), "study-changed");
  EXPECT_EQ(kind_of(event::TrialCreated{}), "trial-created");
  EXPECT_EQ(kind_of(event::TrialStarted{}), "trial-started");
  EXPECT_EQ(kind_of(event::TrialReported{}), "trial-reported");
  EXPECT_EQ(kind_of(event::TrialMoved{}), "trial-moved");
  EXPECT_EQ(kind_of(event::Note{}), "note");
}

TEST(Event, OfAnUnknownKindIsUnsupported) {
  const auto what = decode_payload("trial-cloned", "{}");
  ASSERT_FALSE(what);
  EXPECT_EQ(what.error().kind, ErrorKind::Unsupported);
  EXPECT_NE(what.error().message.find("trial-cloned"), std::string::npos);
}

TEST(Event, ThatDoesNotFitItsKindIsCorrupt) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"trial-reported", ""},
      {"trial-reported", "{"},
      {"trial-reported", "[]"},
      {"trial-reported", "7"},
      {"trial-reported", R"({"trial":7,"step":50})"},
      {"trial-reported", R"({"trial":7,"step":50,"metrics":[]})"},
      {"trial-reported", R"({"trial":7,"step":50,"metrics":{"a":"x"}})"},
      {"trial-reported", R"({"trial":7,"step":50,"metrics":{"a":null}})"},
      {"trial-reported", R"({"trial":7,"step":50,"metrics":{"a":1,"a":2}})"},
      {"trial-reported", R"({"trial":7,"step":50,"step":50,"metrics":{}})"},
      {"trial-reported", R"({"trial":7,"step":50,"metrics":{},"more":1})"},
      {"trial-reported", R"({"trial":7.0,"step":50,"metrics":{}})"},
      {"trial-reported", R"({"trial":"7","step":50,"metrics":{}})"},
      {"trial-reported", R"({"trial":9223372036854775808,"step":50,"metrics":{}})"},
      {"trial-reported", R"({"trial":07,"step":50,"metrics":{}})"},
      {"trial-reported", R"({"trial":7,"step":50,"metrics":{"a":.5}})"},
      {"trial-reported", R"({"trial":7,"step":50,"metrics":{"a":1.}})"},
      {"trial-reported", R"({"trial":7,"step":50,"metrics":{"a":1e}})"},
      {"trial-reported", R"({"trial":7,"step":50,"metrics":{"a":+1}})"},
      {"trial-reported", R"({"trial":7,"step":50,"metrics":{"a":nan}})"},
      {"trial-reported", R"({"trial":7,"step":50,"metrics":{"a":1,}})"},
      {"trial-reported", R"({"trial":7,"step":50,"metrics":{,"a":1}})"},
      {"trial-reported", R"({"trial":7 "step":50,"metrics":{}})"},
      {"trial-reported", R"({"trial":7,"step":50,"metrics":{}}})"},
      {"trial-reported", R"({"trial":7,"step":50,"metrics":{}} 7)"},
      {"trial-moved", R"({"trial":7,"to":"gone","step":0})"},
      {"trial-moved", R"({"trial":7,"to":7,"step":0})"},
      {"trial-moved", R"({"trial":7,"to":"done","step":0,"failure":"bad luck"})"},
      {"trial-moved", R"({"trial":7,"to":"done","step":0,"checkpoint":{"trial":1}})"},
      {"trial-moved", R"({"trial":7,"to":"done","step":0,"checkpoint":null})"},
      {"trial-started", R"({"trial":7,"worker":"w","from":0})"},
      {"trial-started", R"({"trial":7,"worker":"w","from":0,"until":1,"lease_s":"long"})"},
      {"trial-created", R"({"trial":7,"config":{"a":[1]},"seed":1})"},
      {"trial-created", R"({"trial":7,"config":{"a":1,"a":1},"seed":1})"},
      {"trial-created", R"({"trial":7,"config":{},"seed":-1})"},
      {"trial-created", R"({"trial":7,"config":{},"reason":{"a":1,"a":2},"seed":1})"},
      {"trial-created", R"({"trial":7,"config":{},"reason":{]},"seed":1})"},
      {"trial-created", R"({"trial":7,"config":{},"reason":,"seed":1})"},
      {"study-created", R"({"spec":{}})"},
      {"note", R"({"trial":"x","key":"k","value":1})"},
      {"note", R"({"key":"k"})"},
  };
  for (const auto& [kind, payload] : cases) {
    const auto what = decode_payload(kind, payload);
    ASSERT_FALSE(what) << kind << " " << payload;
    EXPECT_EQ(what.error().kind, ErrorKind::Corrupt) << payload;
    EXPECT_NE(what.error().message.find(kind), std::string::npos) << what.error().message;
  }
}

/// Reads fast where it can. What a change of one byte makes of a payload, both readers must see alike.
TEST(PayloadReader, AgreesWithTheParserOnDamagedPayloads) {
  Rng rng({2, stream_id("damage")});
  const std::string bytes = "{}[]\",:.-+eE0123456789 abtfn\\\x01\xc3";
  int accepted = 0;
  for (int i = 0; i < 40000; ++i) {
    const Event::What what = random_what(rng);
    std::string payload = encode_payload(what);
    for (std::uint64_t j = 0, count = rng.below(3); j < count; ++j) {
      const auto place = rng.below(payload.size());
      if (rng.below(3) == 0)
        payload.erase(place, 1);
      else
        payload[place] = bytes[rng.below(bytes.size())];
    }
    const auto fast = decode_usual_payload(kind_of(what), payload);
    if (!fast) continue;
    ++accepted;
    const auto slow = decode_payload(kind_of(what), " " + payload);
    ASSERT_TRUE(slow) << payload << "\n" << slow.error().message;
    ASSERT_EQ(encode_payload(*fast), encode_payload(*slow)) << payload;
  }
  EXPECT_GT(accepted, 2000);
}

TEST(PayloadReader, ReadsTheUsualEventsOfAStudy) {
  EXPECT_TRUE(decode_usual_payload("trial-reported", encode_payload(event::TrialReported{1, 2, {{"loss", 0.5}}})));
  EXPECT_TRUE(decode_usual_payload("trial-started", encode_payload(event::TrialStarted{1, "worker 3", 0, 9, 60})));
  EXPECT_TRUE(decode_usual_payload(
      "trial-moved",
      encode_payload(event::TrialMoved{1, TrialState::Paused, 9, CheckpointRef{1, 9, "c"}, {}, "rung"})));
  EXPECT_TRUE(decode_usual_payload(
      "trial-created",
      encode_payload(event::TrialCreated{1,
                                         {{"a", 0.5}, {"b", true}, {"c", std::string("x")}, {"d", std::int64_t{-1}}},
                                         Json{{"by", "g\u00e9"}, {"x", {1, 2}}},
                                         5,
                                         CheckpointRef{0, 3, "n"}})));
}

}  // namespace
}  // namespace pegbox
