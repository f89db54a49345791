#include "sim/base/read/search_path.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace orrery {
namespace {

namespace fs = std::filesystem;

class SearchPathTest : public testing::Test {
 protected:
  SearchPathTest() : folder_(fs::temp_directory_path() / ("orrery_path_" + std::to_string(getpid()))) {
    for (const char* root : {"mine", "site"}) fs::create_directories(folder_ / root / "models");
    write("mine/models/llama.yaml");
    write("site/models/llama.yaml");
    write("site/models/qwen.yaml");
    setenv("ORRERY_PATH", (folder_ / "site").c_str(), 1);
  }
  ~SearchPathTest() override {
    unsetenv("ORRERY_PATH");
    fs::remove_all(folder_);
  }
  void write(const std::string& name) { std::ofstream(folder_ / name) << "a: 1\n"; }

  fs::path folder_;
  Where here_{"s.yaml", 1, 8};
};

TEST_F(SearchPathTest, WhatLiesBesideTheScenarioComesFirst) {
  const SearchPath path = SearchPath::standard((folder_ / "mine").string());
  EXPECT_EQ(*path.find("models", "llama", here_), (folder_ / "mine/models/llama.yaml").string());
  EXPECT_EQ(*path.find("models", "qwen", here_), (folder_ / "site/models/qwen.yaml").string());
}

TEST_F(SearchPathTest, AMissingPresetNamesWhereItLookedAndTheNearest) {
  const SearchPath path = SearchPath::standard((folder_ / "mine").string());
  const Result<std::string> missing = path.find("models", "lama", here_);
  ASSERT_FALSE(missing.ok());
  const std::string said = to_string(missing.errors()[0]);
  EXPECT_TRUE(said.starts_with("s.yaml:1:8: no preset 'lama' in ")) << said;
  EXPECT_NE(said.find((folder_ / "site/models").string()), std::string::npos) << said;
  EXPECT_NE(said.find("did you mean 'llama'?"), std::string::npos) << said;
}

TEST_F(SearchPathTest, ANameIsNotAWayOutOfTheFolder) {
  write("secret.yaml");
  const SearchPath path({(folder_ / "mine").string()});
  EXPECT_FALSE(path.find("models", "../../secret", here_).ok());
  EXPECT_FALSE(path.find("models", "", here_).ok());
}

TEST_F(SearchPathTest, NamesAreSortedAndStandOnce) {
  const SearchPath path({(folder_ / "mine").string(), (folder_ / "site").string()});
  EXPECT_EQ(path.names("models"), (std::vector<std::string>{"llama", "qwen"}));
}

}  // namespace
}  // namespace orrery
