// A device whose truth is known is calibrated: what comes out is the truth, also
// about kernels that were not timed, and however often the run was interrupted.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <set>

#include "models/collectives/facts.h"
#include "models/collectives/planner.h"
#include "models/compile/compile.h"
#include "models/compute/cost_model.h"
#include "models/scenario/reader.h"
#include "sim/base/random.h"
#include "sim/base/read/search_path.h"
#include "tests/models/compute/gpus.h"
#include "tests/models/compute/table.h"
#include "topology/catalogue.h"
#include "validate/calibration/writer.h"
#include "validate/probe/calibrate.h"
#include "validate/probe/family/shapes.h"
#include "validate/probe/plan.h"
#include "validate/probe/probes.h"
#include "validate/probe/session/sampling.h"
#include "validate/stand_in/stand_in.h"

namespace orrery::validate {
namespace {

namespace fs = std::filesystem;
using models::Calibration;
using models::Interval;
using models::Kernel;

constexpr double kNoise = 0.01;

const SearchPath kPresets({std::string(ORRERY_SOURCE_DIR) + "/scenarios"});

topology::ClusterSpec dgx() {
  return topology::read_cluster(parse_document("{preset: dgx-h200, nodes: 1}", "test").value(), kPresets).value();
}

// The H200 of the catalogue, but every curve of it is another: a chip of which the
// shipped file knows nothing.
topology::GpuSpec another_chip(topology::GpuSpec gpu) {
  for (auto& [dtype, curve] : gpu.gemm) {
    curve.compute_efficiency *= 0.85;
    curve.memory_efficiency *= 0.9;
    curve.launch = curve.launch * 2;
    curve.exponent = 1.9;
  }
  for (auto& [family, curve] : gpu.memory_bound) curve.efficiency *= 0.8, curve.launch += Duration::us(1);
  for (auto& [length, efficiency] : gpu.attention.efficiency_by_length) efficiency *= 0.88;
  gpu.attention.backward_ratio = 2.6;
  return gpu;
}

// Ranks of a DGX, whose kernels take what `gpu` says and a per cent of noise.
struct World {
  topology::ClusterSpec cluster = dgx();
  topology::GpuSpec truth = another_chip(cluster.gpu);
  std::shared_ptr<const sim::TransferPlanner> planner;
  StandIn device;
  CalibrateOptions options;

  explicit World(int ranks = 4, double noise = kNoise)
      : planner(models::make_planner(std::make_shared<topology::Fabric>(topology::Fabric::build(cluster).value()),
                                     models::Network::analytic,
                                     models::read_collective_facts(kPresets, cluster).value())),
        device(modelled_durations(truth, planner, noise, 1)) {
    for (std::uint32_t r = 0; r < static_cast<std::uint32_t>(ranks); ++r) options.bench.ranks.push_back({r});
    options.bench.local = options.bench.ranks;
  }

