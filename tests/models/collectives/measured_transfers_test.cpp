#include "models/collectives/times/measured_transfers.h"

#include <gtest/gtest.h>

#include <cmath>

#include "clusters.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

constexpr std::int64_t kMiB = 1 << 20;

TransferPoint point(std::int64_t bytes, double seconds) {
  return {TransferKind::all_reduce, 8, 1, {bytes}, {seconds, seconds, seconds, 1}, "", ""};
}

Calibration measured() {
  Calibration calibration;
  calibration.transfers = {point(kMiB, 50e-6), point(1024, 20e-6), point(64 * kMiB, 900e-6)};
  return calibration;
}

double seconds(const MeasuredTransfers& transfers, std::int64_t bytes) {
  return transfers.time(TransferKind::all_reduce, 8, 1, {bytes})->seconds;
}

TEST(MeasuredTransfers, GoesThroughWhatWasMeasured) {
  const MeasuredTransfers transfers(measured());
  EXPECT_DOUBLE_EQ(seconds(transfers, 1024), 20e-6);
  EXPECT_DOUBLE_EQ(seconds(transfers, kMiB), 50e-6);
  EXPECT_DOUBLE_EQ(seconds(transfers, 64 * kMiB), 900e-6);
  EXPECT_DOUBLE_EQ(seconds(transfers, 8), 20e-6);                              // all latency
  EXPECT_NEAR(seconds(transfers, 8 * kMiB), std::sqrt(50e-6 * 900e-6), 1e-9);  // half-way in log(bytes)
  EXPECT_NEAR(seconds(transfers, 128 * kMiB), 1800e-6, 1e-9);                  // of one bandwidth
}

TEST(MeasuredTransfers, KnowsOnlyGroupsThatWereMeasured) {
  const MeasuredTransfers transfers(measured());
  EXPECT_FALSE(transfers.time(TransferKind::all_reduce, 4, 1, {kMiB}));
  EXPECT_FALSE(transfers.time(TransferKind::all_reduce, 8, 2, {kMiB}));
  EXPECT_FALSE(transfers.time(TransferKind::all_gather, 8, 1, {kMiB}));
}

// A table of small sizes alone is all latency, and its line would tell anything.
TEST(MeasuredTransfers, SayNothingOfSizesFarBeyondTheLargest) {
  const MeasuredTransfers transfers(measured());
  EXPECT_TRUE(transfers.time(TransferKind::all_reduce, 8, 1, {512 * kMiB}));
  EXPECT_FALSE(transfers.time(TransferKind::all_reduce, 8, 1, {513 * kMiB}));
}

TEST(MeasuredTransfers, ALineServesWhereThereAreNoPoints) {
  Calibration calibration;
  calibration.transfer_lines = {{TransferKind::all_reduce, 8, 1, 10e-6, 1e-11, 1}};
  const auto time = MeasuredTransfers(calibration).time(TransferKind::all_reduce, 8, 1, {1'000'000'000});
  EXPECT_DOUBLE_EQ(time->startup, 10e-6);
  EXPECT_NEAR(time->seconds, 10.01e-3, 1e-12);
}

// Alone a transfer takes what was measured, be that slower or faster than the model
// of the links thinks; on the links it then stands as one that keeps them as busy as they can be.
TEST(MeasuredTransfers, APlanTakesWhatWasMeasured) {
  const topology::ClusterSpec spec = h100(2);
  const auto fabric = std::make_shared<topology::Fabric>(topology::Fabric::build(spec).value());
  for (const double factor : {0.25, 0.9, 1.5, 20.0}) {
    Calibration calibration;
    const Bench modelled(spec);
    for (const std::int64_t bytes : {std::int64_t{1024}, kMiB, 256 * kMiB})
      calibration.transfers.push_back(
          point(bytes, factor * modelled.seconds(TransferKind::all_reduce, ranks(8), bytes)));
    const auto planner = make_planner(fabric, Network::flow, facts_of(spec), {}, MeasuredTransfers(calibration));
    for (const TransferPoint& p : calibration.transfers) {
      const auto group = ranks(8);
      const auto& plan = planner->plan({p.kind, group, p.bytes});
      EXPECT_NEAR(Bench::alone(plan).seconds() / p.seconds.value, 1, 1e-3);
      for (const sim::Phase& phase : plan.phases) {
        if (!phase.uses) continue;
        for (const sim::LinkUse& use : *phase.uses)
          EXPECT_LE(static_cast<double>(phase.max_rate.n) * use.connections,
                    static_cast<double>(fabric->links()[use.link].capacity.n) * 1.0001);
      }
    }
    // Of other groups nothing is known.
    const auto others = ranks(4);
    EXPECT_EQ(Bench::alone(planner->plan({TransferKind::all_reduce, others, {kMiB}})),
              Bench::alone(modelled.plan(TransferKind::all_reduce, others, kMiB)));
  }
}

}  // namespace
}  // namespace orrery::models
