// The orders and times that Megatron-LM's and PyTorch's own programs gave, where
// the shared data are present.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "models/schedules/notation.h"
#include "models/schedules/schedule.h"

namespace orrery::models {
namespace {

const std::string kData = std::string(ORRERY_SHARED_DATA) + "/schedules/";

using Row = std::map<std::string, std::string>;

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, separator);) cells.push_back(cell);
  return cells;
}

std::vector<Row> read_table(const std::string& path) {
  std::ifstream in(path);
  std::vector<Row> rows;
  std::string line;
  std::getline(in, line);
  const std::vector<std::string> header = split(line, ',');
  while (std::getline(in, line)) {
    const std::vector<std::string> cells = split(line, ',');
    Row row;
    for (std::size_t i = 0; i < header.size(); ++i) row[header[i]] = i < cells.size() ? cells[i] : "";
    rows.push_back(row);
  }
  return rows;
}

std::string read_text(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

template <class T>
std::string join(const std::vector<T>& numbers) {
  std::string text;
  for (const T n : numbers) text += (text.empty() ? "" : " ") + std::to_string(n);
  return text;
}

// The name that the contract gives to a schedule of the tables; empty for those
// that are not built yet.
std::string name_of(const std::string& schedule) {
  if (schedule.starts_with("interleaved_") && schedule != "interleaved_zb1p") return "interleaved-1f1b";
  if (schedule == "looped_bfs") return "looped-bfs";
  return schedule == "gpipe" || schedule == "1f1b" ? schedule : "";
}

ScheduleRequest request_of(const Row& row) {
  ScheduleRequest request{
      name_of(row.at("schedule")), std::stoi(row.at("p")), std::stoi(row.at("m")), std::stoi(row.at("v")), 0, "", 0};
  const std::string& param = row.at("param");
  if (param.starts_with("N")) request.group = std::stoi(param.substr(1));
  if (row.at("schedule") == "interleaved_rounds") request.rule = "rounds";
  if (param == "plus1warmup") request.extra_warmup = 1;
  return request;
}

std::map<std::string, Schedule> golden_schedules() {
  std::map<std::string, Schedule> schedules;
  for (const Row& row : read_table(kData + "manifest.csv")) {
    if (name_of(row.at("schedule")).empty()) continue;
    const Result<Schedule> schedule = make_schedule(request_of(row));
    if (schedule)
      schedules.emplace(row.at("name"), *schedule);
    else
      ADD_FAILURE() << row.at("name") << ": " << to_string(schedule.errors().front());
  }
  return schedules;
}

ScheduleCosts costs_of(const Row& row) {
  const auto number = [&](const char* key) { return std::stoll(row.at(key)); };
  return {number("t_f"), number("t_i"), number("t_w"), number("t_comm"), number("t_b"), number("t_overlap")};
}

class Golden : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kData + "manifest.csv")) GTEST_SKIP() << "no shared data: " << kData << "manifest.csv";
  }
};

TEST_F(Golden, EveryOrderTokenByToken) {
  int compared = 0;
  for (const auto& [name, schedule] : golden_schedules()) {
    EXPECT_EQ(schedule_csv(schedule), read_text(kData + "orders/" + name + ".csv")) << name;
    ++compared;
  }
  EXPECT_EQ(compared, 29);  // 4 gpipe, 6 1f1b, 15 interleaved by all its rules, 4 looped
}

TEST_F(Golden, InFlightCountsOfEveryOrder) {
  const auto schedules = golden_schedules();
  for (const Row& row : read_table(kData + "manifest.csv")) {
    const auto schedule = schedules.find(row.at("name"));
    if (schedule == schedules.end()) continue;
    const ScheduleTimes times = evaluate(schedule->second, {});
    EXPECT_EQ(join(times.peak_in_flight), row.at("peak_inflight_until_input_grad")) << row.at("name");
    EXPECT_EQ(join(times.peak_in_flight_weights), row.at("peak_inflight_until_weight_grad")) << row.at("name");
  }
}

TEST_F(Golden, EveryRowOfExpectedTimes) {
  const auto schedules = golden_schedules();
  std::size_t compared = 0;
  for (const Row& row : read_table(kData + "expected_times.csv")) {
    const auto schedule = schedules.find(row.at("name"));
    if (schedule == schedules.end()) continue;
    const ScheduleTimes times = evaluate(schedule->second, costs_of(row));
    const std::string what = row.at("name") + " " + row.at("cost_set");
    EXPECT_EQ(std::to_string(times.makespan), row.at("makespan")) << what;
    EXPECT_EQ(std::to_string(times.longest_rank_window), row.at("longest_rank_window")) << what;
    EXPECT_EQ(join(times.idle_inside_window), row.at("idle_inside_window")) << what;
    EXPECT_EQ(join(times.busy), row.at("busy")) << what;
    std::vector<std::int64_t> first, last;
    for (const auto& spans : times.spans) {
      first.push_back(spans.front().first);
      last.push_back(spans.back().second);
    }
    EXPECT_EQ(join(first), row.at("first_start")) << what;
    EXPECT_EQ(join(last), row.at("last_end")) << what;
    ++compared;
  }
  EXPECT_EQ(compared, 5 * schedules.size());
}

TEST_F(Golden, StartAndEndOfEveryAction) {
  const auto schedules = golden_schedules();
  int compared = 0;
  for (const Row& costs : read_table(kData + "expected_times.csv")) {
    const auto schedule = schedules.find(costs.at("name"));
    const std::string path = kData + "action_times/" + costs.at("name") + "__" + costs.at("cost_set") + ".csv";
    if (schedule == schedules.end() || !std::filesystem::exists(path)) continue;
    const ScheduleTimes times = evaluate(schedule->second, costs_of(costs));
    for (const Row& row : read_table(path)) {
      const std::size_t rank = std::stoul(row.at("rank")), seq = std::stoul(row.at("seq"));
      const Action& action = schedule->second.order.at(rank).at(seq);
      EXPECT_EQ(to_string(action), row.at("stage") + row.at("type") + row.at("microbatch")) << path;
      EXPECT_EQ(times.spans[rank][seq],
                (std::pair<std::int64_t, std::int64_t>(std::stoll(row.at("start")), std::stoll(row.at("end")))))
          << path;
      ++compared;
    }
  }
  EXPECT_GT(compared, 300);
}

}  // namespace
}  // namespace orrery::models
