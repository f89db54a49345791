#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "cli/calibrate/finish.h"
#include "cli/command/command.h"
#include "cli/console/interrupt.h"
#include "cli/console/messages.h"
#include "cli/gpu/command.h"
#include "sim/base/read/search_path.h"
#include "topology/catalogue.h"
#include "validate/backend.h"
#include "validate/probe/family/meetings.h"
#include "validate/processes/agreement.h"

namespace orrery::cli::gpu {
namespace {

using models::Interval;
using validate::Backend;

struct CalibrateCommand {
  MeasureOptions options;
  validate::PlaceFlags place;
  int deadline_s = 120;

  int run();
  int measure(const validate::ProcessPlace& where, validate::Rendezvous* rendezvous);
};

Result<topology::GpuSpec> gpu_of(const std::string& preset, int gpu) {
  const SearchPath path = SearchPath::standard("");
  if (preset.empty()) {
    auto found = topology::gpu_by_driver_name(Backend::gpu_name(gpu), path);
    if (!found) return Error{{}, found.errors().front().what + "; --gpu NAME says which preset's curves are fitted"};
    return found;
  }
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = preset;
  node.where.file = "--gpu";
  return topology::read_gpu(node, path);
}

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string host_cpu() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name") && line.find(": ") != std::string::npos) return line.substr(line.find(": ") + 2);
  return "";
}

// Of the kernel module: the first word that has digits and dots alone.
std::string driver_version() {
  std::ifstream in("/proc/driver/nvidia/version");
  for (std::string word; in >> word;)
    if (word.find('.') != std::string::npos && word.find_first_not_of("0123456789.") == std::string::npos) return word;
  return "";
}

// As a calibration keeps them (docs/validate.md).
std::map<std::string, Interval> intervals_of(const validate::Conditions& seen) {
  std::map<std::string, Interval> all;
  if (seen.samples == 0) return all;
  const auto at_most = [&](double value) { return Interval{value, value, value, seen.samples}; };
  all["sm_clock_mhz"] = {static_cast<double>(seen.sm_clock_median_mhz), static_cast<double>(seen.sm_clock_min_mhz),
                         static_cast<double>(seen.sm_clock_max_mhz), seen.samples};
  all["memory_clock_mhz"] = at_most(seen.memory_clock_mhz);
  all["power_max_w"] = at_most(seen.power_max_w);
  all["temperature_max_c"] = at_most(seen.temperature_max_c);
  for (const std::string& reason : seen.throttled) all["throttled: " + reason] = at_most(1);
  return all;
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int CalibrateCommand::measure(const validate::ProcessPlace& where, validate::Rendezvous* rendezvous) {
  const std::chrono::seconds deadline(deadline_s);
  const bool leads = where.rank == 0;
  // What is wrong with files every process finds: the first tells.
  const auto refuse = [leads](const Errors& errors) { return leads ? report(errors) : kInvalid; };
  const auto gpu = gpu_of(options.gpu, where.local_rank);
  if (!gpu) return refuse(gpu.errors());
  const auto wanted = wanted_of(options.scenarios, gpu->name);
  if (!wanted) return refuse(wanted.errors());

  const bool shared = options.virtual_ranks > 0;
  const int ranks = shared ? options.virtual_ranks : where.world;
  const sim::Workload meetings = validate::probed_meetings(static_cast<std::size_t>(ranks));
  validate::CalibrateOptions calibrate;
  validate::BackendOptions backend_options;
  backend_options.gpu = where.local_rank;
  for (std::uint32_t r = 0; r < static_cast<std::uint32_t>(ranks); ++r) calibrate.bench.ranks.push_back({r});
  backend_options.ranks =
      shared ? calibrate.bench.ranks : std::vector<RankId>{{static_cast<std::uint32_t>(where.rank)}};
  backend_options.partition = shared;
  backend_options.sms_a_rank = options.sms;
  backend_options.deadline = deadline;
  backend_options.rendezvous = rendezvous;
  backend_options.stop = &stop_on_interrupt();
  auto backend = Backend::open(backend_options, meetings);
  if (!backend) return report(backend.errors());

  std::optional<validate::RendezvousAgreement> agreement;
  if (rendezvous != nullptr) {
    agreement.emplace(*rendezvous, deadline);
    calibrate.bench.agreement = &*agreement;
    const auto hosts = validate::hosts_of(*rendezvous, host_name(), deadline);
    if (!hosts) return report(hosts.errors());
    calibrate.bench.node_of = *hosts;
  }
  calibrate.bench.local = backend_options.ranks;
  calibrate.bench.seed = options.seed;
  calibrate.bench.clock = seconds_now;
  calibrate.bench.stop = backend_options.stop;
  calibrate.bench.conditions = [&] { return intervals_of((*backend)->conditions()); };
  calibrate.prepare = [&](std::span<const models::Kernel> kernels) { return (*backend)->prepare(kernels); };
  calibrate.wanted = *wanted;
  calibrate.wanted.exactly = options.exact;
  calibrate.share = options.minutes / kMostMinutes;
  calibrate.machine = Backend::versions();
  calibrate.machine["gpu_name"] = Backend::gpu_name(where.local_rank);
  calibrate.machine["gpus"] = std::to_string(where.world);
  if (shared) calibrate.machine["virtual_ranks"] = std::to_string(ranks);
  if (options.sms > 0) calibrate.machine["sms_a_rank"] = std::to_string(options.sms);
  calibrate.machine["host_cpu"] = host_cpu();
  if (const std::string driver = driver_version(); !driver.empty()) calibrate.machine["driver"] = driver;
  calibrate.tool = {{"version", ORRERY_VERSION}};
  if (leads) calibrate.folder = blocks_folder(options.output);
  if (leads && !options.quiet) calibrate.tell = [](const std::string& line) { complain("calibrate: " + line); };

  validate::Calibrated result = validate::calibrate(*gpu, (*backend)->device(), (*backend)->transport(), calibrate);
  if (agreement) result.faults.insert(result.faults.end(), agreement->faults().begin(), agreement->faults().end());
  if (!result.faults.empty() && rendezvous != nullptr)
    rendezvous->give_up("rank " + std::to_string(where.rank) + " failed: " + result.faults.front().what);
  if (leads) return finish_calibration(std::move(result), options, calibrate.folder);
  if (!result.faults.empty()) return report(result.faults);
  return result.interrupted ? kInterrupted : kDone;
}

int CalibrateCommand::run() {
  const auto where = validate::place_of(place, [](const char* name) -> const char* { return std::getenv(name); });
  if (!where) return report(where.errors()), kUsage;
  if (Backend::gpus() == 0) {
    complain("calibrate: there is no GPU here; --kernels and --nccl-log build from measurements");
    return kMissing;
  }
  if (where->world == 1) return measure(*where, nullptr);
  if (options.virtual_ranks > 0) return complain("--virtual-ranks: all run in one process"), kUsage;
  auto met = validate::Rendezvous::join(*where, std::chrono::seconds(deadline_s));
  if (!met) return report(met.errors()), kNo;
  const int status = measure(*where, met->get());
  if (status != kDone)
    (*met)->give_up("rank " + std::to_string(where->rank) + " ended with status " + std::to_string(status));
  return status;
}

}  // namespace

// What `orrery calibrate` goes on as: one process a GPU, also under mpirun, srun or torchrun.
void add_calibrate(CLI::App& app, int& status) {
  auto command = std::make_shared<CalibrateCommand>();
  CLI::App& sub = *app.add_subcommand("calibrate", "Measure GPUs and write a calibration");
  sub.add_option("FILE", command->options.scenarios, "Scenarios whose kernels are measured exactly");
  sub.add_option("--gpu-preset", command->options.gpu, "Preset whose curves are fitted (default: by the driver's name)")
      ->option_text("NAME");
  sub.add_option("--seed", command->options.seed, "Of the order in which things are measured")->option_text("N");
  sub.add_option("--sms", command->options.sms, "Of each virtual rank")->option_text("N");
  sub.add_flag("--exact", command->options.exact, "Only the scenarios' own kernels");
  sub.add_option("--virtual-ranks", command->options.virtual_ranks, "So many ranks on one GPU")->option_text("N");
  sub.add_option("--minutes", command->options.minutes, "What measuring may take")
      ->option_text("N")
      ->check(CLI::Range(0.1, kMostMinutes));
  sub.add_flag("-q,--quiet", command->options.quiet, "No lines on how it goes");
  sub.add_option("--output", command->options.output, "Write there (rank 0)")->option_text("FILE");
  sub.add_option("--deadline", command->deadline_s, "Seconds to wait for peers and for the GPU")
      ->option_text("S")
      ->check(CLI::Range(1, 86400));
  add_place(sub, command->place);
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli::gpu
