#include "report/collective/collective_reproduction.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace orrery::report {
namespace {

constexpr Bytes kSmall{1 << 10}, kLarge{32 << 20};

CollectiveReproduction reproduction() {
  CollectiveReproduction r;
  r.series.push_back({"near", "hopper", "all-reduce", {{kSmall, 0.05}, {kLarge, -0.04}}, 0});
  r.series.push_back({"far", "hopper", "all-reduce", {{kSmall, 0.05}, {kLarge, -0.11}}, 0});
  r.series.push_back({"repeated", "hopper", "all-reduce", {{kSmall, 0.21}}, 0.03});
  r.contradictions.push_back({"far", "all-reduce", "32 MiB", 0.4, "9 us, and 7 for twice as much"});
  r.contradictions.push_back({"far", "all-reduce", "1 GiB", 0.2, "less than 512 MiB"});
  r.contradictions.push_back({"repeated", "all-reduce", "1 KiB", 0.5, "another time"});
  return r;
}

std::string line_with(const std::string& text, const std::string& word) {
  const std::size_t at = text.find(word), start = text.rfind('\n', at) + 1;
  return text.substr(start, text.find('\n', at) - start);
}

TEST(CollectiveReproduction, SaysWhichPlatformsKeepToTheirBars) {
  const std::string table = collective_reproduction_markdown(reproduction());
  EXPECT_TRUE(line_with(table, "| near").ends_with("| - | met |"));
  // Large messages have half the bar of small ones.
  EXPECT_TRUE(line_with(table, "| far").ends_with("| missed |"));
  EXPECT_TRUE(line_with(table, "| repeated").ends_with("| missed |"));
}

// Where measurements repeat, their spread is known; else rows that contradict each other tell it.
TEST(CollectiveReproduction, ShowsTheSpreadOfRowsThatContradictEachOther) {
  const std::string table = collective_reproduction_markdown(reproduction());
  EXPECT_NE(line_with(table, "| far").find("| 40.0 % | missed"), std::string::npos);
  EXPECT_NE(line_with(table, "| repeated").find("| 3.0 % | missed"), std::string::npos);
  const std::string text = collective_reproduction_text(reproduction());
  EXPECT_NE(line_with(text, "32 MiB").find("9 us, and 7 for twice as much"), std::string::npos);
  EXPECT_EQ(collective_reproduction_text({}).find("contradict others"), std::string::npos);
}

TEST(CollectiveReproduction, CountsContradictionsAmongTheErrors) {
  const auto document = nlohmann::json::parse(collective_reproduction_json(reproduction()));
  EXPECT_EQ(document["contradictions"].size(), 3u);
  EXPECT_EQ(document["contradictions"][0]["apart"], 0.4);
  EXPECT_EQ(document["series"][1]["met"], false);
  EXPECT_EQ(document["series"][1]["n"], 2);
  EXPECT_EQ(document["series"][1]["from_16_mib"]["worst_error"], 0.11);
}

}  // namespace
}  // namespace orrery::report
