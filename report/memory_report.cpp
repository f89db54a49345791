#include "report/memory_report.h"

#include "report/text.h"

namespace orrery::report {
namespace {

std::string over_time_lines(const Memory& memory, const MemoryOverTime& over) {
  Table table("ll");
  for (std::size_t stage = 0; stage < over.levels.size(); ++stage) {
    std::vector<double> levels;
    for (const Bytes level : over.levels[stage]) levels.push_back(static_cast<double>(level.n));
    table.row({"stage " + std::to_string(stage), "|" + sparkline(levels, static_cast<double>(memory.peak.n)) + "|"});
  }
  return table.str();
}

}  // namespace

std::string memory_report(const Memory& memory, const MemoryOverTime& over, const Style& style) {
  std::string text = fits_line(memory, style);
  text += "\nAt the peak of each stage's largest rank (GiB; * the largest)\n" + memory_table(memory);
  text += "\nAllocated over one step of " + human_seconds(over.step.seconds()) + ", from blank (0) to @ (" +
          gib(memory.peak) + " GiB, the peak)\n" + over_time_lines(memory, over);
  text +=
      "\nparameters, gradients, optimizer: weights, their gradients and the optimizer's state\n"
      "activations: kept from a forward to its backward    buffers: gathered, in transit, workspaces, logits\n"
      "reserved: what the allocator holds from the driver    in flight: forwards whose backward is still to come\n";
  return text;
}

}  // namespace orrery::report
