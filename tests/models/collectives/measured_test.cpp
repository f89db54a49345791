#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>

#include "clusters.h"

// Against published nccl-tests sweeps inside one NVLink domain.

namespace orrery::models {
namespace {

using sim::TransferKind;

struct Row {
  std::string gpu, kind, type, note;
  std::uint32_t ranks;
  std::int64_t bytes;
  double microseconds;
};

// Cells of one CSV line; quoted cells may hold commas.
std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> out(1);
  bool quoted = false;
  for (char c : line) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

std::vector<Row> sweeps() {
  std::ifstream file(std::string(ORRERY_SHARED_DATA) + "/collectives/nccl_single_node.csv");
  std::vector<Row> rows;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    const auto c = cells(line);
    rows.push_back(
        {c[2], c[5], c[6], c[11], static_cast<std::uint32_t>(std::stoul(c[4])), std::stol(c[7]), std::stod(c[8])});
  }
  return rows;
}

const std::map<std::string, TransferKind> kKinds = {{"all_reduce", TransferKind::all_reduce},
                                                    {"all_gather", TransferKind::all_gather},
                                                    {"reduce_scatter", TransferKind::reduce_scatter},
                                                    {"alltoall", TransferKind::all_to_all}};

struct Platform {
  const char* gpu;
  topology::ClusterSpec spec;
  double large, small;                          // median error to stay within: from 16 MiB, below
  double most_large = 0.10, most_small = 0.20;  // and nine in ten rows
};

// Else gtest prints it byte by byte.
void PrintTo(const Platform& platform, std::ostream* out) {
  *out << platform.gpu;
}

class Sweeps : public testing::TestWithParam<Platform> {};

TEST_P(Sweeps, MedianErrorsAreAsPromised) {
  std::map<std::pair<std::string, bool>, Bench> benches;  // by version of NCCL, and whether bytes are summed
  std::map<std::pair<std::string, bool>, std::vector<double>> errors;
  for (const Row& row : sweeps()) {
    if (row.gpu.rfind(GetParam().gpu, 0) != 0 || row.note.find("ambiguous") != std::string::npos) continue;
    const std::size_t at = row.note.find("NCCL ") + 5;
    const std::pair version(row.note.substr(at, row.note.find_first_not_of("0123456789.", at) - at),
                            row.type == "int8");
    const Bench& bench = benches.try_emplace(version, GetParam().spec, version.first, version.second).first->second;
    const double t = bench.seconds(kKinds.at(row.kind), ranks(row.ranks), row.bytes) * 1e6;
    errors[{row.kind, row.bytes >= 16 << 20}].push_back(std::abs(t / row.microseconds - 1));
  }
  if (errors.empty()) GTEST_SKIP() << "shared data absent: collectives/nccl_single_node.csv";
  for (auto& [key, list] : errors) {
    std::sort(list.begin(), list.end());
    const double median = list[list.size() / 2];
    std::printf("%s %s %s: %zu rows, median %.1f %%, 90th percentile %.1f %%\n", GetParam().gpu, key.first.c_str(),
                key.second ? ">= 16 MiB" : "< 16 MiB", list.size(), 100 * median, 100 * list[list.size() * 9 / 10]);
    EXPECT_LE(median, key.second ? GetParam().large : GetParam().small) << key.first;
    EXPECT_LE(list[list.size() * 9 / 10], key.second ? GetParam().most_large : GetParam().most_small) << key.first;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Public, Sweeps,
    testing::Values(Platform{"A100", a100(1), 0.05, 0.10}, Platform{"H100", with_nvls(h100(1)), 0.05, 0.10, 0.10, 0.21},
                    Platform{"H200", with_nvls(h100(1)), 0.05, 0.10}, Platform{"B200", with_nvls(b200(1)), 0.05, 0.10},
                    Platform{"B300", with_nvls(b200(1)), 0.05, 0.10}, Platform{"GB200", with_nvls(b200(1)), 0.05, 0.10},
                    Platform{"GB300", with_nvls(b200(1)), 0.05, 0.10, 0.105}));

// Bus bandwidth at 1 GiB on 8 GPUs (docs/collectives.md, large messages).
TEST(Planner, LargeMessagesReachMeasuredBusBandwidth) {
  struct Known {
    topology::ClusterSpec spec;
    TransferKind kind;
    std::uint32_t ranks;
    double busbw;
  };
  const Known known[] = {{a100(1), TransferKind::all_gather, 8, 205},
                         {a100(1), TransferKind::all_gather, 2, 150},
                         {a100(1), TransferKind::all_to_all, 8, 203},
                         {h100(1), TransferKind::reduce_scatter, 8, 336},
                         {h100(1), TransferKind::reduce_scatter, 2, 249},
                         {h100(1), TransferKind::all_reduce, 4, 350},
                         {h100(1), TransferKind::all_to_all, 8, 315},
                         {b200(1), TransferKind::reduce_scatter, 8, 613},
                         {b200(1), TransferKind::reduce_scatter, 2, 412},
                         {b200(1), TransferKind::all_reduce, 4, 634},
                         {with_nvls(h100(1)), TransferKind::all_reduce, 8, 445},
                         {with_nvls(b200(1)), TransferKind::all_reduce, 8, 704}};
  for (const Known& k : known) {
    const Bench bench(k.spec);
    const double n = k.ranks, steps = k.kind == TransferKind::all_reduce ? 2 * (n - 1) : n - 1;
    const double busbw = steps / n * (1 << 30) / bench.seconds(k.kind, ranks(k.ranks), 1 << 30) / 1e9;
    EXPECT_NEAR(busbw / k.busbw, 1, 0.15) << sim::to_string(k.kind) << " of " << n << ": " << busbw;
  }
}

// Several nodes, 1 GiB and more (docs/collectives.md): within 10 %.
TEST(Planner, NodesTogetherReachMeasuredBusBandwidth) {
  struct Known {
    const char* what;
    topology::ClusterSpec spec;
    int nics;
    double nic;
    TransferKind kind;
    double gib, busbw;
  };
  const Known known[] = {
      {"2 x 8 A100, 4 x 100 Gb/s EFA", a100(2), 4, 12.5, TransferKind::all_reduce, 2, 78},
      {"2 x 8 A100, 16 x 100 Gb/s RoCE", a100(2), 16, 12.5, TransferKind::all_reduce, 8, 190},
      {"2 x 8 H100, 8 x 400 Gb/s InfiniBand", with_nvls(h100(2)), 8, 50, TransferKind::all_reduce, 8, 468},
      {"2 x 8 B200, 8 x 400 Gb/s RoCE", with_nvls(b200(2)), 8, 50, TransferKind::all_reduce, 8, 684},
      {"8 x 8 H100, 8 x 400 Gb/s InfiniBand", with_nvls(h100(8)), 8, 50, TransferKind::all_reduce, 8, 385},
      {"4 x 8 B200, 8 x 400 Gb/s EFA", b200(4), 8, 50, TransferKind::all_reduce, 16, 382},
      {"2 x 8 of 8 x 400 Gb/s RoCE", h100(2), 8, 50, TransferKind::all_to_all, 16, 87}};
  for (Known k : known) {
    k.spec.host.nics = k.nics;
    k.spec.fabric.link = {static_cast<std::int64_t>(k.nic * 1e9)};
    const Bench bench(k.spec);
    const double n = k.spec.gpus(), steps = k.kind == TransferKind::all_reduce ? 2 * (n - 1) : n - 1;
    const auto bytes = static_cast<std::int64_t>(k.gib * (1 << 30));
    const double busbw = steps / n * static_cast<double>(bytes) /
                         bench.seconds(k.kind, ranks(static_cast<std::uint32_t>(n)), bytes) / 1e9;
    EXPECT_NEAR(busbw / k.busbw, 1, 0.10) << k.what << ": " << busbw;
  }
}

}  // namespace
}  // namespace orrery::models
