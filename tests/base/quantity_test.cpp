#include "sim/base/read/quantity.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace orrery {
namespace {

const Where kHere{"a.yaml", 3, 7};

std::string complaint(const auto& result) {
  return result ? "no complaint" : to_string(result.errors().front());
}

// Bits and bytes differ by eight, and by nothing but the case of a letter.
TEST(Quantity, FourHundredGigabitsAreFiftyGigabytes) {
  EXPECT_EQ(*parse_bandwidth("400 Gb/s", kHere), *parse_bandwidth("50GB/s", kHere));
  EXPECT_EQ(parse_bandwidth("400Gbps", kHere)->n, 50'000'000'000);
  EXPECT_EQ(parse_bandwidth("400 GB/s", kHere)->n, 400'000'000'000);
}

TEST(Quantity, PrefixesAreThousandsOrBinary) {
  EXPECT_EQ(parse_bytes("80GiB", kHere)->n, 80ll << 30);
  EXPECT_EQ(parse_bytes("80 GB", kHere)->n, 80'000'000'000);
  EXPECT_EQ(parse_bytes("1k"
                        "B",
                        kHere)
                ->n,
            parse_bytes("1KB", kHere)->n);
  EXPECT_EQ(*parse_count("40Mi", kHere), 40 << 20);
  EXPECT_EQ(*parse_count("2K", kHere), 2000);
}

// Decimals are kept in integers until the unit is known.
TEST(Quantity, DecimalsAreExact) {
  EXPECT_EQ(parse_bytes("0.1 GB", kHere)->n, 100'000'000);
  EXPECT_EQ(parse_duration("1.5us", kHere)->count_ps(), 1'500'000);
  EXPECT_EQ(parse_bandwidth("3.35TB/s", kHere)->n, 3'350'000'000'000);
  EXPECT_EQ(parse_flop_rate("989.4 TFLOP/s", kHere)->n, 989.4e12);
}

TEST(Quantity, MicrosecondsMayBeWrittenWithEitherMu) {
  const Duration two = Duration::us(2);
  EXPECT_EQ(*parse_duration("2us", kHere), two);
  EXPECT_EQ(*parse_duration("2 \u00B5s", kHere), two);
  EXPECT_EQ(*parse_duration("2\u03BCs", kHere), two);
  EXPECT_EQ(parse_duration("1 min", kHere)->seconds(), 60);
}

TEST(Quantity, CountsReadAsDeepSpeedUsersWriteThem) {
  EXPECT_EQ(*parse_count("5e8", kHere), 500'000'000);
  EXPECT_EQ(*parse_count("4.0", kHere), 4);
  EXPECT_EQ(*parse_count("8_000", kHere), 8000);
  EXPECT_EQ(*parse_count("0", kHere), 0);
  EXPECT_EQ(*parse_count("1.5K", kHere), 1500);
}

TEST(Quantity, BareNumberIsAnErrorThatNamesTheUnit) {
  EXPECT_EQ(complaint(parse_bandwidth("400", kHere)),
            "a.yaml:3:7: '400' has no unit; a bandwidth needs one, for example 400 Gb/s (bits) or 50 GB/s (bytes)");
  EXPECT_NE(complaint(parse_duration("1.5", kHere)).find("1.5 us or 20 ms"), std::string::npos);
}

// Which of the two was meant is not ours to guess.
TEST(Quantity, WrongCaseNamesBothReadings) {
  EXPECT_NE(complaint(parse_bandwidth("400 gb/s", kHere)).find("did you mean 'GB/s' or 'Gb/s'"), std::string::npos)
      << complaint(parse_bandwidth("400 gb/s", kHere));
}

TEST(Quantity, WhatIsNoQuantityIsRefused) {
  for (const char* text : {"",         " ",        "fast",    "GB/s",      "1e",       "--1 GB/s",   "1..2 GB/s",
                           "nan GB/s", "inf GB/s", ".inf",    "0x10 GB/s", "010 GB/s", "-1 GB/s",    "1  GB/s",
                           "1 GB/s/s", "1 m GB/s", "1_ GB/s", "_1 GB/s",   "1 GB",     "1e400 GB/s", "99999999999 PB/s",
                           "1 KK B/s"})
    EXPECT_FALSE(parse_bandwidth(text, kHere).ok()) << text;
  for (const char* text : {"1.5", "010", "0x10", "nan", "10 B", "1e30", "one", "", "1 0", "1,000"})
    EXPECT_FALSE(parse_count(text, kHere).ok()) << text;
  for (const char* text : {"nan", "inf", ".inf", "-.inf", "1e999", "", "1x"})
    EXPECT_FALSE(parse_number(text, kHere).ok()) << text;
}

// YAML 1.1 has 22 ways to say yes or no; a country code is one of them.
TEST(Quantity, OnlyTrueAndFalseAreBooleans) {
  EXPECT_TRUE(*parse_bool("true", kHere));
  EXPECT_FALSE(*parse_bool("false", kHere));
  for (const char* text : {"yes", "no", "on", "off", "y", "n", "True", "1", ""})
    EXPECT_FALSE(parse_bool(text, kHere).ok()) << text;
}

TEST(Quantity, LargestAndSmallestValues) {
  EXPECT_EQ(*parse_count("9223372036854775807", kHere), INT64_MAX);
  EXPECT_FALSE(parse_count("9223372036854775808", kHere).ok());
  EXPECT_EQ(parse_duration("0.0000001 ps", kHere)->count_ps(), 0);
  EXPECT_EQ(*parse_number("50%", kHere), 0.5);
}

// Every text of every length either parses or complains; none may crash.
TEST(Quantity, AnyBytesAreAnswered) {
  constexpr std::string_view alphabet = "0159.eE+-_kKMGTPi bB/s%u\xC2\xB5x";
  std::uint64_t state = 1;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (state = state * 6364136223846793005ull + 1; state >> 60 != 0 && text.size() < 24;
         state = state * 6364136223846793005ull + 1442695040888963407ull)
      text += alphabet[(state >> 33) % alphabet.size()];
    (void)parse_bytes(text, kHere).ok();
    (void)parse_bandwidth(text, kHere).ok();
    (void)parse_duration(text, kHere).ok();
    (void)parse_count(text, kHere).ok();
    (void)parse_number(text, kHere).ok();
  }
}

}  // namespace
}  // namespace orrery