  Calibrated run() { return calibrate(cluster.gpu, device, device, options); }
};

const Calibration& calibrated() {
  static const Calibration calibration = [] {
    World world;
    Calibrated out = world.run();
    EXPECT_TRUE(out.faults.empty());
    return std::move(out.calibration).value();
  }();
  return calibration;
}

bool holds(const Interval& interval, double truth) {
  return interval.low <= truth * (1 + 1e-9) && truth * (1 - 1e-9) <= interval.high;
}

TEST(MedianInterval, HoldsTheMedianNineteenTimesInTwenty) {
  int held = 0;
  for (std::uint64_t trial = 0; trial < 1000; ++trial) {
    std::vector<double> values;
    for (std::uint64_t i = 0; i < 31; ++i)
      values.push_back(10 + static_cast<double>(KeyedRandom(trial * 1000 + i).gaussian_q32()) * 0x1p-32);
    const Interval interval = median_interval(values);
    EXPECT_LE(interval.low, interval.value);
    EXPECT_LE(interval.value, interval.high);
    held += holds(interval, 10);
  }
  EXPECT_GE(held, 940);
  EXPECT_LE(held, 995);
}

TEST(Sample, WarmsUpUntilTheMedianSettlesAndStopsWhenItIsKnown) {
  double time = 2, clock = 0;
  int runs = 0;
  const std::vector<double> samples = sample(
      [&] {
        time = 1 + (time - 1) * 0.8;  // clocks that come up
        clock += time * 1e-3;
        ++runs;
        return time;
      },
      {}, [&] { return clock; }, [] { return false; });
  EXPECT_EQ(samples.size(), 15u);  // as soon as there are enough: nothing moves any more
  EXPECT_GT(runs, 25);
  EXPECT_LT(samples.front(), 1.02);
}

TEST(CalibrationPlan, FitsIntoTenMinutesAndTimesNothingTwice) {
  const topology::GpuSpec gpu = dgx().gpu;
  double budget = 0;
  for (const Block& block : calibration_plan(gpu, {}, 1)) budget += block.budget;
  EXPECT_LE(budget, 580);
  std::set<Kernel> seen;
  for (const models::KernelPoint& point : calibrated().kernels) EXPECT_TRUE(seen.insert(point.kernel).second);
}

// Nothing that a program runs goes without a probe of its family.
TEST(CalibrationPlan, KnowsEveryFamilyThatProgramsUse) {
  const auto families = memory_bound_families(dgx().gpu);
  for (const char* name :
       {"mixtral-8x7b-64-h100", "llama-3.1-70b-64-h100", "korthikanti-175b", "switch-base-32-a100"}) {
    const auto scenario = models::read_scenario(std::string(ORRERY_SOURCE_DIR) + "/scenarios/" + name + ".yaml", {});
    ASSERT_TRUE(scenario.ok());
    const auto compiled = models::compile(*scenario);
    ASSERT_TRUE(compiled.ok());
    for (const Kernel& kernel : compiled->kernels) {
      const auto* s = std::get_if<models::MemoryBoundShape>(&kernel.shape);
      EXPECT_TRUE(s == nullptr || std::binary_search(families.begin(), families.end(), s->family));
    }
  }
}

// What was asked for by name is there, in every role and format; a block for each.
TEST(CalibrationPlan, MeasuresThePlansOwnKernels) {
  models::GemmShape odd;
  odd.m = 4099, odd.n = 1031, odd.k = 2053, odd.dtype = models::Dtype::fp32;
  World world(1);
  world.options.wanted.kernels = {Kernel{odd}};
  const Calibrated out = world.run();
  ASSERT_TRUE(out.calibration);
  EXPECT_TRUE(std::any_of(out.calibration->kernels.begin(), out.calibration->kernels.end(),
                          [&](const models::KernelPoint& point) { return point.kernel == Kernel{odd}; }));
  EXPECT_TRUE(out.calibration->transfers.size() == 10u);  // host copies: one GPU has nobody to talk to
  EXPECT_TRUE(out.calibration->interference.empty());
}

// With next to no time, what was asked for by name is there, and nothing else of kernels.
TEST(CalibrationPlan, MeasuresExactlyWhatIsAskedForFirst) {
  models::GemmShape odd;
  odd.m = 4099, odd.n = 1031, odd.k = 2053;
  World world(4);
  world.options.share = 0.01;
  world.options.wanted.exactly = true;
  world.options.machine["gpu"] = "what a driver calls it";
  world.options.wanted.kernels = {Kernel{odd}};
  world.options.wanted.transfers = {{sim::TransferKind::all_gather, 4, Bytes{12'345'678}},
                                    {sim::TransferKind::point_to_point, 2, Bytes{7'654'321}},
                                    {sim::TransferKind::ring_shift, 4, Bytes{3'333'333}},
                                    {sim::TransferKind::all_reduce, 3, Bytes{1}}};  // no groups of three here
  const Calibrated out = world.run();
  ASSERT_TRUE(out.calibration);
  ASSERT_EQ(out.calibration->kernels.size(), 1u);
  EXPECT_EQ(out.calibration->kernels.front().kernel, Kernel{odd});
  EXPECT_TRUE(out.calibration->peaks.empty());
  EXPECT_EQ(models::parse_calibration(calibration_json(*out.calibration), "test")->gpu, world.cluster.gpu.name);
  const auto timed = [&](sim::TransferKind kind, std::int64_t bytes) {
    return std::any_of(
        out.calibration->transfers.begin(), out.calibration->transfers.end(),
        [&](const models::TransferPoint& point) { return point.kind == kind && point.bytes.n == bytes; });
  };
  EXPECT_TRUE(timed(sim::TransferKind::all_gather, 12'345'678));
  EXPECT_TRUE(timed(sim::TransferKind::point_to_point, 7'654'321));
  EXPECT_TRUE(timed(sim::TransferKind::ring_shift, 3'333'333));
  EXPECT_EQ(out.calibration->transfers.size(), 3u) << "no other sizes";
}

TEST(CalibrationPlan, GivesWhatIsAskedForExactlyTheSameTimeEach) {
  World world(4);
  Wanted wanted;
  wanted.exactly = true;
  for (const int n : {1024, 2048, 4096}) {
    models::GemmShape product;
    product.m = product.k = 1024, product.n = n;
    wanted.kernels.push_back({product});
  }
  wanted.kernels.push_back({models::MemoryBoundShape{"rmsnorm", Bytes{1 << 20}}});
  wanted.transfers = {{sim::TransferKind::all_gather, 4, Bytes{1 << 20}}};
  std::map<std::string, double> budgets;
  double all = 0;
  for (const Block& block : calibration_plan(world.cluster.gpu, wanted, 1, 0.5))
    all += budgets[block.name] = block.budget;
  EXPECT_LE(all, 300);
  EXPECT_GT(all, 270);
  EXPECT_DOUBLE_EQ(budgets.at("gemm.bf16") / 3, budgets.at("memory_bound"));
  EXPECT_DOUBLE_EQ(budgets.at("collectives"), budgets.at("memory_bound"));
}

// Choosing algorithms takes its time from all blocks alike.
TEST(Calibrate, StaysWithinItsTimeWhenPreparingTakesLong) {
  const auto told = [](double preparing) {
    World world(1);
    double clock = 0;
    std::vector<std::string> lines;
    world.options.bench.clock = [&clock] { return clock += 1e-3; };
    world.options.prepare = [&](std::span<const Kernel>) { return clock += preparing, Errors{}; };
    world.options.tell = [&](const std::string& line) { lines.push_back(line); };
    world.options.wanted.exactly = true;
    world.options.wanted.kernels = {{models::MemoryBoundShape{"rmsnorm", Bytes{1 << 20}}}};
    world.run();
    for (const std::string& line : lines)
      if (line.find("memory_bound: measuring") != std::string::npos)
        return std::stoi(line.substr(line.find("at most") + 8));
    return 0;
  };
  EXPECT_EQ(told(0), 545);
  EXPECT_NEAR(told(300), 545 * 296 / 565, 1);
}

// Transfers of a program, by what they are among whom.
TEST(AskedTransfers, AreThoseOfEveryRankOnce) {
  const std::string file = std::string(ORRERY_SOURCE_DIR) + "/scenarios/llama-3.1-70b-64-h100.yaml";
  const auto scenario = models::read_scenario(file, {});
  ASSERT_TRUE(scenario.ok());
  const auto asked = asked_transfers(models::compile(*scenario).value().workload);
  EXPECT_TRUE(std::is_sorted(asked.begin(), asked.end()));
  EXPECT_EQ(std::set<AskedTransfer>(asked.begin(), asked.end()).size(), asked.size());
  const auto has = [&](sim::TransferKind kind, std::size_t ranks) {
    return std::any_of(asked.begin(), asked.end(),
                       [&](const AskedTransfer& a) { return a.kind == kind && a.ranks == ranks; });
  };
  EXPECT_TRUE(has(sim::TransferKind::all_gather, static_cast<std::size_t>(scenario->layout.tp)));
  EXPECT_TRUE(has(sim::TransferKind::point_to_point, 2));
}

// Layers as they run are told beside what the calibration says of them.
TEST(Calibrate, PredictsWholeLayers) {
  const std::string file = std::string(ORRERY_SOURCE_DIR) + "/scenarios/llama-3.1-70b-64-h100.yaml";
  const auto scenario = models::read_scenario(file, {});
  ASSERT_TRUE(scenario.ok());
  World world(1);
  world.options.wanted.sequences = schedule_actions("llama", models::compile(*scenario).value());
  ASSERT_EQ(world.options.wanted.sequences.size(), 2u);
  const Calibrated out = world.run();
  ASSERT_EQ(out.calibration->layers.size(), 2u);
  EXPECT_EQ(out.calibration->layers[0].name, "llama: B");
  for (const models::CalibrationCheck& layer : out.calibration->layers)
    EXPECT_NEAR(layer.predicted_s / layer.measured_s.value, 1, 0.03) << layer.name;
}

TEST(Calibrate, IntervalsHoldTheTruth) {
  World world;
  const models::CostModel truth(world.truth, {});
  std::size_t held = 0;
  for (const models::KernelPoint& point : calibrated().kernels)
    held += holds(point.seconds, truth.time(point.kernel).time.seconds());
  const double share = static_cast<double>(held) / static_cast<double>(calibrated().kernels.size());
  EXPECT_GT(calibrated().kernels.size(), 400u);
  EXPECT_GT(share, 0.93);

  std::size_t moved = 0;
  for (const models::TransferPoint& point : calibrated().transfers) {
    const Interval& seen = point.seconds;
    std::vector<RankId> group(world.options.bench.ranks.begin(), world.options.bench.ranks.begin() + point.ranks);
    double seconds = 0;
    for (const sim::Phase& phase : world.planner->plan({point.kind, group, point.bytes}).phases)
      seconds += (phase.latency + phase.bytes / phase.max_rate).seconds();
    moved += holds({seen.value, seen.low * 0.98, seen.high * 1.02, 1}, seconds);
  }
  EXPECT_GT(static_cast<double>(moved) / static_cast<double>(calibrated().transfers.size()), 0.93);
}

TEST(Calibrate, FindsTheCurves) {
  World world;
  const topology::GemmCurve& truth = world.truth.gemm.at(models::Dtype::bf16);
  const topology::GemmCurve& found = calibrated().gemm.at(models::Dtype::bf16);
  EXPECT_NEAR(found.compute_efficiency / truth.compute_efficiency, 1, 0.02);
  EXPECT_NEAR(found.memory_efficiency / truth.memory_efficiency, 1, 0.05);
  EXPECT_NEAR(found.launch.seconds() / truth.launch.seconds(), 1, 0.05);
  EXPECT_NEAR(found.exponent, truth.exponent, 0.2);
  for (const auto& [family, curve] : world.truth.memory_bound) {
    const topology::MemoryBoundCurve& fitted = calibrated().memory_bound.at(family);
    EXPECT_NEAR(fitted.efficiency / curve.efficiency, 1, 0.03) << family;
    EXPECT_NEAR(fitted.launch.seconds() / curve.launch.seconds(), 1, 0.03) << family;
  }
  const double peak = 2.0 * 8192 * 8192 * 8192 /
                      models::CostModel(world.truth, {}).time({models::GemmShape{1, 8192, 8192, 8192}}).time.seconds();
  EXPECT_TRUE(holds(calibrated().peaks.at("gemm.bf16"), peak));
  EXPECT_FALSE(calibrated().launch.contains("event_s"));  // takes no time there
  for (const auto& [name, share] : calibrated().interference) EXPECT_TRUE(holds(share, 0)) << name;
}

// Products, attention and memory-bound kernels of sizes that nobody timed.
TEST(Calibrate, PredictsKernelsThatWereNotTimed) {
  World world;
  const models::CostModel truth(world.truth, {}), predicted(world.cluster.gpu, {}, &calibrated());
  std::vector<Kernel> unseen = spread_products(models::Dtype::bf16, 200, 12345);
  for (const std::int64_t length : {700, 3000, 6144, 12000})
    for (const bool backward : {false, true}) {
      models::AttentionShape s;
      s.batch = 2, s.heads = 24, s.kv_heads = 8, s.queries = s.keys = length, s.head_dim = s.value_dim = 128;
      s.backward = backward;
      unseen.push_back({s});
    }
  for (const std::int64_t bytes : {3'000'000, 50'000'000, 700'000'000})
    unseen.push_back({models::MemoryBoundShape{"rmsnorm", Bytes{bytes}}});
  models::Errors errors;
  for (const Kernel& kernel : unseen) {
    EXPECT_LT(predicted.time(kernel).tier, 3);
    errors.add(predicted.time(kernel).time.seconds(), truth.time(kernel).time.seconds());
  }
  EXPECT_LT(errors.mean(), 0.03);
}

// A stand-in whose kernels take a fifth longer while another stream of their rank is busy.
class Contended final : public Device {
 public:
  explicit Contended(StandIn& inner) : inner_(inner) {}

