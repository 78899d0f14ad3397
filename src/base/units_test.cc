// Tests of units: what people write is read, what is printed is short and right at every border.
#include "base/units.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/number.h"
#include "base/rng.h"

namespace pegbox {
namespace {

TEST(Bytes, AreReadWithBinaryAndDecimalPrefixes) {
  EXPECT_EQ(parse_bytes("20GiB").value(), 20.0 * (1ull << 30));
  EXPECT_EQ(parse_bytes("512 MB").value(), 512e6);
  EXPECT_EQ(parse_bytes("1e9").value(), 1e9);
  EXPECT_EQ(parse_bytes(" 1.5 kib ").value(), 1536);
  EXPECT_EQ(parse_bytes("3K").value(), 3000);
  EXPECT_EQ(parse_bytes("2Ti").value(), 2.0 * (1ull << 40));
  EXPECT_EQ(parse_bytes("7 B").value(), 7);
  EXPECT_EQ(parse_bytes("0").value(), 0);
}

TEST(Bytes, RefuseWhatIsNoSizeAndNameIt) {
  for (const char* text : {"", "GiB", "-1GiB", "20 GiB x", "20XB", "1e999", "nan", "inf", "0x10", "1 2", "20 GiB20"}) {
    const auto result = parse_bytes(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().kind, ErrorKind::InvalidInput);
    EXPECT_NE(result.error().message.find('"' + std::string(text) + '"'), std::string::npos) << result.error().message;
    EXPECT_NE(result.error().message.find("20GiB"), std::string::npos);
  }
}

TEST(Duration, IsReadInAnyDescendingUnits) {
  EXPECT_EQ(parse_duration("20m").value(), 1200);
  EXPECT_EQ(parse_duration("1h30m").value(), 5400);
  EXPECT_EQ(parse_duration("1h 30m 5s").value(), 5405);
  EXPECT_EQ(parse_duration("90s").value(), 90);
  EXPECT_DOUBLE_EQ(parse_duration("250ms").value(), 0.25);
  EXPECT_EQ(parse_duration("2d").value(), 172800);
  EXPECT_EQ(parse_duration("90").value(), 90);
  EXPECT_EQ(parse_duration("1.5 h").value(), 5400);
  EXPECT_EQ(parse_duration("2 min").value(), 120);
}

TEST(Duration, RefusesAmbiguousOrForeignForms) {
  for (const char* text : {"", "m", "-5m", "1h30", "30m1h", "1m1m", "5 parsecs", "1h:30m", "inf", "10 20", "1e3e"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(FormatBytes, UsesTheLargestUnitBelowIts1024) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1024), "1 KiB");
  EXPECT_EQ(format_bytes(1.5 * (1 << 30)), "1.5 GiB");
  EXPECT_EQ(format_bytes(1024.0 * 1024 - 1), "1 MiB") << "1024.0 KiB would be longer and no truer";
  EXPECT_EQ(format_bytes(20.0 * (1ull << 30)), "20 GiB");
  EXPECT_EQ(format_bytes(-2048), "-2 KiB");
  EXPECT_EQ(format_bytes(std::exp2(70)), "1048576 PiB");
  EXPECT_EQ(format_bytes(kInfinity), "inf");
}

TEST(FormatDuration, NamesAtMostTwoUnits) {
  EXPECT_EQ(format_duration(0), "0 s");
  EXPECT_EQ(format_duration(0.00025), "250 us");
  EXPECT_EQ(format_duration(0.85), "850 ms");
  EXPECT_EQ(format_duration(4.25), "4.2 s");
  EXPECT_EQ(format_duration(42), "42 s");
  EXPECT_EQ(format_duration(59.7), "1 m");
  EXPECT_EQ(format_duration(200), "3 m 20 s");
  EXPECT_EQ(format_duration(3599.6), "1 h");
  EXPECT_EQ(format_duration(7500), "2 h 5 m");
  EXPECT_EQ(format_duration(86399), "1 d");
  EXPECT_EQ(format_duration(100000), "1 d 4 h");
  EXPECT_EQ(format_duration(-42), "-42 s");
  EXPECT_EQ(format_duration(kInfinity), "inf");
}

TEST(FormatCount, ShortensThousands) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(950), "950");
  EXPECT_EQ(format_count(0.5), "0.5");
  EXPECT_EQ(format_count(12345), "12.3 k");
  EXPECT_EQ(format_count(999960), "1 M");
  EXPECT_EQ(format_count(4.1e6), "4.1 M");
  EXPECT_EQ(format_count(2e9), "2 G");
  EXPECT_EQ(format_count(-1500), "-1.5 k");
}

TEST(FormatNumber, IsShortForPeople) {
  EXPECT_EQ(format_number(0.1), "0.1");
  EXPECT_EQ(format_number(1e-5), "1e-5");
  EXPECT_EQ(format_number(3e-4), "3e-4");
  EXPECT_EQ(format_number(0.05), "0.05");
  EXPECT_EQ(format_number(100000), "100000");
  EXPECT_EQ(format_number(2e8), "2e8");
  EXPECT_EQ(format_number(-2.5), "-2.5");
  EXPECT_EQ(format_number(0), "0");
  EXPECT_EQ(format_number(1e300), "1e300");
  EXPECT_EQ(format_number(std::nan("")), "nan");
  EXPECT_EQ(format_number(-kInfinity), "-inf");
}

TEST(FormatNumber, ReadsBackAsTheSameDoubleWhateverItsBits) {
  Rng rng({.seed = 1, .stream = stream_id("format_number")});
  for (int i = 0; i < 100000; ++i) {
    const double value = std::bit_cast<double>(rng.next_u64());
    if (!std::isfinite(value)) continue;
    const std::string text = format_number(value);
    ASSERT_EQ(std::bit_cast<std::uint64_t>(std::strtod(text.c_str(), nullptr)), std::bit_cast<std::uint64_t>(value))
        << text;
    ASSERT_LE(text.size(), 24u);
  }
}

TEST(Units, ReadBackWhatTheyPrint) {
  Rng rng({.seed = 2, .stream = stream_id("units")});
  for (int i = 0; i < 2000; ++i) {
    const double amount = std::exp(rng.uniform() * 30);
    EXPECT_NEAR(parse_bytes(format_bytes(amount)).value() / amount, 1, 0.06) << format_bytes(amount);
    EXPECT_NEAR(parse_duration(format_duration(amount)).value() / amount, 1, 0.06) << format_duration(amount);
  }
}

}  // namespace
}  // namespace pegbox
