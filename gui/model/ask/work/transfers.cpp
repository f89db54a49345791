#include "gui/model/ask/work/transfers.h"

#include <array>
#include <cstdlib>
#include <map>
#include <tuple>

namespace orrery::gui {
namespace {

struct Said {
  std::string kind;
  std::int64_t bytes = 0;
  double waited_s = 0;
};

// torch.distributed's names of the same (torch/csrc/distributed/c10d, record_param_comms).
std::string our_name(std::string_view theirs) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kNames = {
      {{"allreduce", "all-reduce"},
       {"all_reduce", "all-reduce"},
       {"allreduce_coalesced", "all-reduce"},
       {"allgather", "all-gather"},
       {"all_gather", "all-gather"},
       {"_allgather_base", "all-gather"},
       {"reduce_scatter", "reduce-scatter"},
       {"_reduce_scatter_base", "reduce-scatter"},
       {"all_to_all", "all-to-all"},
       {"all_to_allv", "all-to-all"},
       {"alltoall", "all-to-all"},
       {"send", "point-to-point"},
       {"recv", "point-to-point"}}};
  for (const auto& [name, ours] : kNames)
    if (theirs == name) return std::string(ours);
  return std::string(theirs);
}

std::int64_t bytes_of_type(std::string_view type) {
  if (type == "Double" || type == "Long") return 8;
  if (type == "Float" || type == "Int") return 4;
  if (type == "Half" || type == "BFloat16" || type == "Short") return 2;
  return type == "Byte" || type == "Char" || type == "Bool" || type.starts_with("Float8") ? 1 : 0;
}

Said said_by(const TraceModel& model, std::size_t kind) {
  Said said;
  std::int64_t elements = 0, element = 0;
  for (const Arguments::Argument& argument : model.parts().arguments.list(model.kinds()[kind].arguments)) {
    if (argument.key == "transfer") said.kind = argument.value;
    if (argument.key == "bytes" && argument.is_number) said.bytes = argument.number;
    if (argument.key == "waited_us") said.waited_s = std::strtod(argument.value.c_str(), nullptr) * 1e-6;
    if (argument.key == "Collective name") said.kind = our_name(argument.value);
    // Of a gather what comes out is the full buffer, of a scatter what goes in.
    if (argument.key == "In msg nelems" || argument.key == "Out msg nelems")
      elements = std::max(elements, argument.number);
    if (argument.key == "dtype") element = bytes_of_type(argument.value);
  }
  if (said.bytes == 0 && elements < INT64_MAX / 8) said.bytes = elements * element;
  return said;
}

}  // namespace

std::vector<TransferSize> transfers_of(const TraceModel& model, TimeRange range, const GoOn& go_on) {
  Tally tally(go_on, model.kinds().size() + model.events());
  std::vector<Said> said(model.kinds().size());
  for (std::size_t kind = 0; kind < said.size() && tally.add(1); ++kind)
    if (is_communication(model.class_of_kind()[kind])) said[kind] = said_by(model, kind);

  std::map<std::pair<std::string, std::int64_t>, TransferSize> found;
  for (std::uint32_t r = 0; r < model.rows().size(); ++r) {
    const Row& row = model.rows()[r];
    const Track& track = model.tracks()[model.parts().track_of_row[r]];
    if (track.is_overview()) continue;
    const bool waiting_is_apart = track.name == "compute";  // a box of its own there
    for (std::uint32_t i = row.first_starting_from(range.begin);
         i < row.size() && row.start(i) < range.end && tally.add(1); ++i) {
      const Said& of = said[row[i].kind];
      if (of.kind.empty() || of.bytes <= 0) continue;
      const double seconds = static_cast<double>(row.duration(i)) * 1e-9 - (waiting_is_apart ? 0 : of.waited_s);
      if (seconds <= 0) continue;
      TransferSize& size = found[{of.kind, of.bytes}];
      size.kind = of.kind, size.bytes = of.bytes;
      ++size.count;
      size.seconds += seconds;
    }
  }
  std::vector<TransferSize> sizes;
  for (auto& [key, size] : found) sizes.push_back(std::move(size));
  return sizes;
}

std::vector<TransferPair> pairs_of(const std::vector<TransferSize>& a, const std::vector<TransferSize>& b) {
  std::map<std::pair<std::string, std::int64_t>, TransferPair> pairs;
  for (const TransferSize& size : a) pairs[{size.kind, size.bytes}].a = &size;
  for (const TransferSize& size : b) pairs[{size.kind, size.bytes}].b = &size;
  std::vector<TransferPair> in_order;
  for (const auto& [key, pair] : pairs) in_order.push_back(pair);
  return in_order;
}

}  // namespace orrery::gui