  StreamHandle add_stream(RankId rank, const std::string& name, StreamUse use) override {
    const StreamHandle stream = inner_.add_stream(rank, name, use);
    streams_.emplace_back(stream, rank);
    return stream;
  }
  EventHandle record(StreamHandle stream) override { return inner_.record(stream); }
  void wait(StreamHandle stream, EventHandle event) override { inner_.wait(stream, event); }
  void kernel(StreamHandle stream, const Work& work, const Place& place) override {
    const Time begin = now(stream);
    inner_.kernel(stream, work, place);
    const bool beside = std::any_of(streams_.begin(), streams_.end(), [&](const auto& other) {
      return other.first != stream && other.second == place.rank && now(other.first) > begin;
    });
    if (work.kernel && beside)
      inner_.kernel(stream, {nullptr, Duration::ps((now(stream) - begin).count_ps() / 5)}, place);
  }
  std::optional<BufferHandle> allocate(StreamHandle stream, std::span<const Bytes> tensors) override {
    return inner_.allocate(stream, tensors);
  }
  void free(StreamHandle stream, BufferHandle buffer) override { inner_.free(stream, buffer); }
  bool failed() const override { return inner_.failed(); }
  Errors synchronize() override { return inner_.synchronize(); }
  Time time_of(EventHandle event) override { return inner_.time_of(event); }

