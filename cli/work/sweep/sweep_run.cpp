#include "cli/work/sweep/sweep_run.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include "cli/command/command.h"
#include "cli/console/interrupt.h"
#include "cli/console/messages.h"
#include "cli/console/progress.h"
#include "cli/options/options.h"
#include "cli/options/run_cap_option.h"
#include "cli/options/sweep_presentation.h"
#include "cli/options/threads.h"
#include "cli/process/crew.h"
#include "cli/process/helper.h"
#include "cli/work/sweep/sweep_points.h"
#include "report/text.h"

namespace orrery::cli {
namespace {

namespace fs = std::filesystem;

// "I/N": shard I of N, counted from 0.
struct Shard {
  std::uint32_t index = 0, of = 1;
};

Result<Shard> parse_shard(const std::string& text) {
  if (text.empty()) return Shard{};
  Shard shard;
  int end = 0;
  const bool read = std::sscanf(text.c_str(), "%u/%u%n", &shard.index, &shard.of, &end) == 2;
  if (read && static_cast<std::size_t>(end) == text.size() && shard.index < shard.of) return shard;
  return Error{{}, "--shard " + text + ": it is I/N, as 0/4 … 3/4"};
}

struct SweepRun {
  std::string file, store, shard;
  ScenarioOptions scenario;
  OutputOptions output;
  SweepPresentation presentation;
  int jobs = 0;
  std::size_t only_best = 0;  // 0: all
  RunCapOption run_cap;
  bool resumes = false, mpi = false;

