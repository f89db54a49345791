// What stacks hold and say among replicas beside the bare sums.

#include <string>

#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

using Habit = std::pair<const char*, const char*>;

Scenario with_stack_habits(const std::string& layout, const std::vector<Habit>& habits) {
  std::string software = "{preset: megatron-core-2025";
  for (const auto& [key, value] : habits) software += std::string(", ") + key + ": " + value;
  return read(small_scenario(), {{"layout", layout}, {"software", software + "}"}});
}

// They take the place of what would be gathered into new tensors.
TEST(GatherBuffers, StayAndAreAsLargeAsWhatIsGathered) {
  const auto buffers = [](const char* layout, const char* n) {
    return resident(first_program(compiled(with_stack_habits(layout, {{"gather_buffers", n}}))), MemoryCause::buffers)
        .n;
  };
  const std::int64_t whole = 2 * 1024 * 1024;  // 16 bits of 1,024 tokens, 1,024 wide
  EXPECT_EQ(buffers("{tp: 8}", "2") - buffers("{tp: 8}", "0"), 2 * whole);
  EXPECT_EQ(buffers("{tp: 1}", "2") - buffers("{tp: 1}", "0"), 0);
}

}  // namespace
}  // namespace orrery::models
