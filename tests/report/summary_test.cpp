#include "report/summary.h"

#include <gtest/gtest.h>

#include "report/text.h"
#include "tests/report/support.h"

namespace orrery::report {
namespace {

using testing::example_result;

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

TEST(Summary, TheFirstLineSaysWhetherItFits) {
  Result r = example_result();
  EXPECT_EQ(first_line(summary(r)),
            "fits: 64.00 of 80.00 GiB a GPU (60.00 allocated, 62.00 reserved, 2.00 runtime), 16.00 GiB left");
  r.memory.fits = false;
  r.memory.reserved = {90LL << 30};
  EXPECT_EQ(first_line(summary(r)).rfind("does not fit: 92.00 of 80.00 GiB", 0), 0u);
  EXPECT_NE(first_line(summary(r)).find("12.00 GiB too many"), std::string::npos);
}

TEST(Summary, NamesThePeakThatUtilisationDividesBy) {
  EXPECT_NE(summary(example_result()).find("989.0 TFLOP/s (h100-sxm-80gb, bf16, dense)"), std::string::npos);
}

TEST(Summary, SetsThePublishedValueBesideThePredicted) {
  const std::string text = summary(example_result());
  EXPECT_NE(text.find("+10.0 %"), std::string::npos);
  EXPECT_NE(text.find("no such number"), std::string::npos);
}

TEST(Summary, ColourIsNeverTheOnlyCarrierOfMeaning) {
  Result r = example_result();
  std::string painted = summary(r, {true});
  EXPECT_NE(painted, summary(r));
  for (std::size_t at; (at = painted.find('\033')) != std::string::npos;)
    painted.erase(at, painted.find('m', at) - at + 1);
  EXPECT_EQ(painted, summary(r));
}

TEST(Text, SignificantDigits) {
  EXPECT_EQ(significant(4.7314), "4.731");
  EXPECT_EQ(significant(0.012345), "0.01235");
  EXPECT_EQ(significant(123456.7), "123457");
  EXPECT_EQ(significant(0), "0");
  EXPECT_EQ(significant(430.2, 3), "430");
}

TEST(Text, GroupsAndPrefixes) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(16384), "16,384");
  EXPECT_EQ(grouped(-1234567), "-1,234,567");
  EXPECT_EQ(with_prefix(3'541'000), "3.54 M");
  EXPECT_EQ(with_unit(3'541'000, "B"), "3.54 MB");
  EXPECT_EQ(with_unit(0, "B"), "0 B");
  EXPECT_EQ(human_seconds(0.01234), "12.34 ms");
}

TEST(Text, ABarIsNeverEmptyForSomething) {
  EXPECT_EQ(bar(0, 10), "");
  EXPECT_EQ(bar(1e-9, 10), "#");
  EXPECT_EQ(bar(0.5, 10), "#####");
  EXPECT_EQ(bar(2, 10), "##########");
}

TEST(Text, TableColumnsLineUp) {
  Table table("lr");
  table.row({"a", "1"});
  table.row({"long", "22"});
  EXPECT_EQ(table.str(""), "a      1\nlong  22\n");
}

}  // namespace
}  // namespace orrery::report
