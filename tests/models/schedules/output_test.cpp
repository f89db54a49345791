#include "models/schedules/show/output.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "models/schedules/show/drawing.h"

namespace orrery::models {
namespace {

std::string output(const ScheduleRequest& request, std::string_view format) {
  const Result<std::string> text = schedule_output(request, format);
  return text ? *text : to_string(text.errors().front());
}

std::string drawing(const ScheduleRequest& request, int max_columns) {
  const Schedule schedule = make_schedule(request).value();
  return draw_text(schedule, evaluate(schedule, {}), max_columns);
}

TEST(Costs, BackwardIsTheSumOfItsPartsUnlessGiven) {
  const ScheduleCosts costs = parse_schedule_costs("10,12,8,3").value();
  EXPECT_EQ(costs.forward, 10);
  EXPECT_EQ(costs.transfer, 3);
  EXPECT_EQ(costs.backward, 20);
  EXPECT_EQ(costs.overlap, 30);
  EXPECT_EQ(parse_schedule_costs("1,1,1,0,5").value().overlap, 6);
  EXPECT_EQ(parse_schedule_costs("1,1,1,0,5,4").value().overlap, 4);
}

TEST(Costs, RefuseWhatIsNotFourToSixWholeNumbers) {
  for (const char* text : {"", "1", "1,2,3", "1,2,3,4,5,6,7", "1,2,3,x", "1,2,3,", "1,2,3,-1", "1.5,1,1,0", "1,1,1,1 ",
                           "1,1,1,999999999999999999999"})
    EXPECT_FALSE(parse_schedule_costs(text)) << text;
  EXPECT_EQ(parse_schedule_costs("a,b,1,c").errors().size(), 3u);
}

TEST(Json, HasTheFieldsOfTheContractAsIntegers) {
  const auto json = nlohmann::json::parse(output({"1f1b", 4, 8}, "json"));
  EXPECT_EQ(json["makespan"], 33);  // (8 + 4 - 1) x 3
  EXPECT_TRUE(json["makespan"].is_number_integer());
  EXPECT_EQ(json["longest_rank_window"], 33);
  EXPECT_EQ(json["idle_inside_window"], (std::vector<int>{9, 6, 3, 0}));
  EXPECT_EQ(json["peak_in_flight"], (std::vector<int>{4, 3, 2, 1}));
  EXPECT_EQ(json["peak_in_flight_weights"], (std::vector<int>{4, 3, 2, 1}));
  EXPECT_DOUBLE_EQ(json["bubble_ratio"], 3.0 / 8.0);
}

TEST(Text, IsToScale) {
  EXPECT_EQ(drawing({"1f1b", 2, 2}, 2'000),
            "rank 0  0F0 0F1 ........0B0---- ....0B1----\n"
            "rank 1  ....1F0 1B0---- 1F1 1B1---- ........\n");
}

// A wide drawing is squeezed to what was asked for and keeps the letters.
TEST(Text, IsSqueezedToItsWidth) {
  const std::string text = drawing({"1f1b", 2, 2}, 9);
  EXPECT_EQ(text,
            "rank 0  FF..B .B\n"
            "rank 1  .FB FB ..\n");
}

TEST(Text, TableNamesTheScheduleAndItsBubble) {
  const std::string text = output({"gpipe", 4, 8}, "table");
  EXPECT_NE(text.find("gpipe: 4 ranks, 8 micro-batches"), std::string::npos);
  EXPECT_NE(text.find("makespan 33"), std::string::npos);
  EXPECT_NE(text.find("0.3750"), std::string::npos);
}

TEST(Svg, HasABoxForEveryAction) {
  const std::string svg = output({"interleaved-1f1b", 4, 8, 2}, "svg");
  int boxes = 0;
  for (std::size_t at = 0; (at = svg.find("<rect", at)) != std::string::npos; ++at) ++boxes;
  EXPECT_EQ(boxes, 4 * 2 * 8 * 2);
  EXPECT_TRUE(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
}

TEST(Format, OfFrameworksAreForWhatTheyRun) {
  EXPECT_TRUE(output({"1f1b", 2, 2}, "lowered").starts_with("0F0,0SEND_F0,"));
  EXPECT_TRUE(output({"1f1b", 2, 2}, "deepspeed").starts_with("stage,step,instructions\n"));
  EXPECT_NE(output({"gpipe", 2, 2}, "deepspeed").find("is for 1f1b"), std::string::npos);
  EXPECT_NE(output({"1f1b", 2, 2}, "versions").find("is for pipedream"), std::string::npos);
}

// Two boxes for an overlapped slot: 2 ranks of dualpipe with 4 micro-batches have 8 passes each, I and W apart once.
TEST(Svg, ShowsBothPassesOfAnOverlappedSlot) {
  const std::string svg = output({"dualpipe", 2, 4}, "svg");
  int boxes = 0;
  for (std::size_t at = 0; (at = svg.find("<rect", at)) != std::string::npos; ++at) ++boxes;
  EXPECT_EQ(boxes, 2 * (4 + 4 + 1));
}

TEST(Format, UnknownOnesAreNamed) {
  EXPECT_NE(output({"1f1b", 2, 2}, "xml").find("table, csv, json, svg"), std::string::npos);
}

}  // namespace
}  // namespace orrery::models
