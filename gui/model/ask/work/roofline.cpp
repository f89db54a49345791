#include "gui/model/ask/work/roofline.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace orrery::gui {
namespace {

struct Work {
  std::int64_t flops = 0, bytes = 0;
};

// What each kind of event says of itself; nothing where none does.
std::vector<Work> work_of_kinds(const TraceModel& model) {
  const Arguments& arguments = model.parts().arguments;
  const auto flops = arguments.key("flops"), bytes = arguments.key("bytes");
  if (!flops || !bytes) return {};
  std::vector<Work> work;
  work.reserve(model.kinds().size());
  for (const Kind& kind : model.kinds())
    work.push_back(
        {arguments.number(kind.arguments, *flops).value_or(0), arguments.number(kind.arguments, *bytes).value_or(0)});
  return work;
}

}  // namespace

double Roofline::limit(const KernelWork& kernel) const {
  double peak = 0;
  for (const Roof& roof : roofs) peak = std::max(peak, roof.flops_per_s);
  return bytes_per_s > 0 ? std::min(peak, bytes_per_s * kernel.intensity()) : peak;
}

namespace {

struct OfKind {
  std::uint64_t count = 0;
  Ns time = 0;
};

// A look at each event; false: given up.
bool add_events(const TraceModel& model, std::vector<OfKind>& kinds, const GoOn& go_on) {
  Tally tally(go_on, model.events());
  for (const Row& row : model.rows())
    for (std::uint32_t i = 0; i < row.size(); ++i) {
      OfKind& kind = kinds[row[i].kind];
      ++kind.count;
      kind.time += row.duration(i);
      if (!tally.add(1)) return false;
    }
  return true;
}

}  // namespace

Roofline roofline_of(const TraceModel& model, const GoOn& go_on) {
  const std::vector<Work> work = work_of_kinds(model);
  std::vector<OfKind> kinds(work.size());
  if (work.empty() || !add_events(model, kinds, go_on)) return {};
  std::map<std::tuple<std::uint32_t, std::int64_t, std::int64_t>, KernelWork> found;
  for (std::size_t i = 0; i < work.size(); ++i) {
    const Work& of = work[i];
    if (of.flops <= 0 || of.bytes <= 0 || kinds[i].count == 0) continue;
    const std::uint32_t name = model.kinds()[i].name;
    KernelWork& kernel = found[{name, of.flops, of.bytes}];
    kernel.name = model.names()[name];
    kernel.flops = static_cast<double>(of.flops), kernel.bytes = static_cast<double>(of.bytes);
    kernel.count += kinds[i].count;
    kernel.seconds += static_cast<double>(kinds[i].time) * 1e-9;
  }
  Roofline roofline;
  for (auto& [key, kernel] : found) {
    kernel.seconds /= static_cast<double>(kernel.count);
    roofline.kernels.push_back(std::move(kernel));
  }
  std::stable_sort(roofline.kernels.begin(), roofline.kernels.end(),
                   [](const KernelWork& a, const KernelWork& b) { return a.total() > b.total(); });
  return roofline;
}

}  // namespace orrery::gui