  int run();
  int go_on(const SweepPoints& points, sweep::Store store, const Shard& part);
  int take_part(const Result<SweepPoints>& points) const;
  std::string store_path(const Shard& part) const;
  std::unique_ptr<sweep::Best> best() const;
};

// Goes on as orrery-mpi, which knows the others that mpirun has started.
int become_crew() {
  const auto helper = find_helper("orrery-mpi", "ORRERY_MPI");
  if (!helper)
    return complain("--mpi: orrery-mpi is not there; it is built where MPI is (scripts/install-packages mpi)"),
           kMissing;
  return become_helper(*helper, own_arguments());
}

std::string SweepRun::store_path(const Shard& part) const {
  if (!store.empty()) return store;
  const std::string stem = fs::path(file).stem().string();
  return part.of == 1 ? stem + ".sqlite"
                      : stem + "-" + std::to_string(part.index) + "-of-" + std::to_string(part.of) + ".sqlite";
}

// What only_best asks for; null: everything.
std::unique_ptr<sweep::Best> SweepRun::best() const {
  if (only_best == 0) return nullptr;
  const bool step = presentation.by.empty() || presentation.by == "step_time";
  return std::make_unique<sweep::Best>(only_best,
                                       step ? sweep::BestBy::step_time : sweep::BestBy::tokens_per_s_per_gpu);
}

// One of those who only work points out. What is wrong with all is the leader's to tell.
int SweepRun::take_part(const Result<SweepPoints>& points) const {
  sweep::PoolOptions options;
  options.stop = &stop_on_interrupt();
  const std::unique_ptr<sweep::Best> best = this->best();
  const std::unique_ptr<sweep::RunCap> cap = run_cap.make();
  models::Workbench bench;
  if (points)
    the_crew()->follow(
        [&](std::uint64_t point) {
          return points->evaluate(point, {bench, best.get(), cap.get()});
        },
        options);
  else
    the_crew()->decline(points.errors());
  return kDone;
}

// Nothing to hand out: the others are let go.
int dismissed(int status) {
  if (sweep::Crew* const crew = the_crew(); crew && crew->size() > 1) crew->lead({}, [](auto) { return Errors(); }, {});
  return status;
}

int SweepRun::run() {
  if (mpi && !the_crew()) return become_crew();
  const auto overrides = scenario.overrides();
  if (!overrides) return report(overrides.errors()), kUsage;
  if (const Errors errors = run_cap.read(); !errors.empty()) return report(errors), kUsage;
  const Result<Shard> part = parse_shard(shard);
  if (!part) return complain(part.errors().front().what), kUsage;
  if (only_best > 0 && presentation.by.empty()) presentation.by = "step_time";
  if (only_best > 0 && presentation.by != "step_time" && presentation.by != "tokens_per_s_per_gpu")
    return complain("--only-best goes --by step_time or tokens_per_s_per_gpu, of which a bound is known"), kUsage;
  const DocumentCache presets;
  const Result<SweepPoints> points = SweepPoints::read(file, *overrides);
  if (the_crew() && !the_crew()->leads()) return take_part(points);
  if (!points) return dismissed(report(points.errors()));
  const std::string path = store_path(*part);
  if (resumes && !fs::exists(path))
    return complain(path + ": is not there; orrery sweep run begins one"), dismissed(kInputOutput);
  Result<sweep::Store> opened = sweep::Store::open(path, points->meta(part->index, part->of));
  if (!opened) return dismissed(report(opened.errors()));
  return go_on(*points, std::move(*opened), *part);
}

// What a store says of points. The others, and those that are not settled, are to be run: what has failed, what was
// pruned, which may be among more, and what took too long where it is given more time.
struct Known {
  std::map<std::uint64_t, int> failed;  // and how often
  std::set<std::uint64_t> settled;
};

Known known_of(const std::vector<sweep::Row>& rows, const RunCapOption& cap) {
  Known all;
  for (const sweep::Row& row : rows) {
    if (row.outcome.status == sweep::Status::failed)
      all.failed[row.index] = row.attempt;
    else if (row.outcome.status != sweep::Status::pruned && !cap.takes_up(row.outcome))
      all.settled.insert(row.index);
  }
  return all;
}

int SweepRun::go_on(const SweepPoints& points, sweep::Store kept, const Shard& part) {
  const auto before = kept.rows();
  if (!before) return dismissed(report(before.errors()));
  const Known known = known_of(*before, run_cap);
  const std::unique_ptr<sweep::RunCap> cap = run_cap.make();
  const std::unique_ptr<sweep::Best> best_asked = best();
  if (best_asked)
    for (const sweep::Row& row : *before) best_asked->add(row.outcome);
  std::vector<std::uint64_t> todo = points.of_shard(part.index, part.of);
  std::erase_if(todo, [&](std::uint64_t point) { return known.settled.contains(point); });
  Progress progress(output.progress, output.quiet, file);
  std::size_t done = 0;
  double best = 0;
  sweep::PoolOptions options;
  options.threads = threads_of(jobs);
  options.stop = &stop_on_interrupt();
  options.seen = [&](std::span<const sweep::Row> rows) {
    done += rows.size();
    for (const sweep::Row& row : rows)
      if (row.outcome.fits && (best == 0 || row.outcome.step_time_s < best)) best = row.outcome.step_time_s;
    progress.step(done, todo.size(), best > 0 ? "best step " + report::human_seconds(best) : "");
  };
  const auto keep = [&](std::span<const sweep::Row> rows) {
    std::vector<sweep::Row> counted(rows.begin(), rows.end());
    for (sweep::Row& row : counted)
      if (const auto failed = known.failed.find(row.index); failed != known.failed.end())
        row.attempt = failed->second + 1;
    return kept.put(counted);
  };
  const auto factory = [&]() -> sweep::Evaluate {
    return [&, bench = std::make_shared<models::Workbench>()](std::uint64_t point) {
      return points.evaluate(point, {*bench, best_asked.get(), cap.get()});
    };
  };
  sweep::Crew* const crew = the_crew();
  Errors errors =
      crew && crew->size() > 1 ? crew->lead(todo, keep, options) : sweep::work(todo, factory, keep, options);
  if (errors.empty()) errors = kept.finish();
  if (!errors.empty()) return report(errors);
  auto rows = kept.rows();
  if (!rows) return report(rows.errors());
  report::SweepResults results{kept.meta(), std::move(*rows)};
  if (part.of > 1) results.meta.points = points.of_shard(part.index, part.of).size();
  const int shown = presentation.show(results, output);
  if (shown != kDone) return shown;
  if (stop_on_interrupt().load()) {
    complain("interrupted; what is done is kept in " + kept.path() + ": orrery sweep resume " + file + " goes on");
    return kInterrupted;
  }
  if (!output.quiet && output.format == "table") complain("results are in " + kept.path());
  const bool any = std::any_of(results.rows.begin(), results.rows.end(),
                               [](const sweep::Row& row) { return row.outcome.status == sweep::Status::ok; });
  return any || results.rows.empty() ? kDone : kInfeasible;
}

}  // namespace

void add_sweep_run(CLI::App& sweeps, int& status, bool resumes) {
  auto command = std::make_shared<SweepRun>();
  command->resumes = resumes;
  CLI::App& sub = resumes ? *sweeps.add_subcommand("resume", "Run what is missing or has failed, into the same store")
                          : *sweeps.add_subcommand("run", "Run every point that the store does not have yet");
  sub.add_option("FILE", command->file, "Scenario with a sweep: section")->required();
  command->scenario.add_to(sub);
  command->output.add_to(sub, {"table", "json", "jsonl", "csv"});
  sub.add_option("--store", command->store, "SQLite file of the results (default: FILE's name, .sqlite)")
      ->option_text("FILE");
  sub.add_option("--shard", command->shard, "Points I, I+N, I+2N… only, as 0/4")->option_text("I/N");
  add_jobs(sub, command->jobs);
  sub.add_option(
         "--only-best", command->only_best,
         "Only the best N are wanted (--by step_time or tokens_per_s_per_gpu): what does not fit into memory, or "
         "cannot be among them by its bound, is not run")
      ->option_text("N")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 40));
  command->run_cap.add_to(sub);
  sub.add_flag("--mpi", command->mpi, "Under mpirun: the first process keeps the store, the others work points out");
  command->presentation.add_to(sub);
  sub.footer(
      "Examples:\n"
      "  orrery sweep run scenarios/sweeps/llama-3.1-70b-64-h100.yaml --top 20 --report sweep.html\n"
      "  orrery sweep run my.yaml --only-best 10\n"
      "  orrery sweep run my.yaml --shard 0/8 --store shards/0.sqlite\n"
      "  mpirun -n 65 orrery sweep run my.yaml --mpi");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli
