#include "report/memory/memory_report.h"

#include "report/jobs.h"
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

constexpr std::size_t kListed = 12;  // allocations shown by name

std::string peak_lines(const MemoryAnswer& answer) {
  const PeakMoment& peak = answer.peak;
  Table table("ll");
  table.row({"GiB", "", "", ""});
  Bytes rest;
  for (std::size_t i = 0; i < peak.live.size(); ++i) {
    const LiveAllocation& live = peak.live[i];
    if (i >= kListed)
      rest += live.bytes;
    else
      table.row({live.label, live.cause, live.count > 1 ? "x " + std::to_string(live.count) : "", gib(live.bytes)});
  }
  if (rest.n > 0) table.row({"others", "", "", gib(rest)});
  return "\nLive at the peak of the largest rank, " + human_seconds(peak.into_step.seconds()) + " into the step" +
         (peak.during.empty() ? "" : ", in " + peak.during) + "\n" + table.str();
}

std::string remedy_lines(const MemoryAnswer& answer) {
  if (answer.remedies.empty()) return "";
  Table table("ll");
  table.row({"change", "", "needs GiB", "step"});
  for (const Remedy& remedy : answer.remedies)
    table.row({remedy.change, remedy.fits ? "fits" : "does not fit", gib(remedy.needed),
               human_seconds(remedy.step.seconds())});
  return "\nWhat would make it fit (one change at a time; now " + gib(answer.memory.reserved + answer.memory.runtime) +
         " GiB, " + human_seconds(answer.over.step.seconds()) + " a step)\n" + table.str();
}

std::string job_lines(const MemoryAnswer& answer, const Style& style) {
  std::string text;
  for (const JobMemory& job : answer.jobs)
    text += "\nAlso on this fabric: " + job.name + ", " + nodes_text(job.first_node, job.nodes) + "\n" +
            fits_line(job.memory, style) + memory_table(job.memory);
  return text;
}

}  // namespace

std::string memory_report(const MemoryAnswer& answer, const Style& style) {
  const Memory& memory = answer.memory;
  std::string text = fits_line(memory, style);
  text += "\nAt the peak of each stage's largest rank (GiB; * the largest)\n" + memory_table(memory);
  text += peak_lines(answer);
  text += "\nAllocated over one step of " + human_seconds(answer.over.step.seconds()) + ", from blank (0) to @ (" +
          gib(memory.peak) + " GiB, the peak)\n" + over_time_lines(memory, answer.over);
  text += remedy_lines(answer);
  text += job_lines(answer, style);
  text +=
      "\nparameters, gradients, optimizer: weights, their gradients and the optimizer's state\n"
      "activations: kept from a forward to its backward    buffers: gathered, in transit, workspaces, logits\n"
      "reserved: what the allocator holds from the driver    in flight: forwards whose backward is still to come\n";
  return text;
}

}  // namespace orrery::report
