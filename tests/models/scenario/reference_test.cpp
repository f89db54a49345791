// The reference page and the schema are made from the reader's table. When the
// table changes: ORRERY_UPDATE_DOCS=1 test_models_scenario writes both anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "models/scenario/reader.h"

namespace orrery::models {
namespace {

std::string contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void expect_current(const std::string& path, const std::string& made) {
  if (std::getenv("ORRERY_UPDATE_DOCS")) std::ofstream(path) << made;
  EXPECT_TRUE(contents(path) == made) << path << " is not what the table of keys says; ORRERY_UPDATE_DOCS=1 writes it";
}

TEST(Reference, PageIsMadeFromTheTable) {
  expect_current(ORRERY_SOURCE_DIR "/docs/scenario.md", scenario_reference_markdown());
}

TEST(Reference, SchemaIsMadeFromTheTable) {
  expect_current(ORRERY_SOURCE_DIR "/scenarios/scenario.schema.json", scenario_json_schema());
}

// An independent validator agrees with ours on every file that is shipped.
TEST(Reference, SchemaAcceptsEveryReadyScenario) {
  if (std::system("python3 -c 'import jsonschema, yaml' 2>/dev/null") != 0)
    GTEST_SKIP() << "python3-jsonschema or python3-yaml is not installed";
  EXPECT_EQ(std::system("python3 " ORRERY_SOURCE_DIR "/tests/models/scenario/validate_examples.py " ORRERY_SOURCE_DIR),
            0);
}

}  // namespace
}  // namespace orrery::models
