// Wrong scenarios as data: bad/NAME.yaml says at its head which faults must be
// told, one a line, as "# expect: LINE:COLUMN: part of the message". Each must be
// told once, and nothing else.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "models/scenario/reader.h"

namespace orrery::models {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> bad_scenarios() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(ORRERY_SOURCE_DIR "/tests/models/scenario/bad"))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

struct Expected {
  std::string place;  // "3:5", or empty where the file as a whole is at fault
  std::string part;
};

std::vector<Expected> expected_in(const std::string& file) {
  std::vector<Expected> all;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line) && line.starts_with("# expect: ");) {
    const std::string text = line.substr(10);
    const std::size_t colon = text.find(": ");
    const bool placed = colon != std::string::npos && text.find_first_not_of("0123456789:") == colon + 1;
    all.push_back(placed ? Expected{text.substr(0, colon), text.substr(colon + 2)} : Expected{"", text});
  }
  return all;
}

bool answers(const Error& error, const Expected& expected) {
  const std::string place = std::to_string(error.where.line) + ":" + std::to_string(error.where.column);
  return (expected.place.empty() || expected.place == place) && error.what.find(expected.part) != std::string::npos;
}

class BadScenario : public testing::TestWithParam<std::string> {};

TEST_P(BadScenario, IsToldWhatIsWrongAndWhere) {
  const std::string file = ORRERY_SOURCE_DIR "/tests/models/scenario/bad/" + GetParam() + ".yaml";
  const Result<Scenario> scenario = read_scenario(file);
  ASSERT_FALSE(scenario.ok()) << "read without complaint";
  std::vector<Error> told = scenario.errors();
  const std::vector<Expected> expected = expected_in(file);
  ASSERT_FALSE(expected.empty()) << file << " expects nothing";
  for (const Expected& fault : expected) {
    const auto found =
        std::find_if(told.begin(), told.end(), [&](const Error& error) { return answers(error, fault); });
    EXPECT_NE(found, told.end()) << "not told: " << fault.place << ": " << fault.part;
    if (found != told.end()) told.erase(found);
  }
  for (const Error& error : told) ADD_FAILURE() << "told besides: " << to_string(error);
}

INSTANTIATE_TEST_SUITE_P(Files, BadScenario, testing::ValuesIn(bad_scenarios()), [](const auto& test) {
  std::string name = test.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

TEST(BadScenarios, AreAtLeastForty) {
  EXPECT_GE(bad_scenarios().size(), 40u);
}

TEST(BadScenarios, ADirectoryOrAMissingFileIsAnInputOutputFault) {
  for (const char* path : {ORRERY_SOURCE_DIR "/tests/models/scenario/bad", "no/such/file.yaml"}) {
    const Result<Scenario> scenario = read_scenario(path);
    ASSERT_FALSE(scenario.ok());
    EXPECT_EQ(scenario.errors()[0].fault, Fault::io) << path;
  }
}

TEST(BadScenarios, WhatIsNotBuiltYetIsToldApartFromWhatIsWrong) {
  const Result<Scenario> scenario = read_scenario(ORRERY_SOURCE_DIR "/tests/models/scenario/bad/not-yet-several.yaml");
  ASSERT_FALSE(scenario.ok());
  for (const Error& error : scenario.errors()) EXPECT_EQ(error.fault, Fault::unsupported) << to_string(error);
}

}  // namespace
}  // namespace orrery::models
