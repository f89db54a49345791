#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <sstream>

#include "cli/command/command.h"
#include "cli/console/interrupt.h"
#include "cli/console/messages.h"
#include "cli/gpu/command.h"
#include "cli/options/options.h"
#include "cli/work/pipeline.h"
#include "models/compile/rank_starts.h"
#include "sim/base/read/quantity.h"
#include "validate/backend.h"
#include "validate/compare/late_peers.h"
#include "validate/runner/runner.h"
#include "validate/stand_in/stand_in.h"

namespace orrery::cli::gpu {
namespace {

using validate::Backend;
using validate::BackendOptions;
using validate::Rendezvous;
using validate::RunRecord;

struct RunCommand {
  std::string file, record_path;
  ScenarioOptions scenario;
  validate::PlaceFlags place;
  int deadline_s = 120, gpu = -1, sms = 0;
  bool virtual_ranks = false, share_sms = false, graph = false, skip_host_ops = false, planned_links = false;
  std::string link_latency, link_bandwidth;

  int run();
  Result<validate::ImposedTime> imposed(const sim::Workload& workload) const;
  Result<RunRecord> execute(const Prepared& prepared, BackendOptions options) const;
  int finish(RunRecord mine, const sim::Workload& workload, Rendezvous* rendezvous) const;
};

// What transfers take on the stand-in: as planned, alone on their links.
validate::ImposedTime planned(const sim::Workload& workload) {
  std::shared_ptr<validate::Durations> durations = validate::planned_durations(workload);
  return [durations](const validate::Exchange& exchange, const std::vector<validate::Move>&) {
    return std::optional(durations->transfer(exchange));
  };
}

Result<validate::ImposedTime> RunCommand::imposed(const sim::Workload& workload) const {
  if (planned_links) return planned(workload);
  if (link_latency.empty() && link_bandwidth.empty()) return validate::ImposedTime();
  Duration latency;
  BytesPerSecond bandwidth;
  if (!link_latency.empty()) {
    const auto read = parse_duration(link_latency, {"--link-latency"});
    if (!read) return read.errors();
    latency = *read;
  }
  if (!link_bandwidth.empty()) {
    const auto read = parse_bandwidth(link_bandwidth, {"--link-bandwidth"});
    if (!read) return read.errors();
    bandwidth = *read;
  }
  return validate::imposed_link(latency, bandwidth);
}

// Kernels that the ranks of this process launch.
std::vector<models::Kernel> kernels_of(const Prepared& prepared, const std::vector<RankId>& ranks) {
  const sim::Workload& workload = prepared.workload();
  std::vector<bool> used(prepared.compiled.kernels.size());
  for (const RankId rank : ranks)
    for (const sim::Stream& stream : workload.programs[workload.program_of[rank]].streams)
      for (const sim::Note& note : stream.notes)
        if (note.kernel < used.size()) used[note.kernel] = true;
  std::vector<models::Kernel> kernels;
  for (std::size_t i = 0; i < used.size(); ++i)
    if (used[i]) kernels.push_back(prepared.compiled.kernels[i]);
  return kernels;
}

// Kernels of these ranks that the device has nothing to run with, each name once.
Errors refused(const Prepared& prepared, const std::vector<RankId>& ranks, const validate::Device& device) {
  const sim::Workload& workload = prepared.workload();
  std::set<std::string> names;
  for (const RankId rank : ranks) {
    const sim::Program& program = workload.programs[workload.program_of[rank]];
    for (const sim::Stream& stream : program.streams)
      for (const sim::Note& note : stream.notes)
        if (note.kernel < prepared.compiled.kernels.size() && !device.can_run(prepared.compiled.kernels[note.kernel]))
          names.insert(program.labels[note.label]);
  }
  Errors errors;
  for (const std::string& name : names)
    errors.push_back({{}, "this GPU and its libraries have nothing to run '" + name + "' with", Fault::unsupported});
  return errors;
}

// The first step warms up, then as many as not tell how long a step takes when its ops are not
// timed one by one.
std::uint32_t first_timed_step(int steps) {
  return steps < 3 ? 0 : static_cast<std::uint32_t>(steps) / 2 + 1;
}

Result<RunRecord> RunCommand::execute(const Prepared& prepared, BackendOptions options) const {
  const IdVector<RankId, models::RankStart> starts = models::rank_starts(prepared.scenario, prepared.compiled);
  for (const RankId rank : options.ranks) options.allocators[rank] = starts[rank].allocator;
  auto backend = Backend::open(options, prepared.workload());
  if (!backend) return backend.errors();
  RunRecord record;
  sim::Trace trace;
  Errors faults = (*backend)->prepare(kernels_of(prepared, options.ranks));
  if (faults.empty()) faults = refused(prepared, options.ranks, (*backend)->device());
  if (faults.empty()) {
    validate::RunnerOptions run;
    run.local = options.ranks;
    run.kernels = prepared.compiled.kernels;
    run.tensors = prepared.compiled.tensors;
    run.starts = &starts;
    run.slowdowns = prepared.compiled.slowdown_of_program;
    run.trace = &trace;
    run.first_timed_step = first_timed_step(prepared.workload().steps);
    run.stop = options.stop;
    validate::Execution execution =
        validate::execute(prepared.workload(), (*backend)->device(), (*backend)->transport(), run);
    faults = std::move(execution.faults);
    record.interrupted = execution.interrupted;
  }
  for (const Error& fault : faults) record.faults.push_back(fault.what);
  record.rank = options.ranks.front();
  record.spans = trace.spans();
  (*backend)->describe(record);
  if (!faults.empty() && options.rendezvous != nullptr)
    options.rendezvous->give_up("rank " + std::to_string(options.ranks.front().value) +
                                " failed: " + faults.front().what);
  return record;
}

// At rank 0 the records of all are joined and written.
int RunCommand::finish(RunRecord mine, const sim::Workload& workload, Rendezvous* rendezvous) const {
  std::vector<RunRecord> all;
  if (rendezvous != nullptr) {
    std::ostringstream text;
    validate::write_record(text, mine);
    const auto gathered = rendezvous->gather(text.str(), std::chrono::seconds(deadline_s));
    if (!gathered) return report(gathered.errors());
    if (rendezvous->place().rank != 0) return mine.complete() ? kDone : kNo;
    for (std::size_t r = 1; r < gathered->size(); ++r) {
      if (!(*gathered)[r]) {
        mine.faults.push_back("rank " + std::to_string(r) + " left no record");
        continue;
      }
      std::istringstream in(*(*gathered)[r]);
      auto other = validate::read_record(in);
      if (!other) return report(other.errors());
      all.push_back(std::move(other).value());
    }
  }
  all.insert(all.begin(), std::move(mine));
  RunRecord joined = validate::join(std::move(all));
  if (rendezvous != nullptr) validate::tell_late_peers(workload, joined.spans);
  std::ofstream out(record_path, std::ios::binary);
  validate::write_record(out, joined);
  if (!out.flush()) return complain(record_path + ": cannot be written"), kInputOutput;
  return joined.complete() ? kDone : kNo;
}

int RunCommand::run() {
  const auto overrides = scenario.overrides();
  if (!overrides) return report(overrides.errors()), kUsage;
  const auto where = validate::place_of(place, [](const char* name) -> const char* { return std::getenv(name); });
  if (!where) return report(where.errors()), kUsage;
  if (virtual_ranks && where->world > 1) return complain("--virtual-ranks: all run in one process"), kUsage;
  if (Backend::gpus() == 0) return complain("orrery-gpu: there is no GPU here"), kMissing;

  auto prepared = prepare(file, *overrides);
  if (!prepared) return report(prepared.errors());
  prepared->folded.reset();  // ranks are executed one by one
  const sim::Workload& workload = prepared->workload();
  if (!virtual_ranks && static_cast<std::size_t>(where->world) != workload.ranks())
    return complain(file + ": its layout has " + std::to_string(workload.ranks()) + " ranks, but there are " +
                    std::to_string(where->world) + " processes; --virtual-ranks runs all on one GPU"),
           kInvalid;
  auto links = imposed(workload);
  if (!links) return report(links.errors()), kUsage;

  BackendOptions options;
  options.partition = !share_sms;
  options.sms_a_rank = sms;
  options.graph = graph;
  options.host_ops = !skip_host_ops;
  options.deadline = std::chrono::seconds(deadline_s);
  options.imposed = std::move(links).value();
  options.stop = &stop_on_interrupt();
  options.gpu = gpu >= 0 ? gpu : virtual_ranks ? 0 : where->local_rank;
  std::unique_ptr<Rendezvous> rendezvous;
  if (virtual_ranks) {
    for (std::uint32_t r = 0; r < workload.ranks(); ++r) options.ranks.push_back({r});
  } else {
    options.ranks = {{static_cast<std::uint32_t>(where->rank)}};
    auto met = Rendezvous::join(*where, options.deadline);
    if (!met) return report(met.errors()), kNo;
    rendezvous = std::move(met).value();
    options.rendezvous = rendezvous.get();
  }

  auto executed = execute(*prepared, options);
  // Alone, a graph that cannot be made is no reason to stop.
  if (executed && graph && virtual_ranks && !executed->faults.empty() &&
      executed->faults.front().find("graph mode") != std::string::npos) {
    const std::string why = executed->faults.front();
    options.graph = false;
    executed = execute(*prepared, options);
    if (executed) executed->notes.push_back("run eagerly: " + why);
  }
  if (!executed) {
    if (rendezvous) rendezvous->give_up("rank " + std::to_string(where->rank) + ": " + executed.errors().front().what);
    return report(executed.errors()), kNo;
  }
  return finish(std::move(executed).value(), workload, rendezvous.get());
}

}  // namespace

void add_place(CLI::App& sub, validate::PlaceFlags& place) {
  sub.add_option("--rank", place.rank, "Of this process (default: what the launcher says)")->option_text("N");
  sub.add_option("--world", place.world, "Number of processes")->option_text("N");
  sub.add_option("--local-rank", place.local_rank, "On this host")->option_text("N");
  sub.add_option("--address", place.address, "Host of rank 0")->option_text("HOST");
  sub.add_option("--port", place.port, "Port of rank 0")->option_text("N");
}

void add_run(CLI::App& app, int& status) {
  auto command = std::make_shared<RunCommand>();
  CLI::App& sub = *app.add_subcommand("run", "Execute a scenario's programs and record what happened");
  sub.add_option("FILE", command->file, "Scenario")->required();
  sub.add_option("--record", command->record_path, "Write the record there (rank 0)")->required()->option_text("FILE");
  sub.add_flag("--virtual-ranks", command->virtual_ranks, "All ranks on one GPU");
  sub.add_option("--sms", command->sms, "Of each virtual rank; the others stay idle")->option_text("N");
  sub.add_flag("--share-sms", command->share_sms, "Virtual ranks share all SMs (times mean nothing)");
  sub.add_flag("--graph", command->graph, "As a CUDA graph; eagerly where that fails");
  sub.add_flag("--skip-host-ops", command->skip_host_ops, "Leave out the planned time of the CPU");
  sub.add_flag("--planned-links", command->planned_links, "Virtual ranks: transfers take at least their planned time");
  sub.add_option("--link-latency", command->link_latency, "Virtual ranks: of every round of a transfer")
      ->option_text("TIME");
  sub.add_option("--link-bandwidth", command->link_bandwidth, "Virtual ranks: of every rank's link")
      ->option_text("RATE");
  sub.add_option("--gpu", command->gpu, "Which GPU (default: the local rank)")->option_text("N");
  sub.add_option("--deadline", command->deadline_s, "Seconds to wait for peers and for the GPU")
      ->option_text("S")
      ->check(CLI::Range(1, 86400));
  add_place(sub, command->place);
  command->scenario.add_to(sub);
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli::gpu