 private:
  Time now(StreamHandle stream) { return inner_.time_of(inner_.record(stream)); }

  StandIn& inner_;
  std::vector<std::pair<StreamHandle, RankId>> streams_;
};

TEST(Interference, FindsWhatACollectiveTakesFromAKernel) {
  World world(2);
  Contended contended(world.device);
  Bench bench(contended, world.device, world.options.bench);
  const Calibration found = probe_interference(10).measure(bench, 10);
  EXPECT_NEAR(found.interference.at("compute_bound_by_collective").value, 0.2, 0.01);
  EXPECT_NEAR(found.interference.at("memory_bound_by_collective").value, 0.2, 0.01);
}

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("orrery-probe-" + std::to_string(::getpid()))) {}
  ~Folder() { fs::remove_all(path_); }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

// Ctrl-C after each block in turn, and on from there: the same file to the byte.
TEST(Calibrate, AnInterruptedRunGoesOnToTheSameFile) {
  World whole(2);
  const std::string expected = calibration_json(whole.run().calibration.value());

  const Folder folder;
  std::size_t blocks = 0;
  for (std::size_t n = 1; n <= 100; ++n) {
    World world(2);
    std::atomic<bool> stop = false;
    std::size_t told = 0;
    world.options.folder = folder.path();
    world.options.bench.stop = &stop;
    world.options.tell = [&](const std::string& line) {  // as the second block of this run begins
      if (line.find("measuring") != std::string::npos && ++told == 2) stop = true;
    };
    const Calibrated out = world.run();
    ASSERT_TRUE(out.faults.empty());
    if (out.calibration) {
      EXPECT_EQ(calibration_json(*out.calibration), expected);
      blocks = out.blocks;
      EXPECT_EQ(n, blocks);
      break;
    }
    EXPECT_TRUE(out.interrupted);
    EXPECT_EQ(out.finished, n);
  }
  EXPECT_GT(blocks, 8u);
}

// A chip whose clocks fall while a block runs: it is measured again, and when that
// does not help the file says so.
// A device that gives out the handles of forgotten events again, and notes the kernels
// that it is asked for.
class Economical final : public Device {
 public:
  explicit Economical(StandIn& device) : device_(device) {}
  std::set<Kernel> launched;
  std::size_t most_events = 0;
  bool asked_for_forgotten = false;

