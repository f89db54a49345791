#include "gui/model/ask/lanes/grouping.h"

namespace orrery::gui {

std::string_view to_string(Grouping grouping) {
  switch (grouping) {
    case Grouping::node:
      return "node";
    case Grouping::stage:
      return "pipeline stage";
    case Grouping::tp:
      return "TP coordinate";
    case Grouping::dp:
      return "DP coordinate";
    case Grouping::cp:
      return "CP coordinate";
    case Grouping::ep:
      return "EP coordinate";
    case Grouping::none:
      break;
  }
  return "none";
}

std::string_view short_name(Grouping grouping) {
  const std::string_view name = to_string(grouping);
  return grouping == Grouping::stage ? "stage" : name.substr(0, name.find(' '));
}

std::uint32_t coordinate(const Process& process, Grouping grouping) {
  if (!process.place) return grouping == Grouping::stage && process.stage ? *process.stage : kElsewhere;
  const Place& at = *process.place;
  switch (grouping) {
    case Grouping::node:
      return at.node;
    case Grouping::stage:
      return at.pp;
    case Grouping::tp:
      return at.tp;
    case Grouping::dp:
      return at.dp;
    case Grouping::cp:
      return at.cp;
    case Grouping::ep:
      return at.ep;
    case Grouping::none:
      break;
  }
  return 0;
}

std::string why_not_grouped(const TraceModel& model, Grouping grouping) {
  if (grouping == Grouping::none) return "";
  for (const Process& process : model.processes())
    if (coordinate(process, grouping) != kElsewhere) return "";
  if (model.processes().empty()) return "nothing is open";
  return "the trace does not say where its ranks stand in the job; those that `orrery run --trace` writes do, those of "
         "profilers do not";
}

}  // namespace orrery::gui
