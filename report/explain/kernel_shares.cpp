#include <algorithm>
#include <map>

#include "report/explain/explain.h"
#include "report/explain/label.h"

namespace orrery::report {
namespace {

struct Sum {
  __extension__ __int128 ps = 0;
  std::int64_t count = 0;
};
using Sums = std::map<std::pair<std::string, std::uint8_t>, Sum>;  // label, category

void add_program(const sim::Program& program, std::int64_t ranks, Sums& sums) {
  // By label index first: a program has many ops and few labels.
  std::map<std::pair<std::uint32_t, std::uint8_t>, Sum> own;
  for (const sim::Stream& stream : program.streams)
    for (std::size_t i = 0; i < stream.ops.size(); ++i) {
      if (stream.ops[i].kind != sim::OpKind::kernel) continue;
      Sum& sum = own[{stream.notes[i].label, stream.ops[i].category}];
      sum.ps += stream.ops[i].payload;
      ++sum.count;
    }
  for (const auto& [key, sum] : own) {
    Sum& total = sums[{without_layer(program.labels[key.first]), key.second}];
    total.ps += sum.ps * ranks;
    total.count += sum.count * ranks;
  }
}

}  // namespace

std::vector<KernelShare> kernel_shares(const models::Compiled& compiled, std::size_t at_most) {
  const sim::Workload& workload = compiled.workload;
  std::vector<std::int64_t> ranks_of(workload.programs.size());
  for (const ProgramId program : workload.program_of) ++ranks_of[program.value];

  Sums sums;
  for (std::uint32_t i = 0; i < workload.programs.size(); ++i)
    add_program(workload.programs[ProgramId{i}], ranks_of[i], sums);

  const auto ranks = static_cast<std::int64_t>(std::max<std::size_t>(workload.ranks(), 1));
  std::vector<KernelShare> shares;
  for (const auto& [key, sum] : sums)
    shares.push_back({key.first, workload.categories[key.second].name,
                      Duration::ps(static_cast<std::int64_t>(sum.ps / ranks)), sum.count / ranks});
  std::stable_sort(shares.begin(), shares.end(), [](const auto& a, const auto& b) { return a.time > b.time; });
  if (shares.size() > at_most) shares.resize(at_most);
  return shares;
}

}  // namespace orrery::report