  StreamHandle add_stream(RankId rank, const std::string& name, StreamUse use) override {
    return device_.add_stream(rank, name, use);
  }
  EventHandle record(StreamHandle stream) override {
    events_.push_back(device_.record(stream));
    most_events = std::max(most_events, events_.size());
    return static_cast<EventHandle>(events_.size() - 1);
  }
  void wait(StreamHandle stream, EventHandle event) override { device_.wait(stream, true_event(event)); }
  void kernel(StreamHandle stream, const Work& work, const Place& place) override {
    if (work.kernel != nullptr) launched.insert(*work.kernel);
    device_.kernel(stream, work, place);
  }
  std::optional<BufferHandle> allocate(StreamHandle stream, std::span<const Bytes> tensors) override {
    return device_.allocate(stream, tensors);
  }
  void free(StreamHandle stream, BufferHandle buffer) override { device_.free(stream, buffer); }
  bool failed() const override { return device_.failed(); }
  Errors synchronize() override { return device_.synchronize(); }
  Time time_of(EventHandle event) override { return device_.time_of(true_event(event)); }
  void forget_events() override { events_.clear(); }

  EventHandle true_event(EventHandle event) {
    if (event < events_.size()) return events_[event];
    asked_for_forgotten = true;
    return 0;
  }

 private:
  StandIn& device_;
  std::vector<EventHandle> events_;
};

// Hands on the events of an Economical device to the transport below.
class Translated final : public Transport {
 public:
  Translated(Economical& device, Transport& transport) : device_(device), transport_(transport) {}
  void exchange(std::span<const Exchange> together) override {
    std::vector<Exchange> all(together.begin(), together.end());
    for (Exchange& exchange : all)
      for (Endpoint& end : exchange.local) end.arrived = device_.true_event(end.arrived);
    transport_.exchange(all);
  }

 private:
  Economical& device_;
  Transport& transport_;
};

// Ten minutes of timing record millions of events: a GPU must get those back. And what is
// launched must be known before, since operands and algorithms are made from it.
TEST(Calibrate, GivesEventsBackAndAnnouncesItsKernels) {
  World plain(2), careful(2);
  Economical device(careful.device);
  Translated transport(device, careful.device);
  std::set<Kernel> announced;
  careful.options.prepare = [&](std::span<const Kernel> kernels) {
    EXPECT_TRUE(device.launched.empty());
    announced.insert(kernels.begin(), kernels.end());
    EXPECT_EQ(announced.size(), kernels.size());
    return Errors{};
  };
  const Calibrated with = calibrate(careful.cluster.gpu, device, transport, careful.options), without = plain.run();
  ASSERT_TRUE(with.calibration && without.calibration);
  EXPECT_EQ(calibration_json(*with.calibration), calibration_json(*without.calibration));
  EXPECT_FALSE(device.asked_for_forgotten);
  EXPECT_LT(device.most_events, 5000u);
  EXPECT_TRUE(std::includes(announced.begin(), announced.end(), device.launched.begin(), device.launched.end()));
}

TEST(Calibrate, ADeviceThatCannotPrepareIsNotMeasured) {
  World world(1);
  world.options.prepare = [](std::span<const Kernel>) { return Errors{{{}, "no memory for operands"}}; };
  const Calibrated result = world.run();
  EXPECT_FALSE(result.calibration);
  EXPECT_EQ(result.finished, 0u);
  ASSERT_EQ(result.faults.size(), 1u);
  EXPECT_EQ(result.faults[0].what, "no memory for operands");
}

TEST(RunBlocks, ABlockInWhichTheSentinelMovesIsMeasuredAgain) {
  struct Falling final : Durations {
    std::unique_ptr<Durations> inner;
    double factor = 1;
    Duration kernel(const Work& work, const Place& place) override {
      return Duration::ps(
          static_cast<std::int64_t>(factor * static_cast<double>(inner->kernel(work, place).count_ps())));
    }
    Duration transfer(const Exchange& exchange) override { return inner->transfer(exchange); }
  };
  World world(1, 0);
  auto falling = std::make_unique<Falling>();
  falling->inner = modelled_durations(world.truth, world.planner, 0, 1);
  double& factor = falling->factor;
  StandIn device(std::move(falling));
  Bench bench(device, device, world.options.bench);
  int measured = 0;
  const auto block = [&](int bad) {
    measured = 0;
    return Block{"b", 10, 1, {}, [&, bad](Bench&, double) {
                   if (++measured <= bad) factor *= 1.05;
                   return Calibration{};
                 }};
  };
  SessionOptions options;
  options.gpu = "h200-sxm-141gb";
  EXPECT_TRUE(run_blocks({block(0)}, bench, options).measured.tool.empty());
  EXPECT_EQ(measured, 1);
  EXPECT_TRUE(run_blocks({block(1)}, bench, options).measured.tool.empty());
  EXPECT_EQ(measured, 2);
  EXPECT_EQ(run_blocks({block(9)}, bench, options).measured.tool.at("drift.b"), "50 permille");
  EXPECT_EQ(measured, 3);
}

// What another machine measured is not taken over; neither is a file that was cut short.
TEST(Calibrate, TakesOverOnlyWhatIsItsOwn) {
  const Folder folder;
  World first(1);
  first.options.folder = folder.path();
  first.options.machine["driver"] = "1";
  ASSERT_TRUE(first.run().calibration);
  World other(1);
  other.options.folder = folder.path();
  other.options.machine["driver"] = "2";
  EXPECT_EQ(other.run().resumed, 0u);
  fs::resize_file(fs::path(folder.path()) / "02-launch.json", 40);
  World again(1);
  again.options.folder = folder.path();
  again.options.machine["driver"] = "2";
  const Calibrated out = again.run();
  EXPECT_EQ(out.resumed, out.blocks - 1);
}

}  // namespace
}  // namespace orrery::validate
