#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <optional>

#include "cli/command/command.h"
#include "cli/console/messages.h"
#include "cli/options/options.h"
#include "cli/options/sweep_presentation.h"
#include "cli/work/sweep/slurm.h"
#include "cli/work/sweep/sweep_run.h"
#include "sweep/store/merge.h"
#include "sweep/store/store.h"

namespace orrery::cli {
namespace {

// sweep status: stores as they are, also while a run writes them.
struct SweepStatus {
  std::vector<std::string> stores;
  OutputOptions output;
  SweepPresentation presentation;

  int run() const {
    std::optional<report::SweepResults> all;
    std::map<std::uint64_t, sweep::Row> best;  // stores may share points, as shards and what they were merged into
    for (const std::string& path : stores) {
      const Result<sweep::Store> store = sweep::Store::read(path);
      if (!store) return report(store.errors());
      auto rows = store->rows();
      if (!rows) return report(rows.errors());
      if (!all) all = report::SweepResults{store->meta(), {}};
      if (!all->meta.belongs_with(store->meta()))
        return complain(path + ": is of another sweep, engine or data than " + stores.front()), kInvalid;
      sweep::keep_better(best, std::move(*rows));
    }
    for (auto& [index, row] : best) all->rows.push_back(std::move(row));
    return presentation.show(*all, output);
  }
};

struct SweepMerge {
  std::string into;
  std::vector<std::string> stores;
  bool skip_broken = false;

  int run() const {
    std::vector<std::string> skipped;
    if (const Errors errors = sweep::merge(into, stores, skip_broken, skipped); !errors.empty()) return report(errors);
    for (const std::string& path : skipped) complain(path + ": left out, for it is cut off or broken");
    return kDone;
  }
};

void add_status(CLI::App& sweeps, int& status) {
  auto command = std::make_shared<SweepStatus>();
  CLI::App& sub = *sweeps.add_subcommand("status", "What stores hold so far: counts, the best, the Pareto front");
  sub.add_option("STORE", command->stores, "Stores of one sweep")->required()->option_text("STORE...");
  command->output.add_to(sub, {"table", "json"});
  command->presentation.add_to(sub);
  sub.callback([command, &status] { status = command->run(); });
}

void add_export(CLI::App& sweeps, int& status) {
  auto command = std::make_shared<SweepStatus>();
  command->output.format = "csv";
  CLI::App& sub = *sweeps.add_subcommand("export", "Every row of stores as CSV or JSON lines");
  sub.add_option("STORE", command->stores, "Stores of one sweep")->required()->option_text("STORE...");
  command->output.add_to(sub, {"csv", "jsonl"});
  sub.callback([command, &status] { status = command->run(); });
}

void add_merge(CLI::App& sweeps, int& status) {
  auto command = std::make_shared<SweepMerge>();
  CLI::App& sub = *sweeps.add_subcommand("merge", "Join the stores of shards into one");
  sub.add_option("--into", command->into, "The store to write")->required()->option_text("STORE");
  sub.add_option("STORE", command->stores, "Stores of shards")->required()->option_text("STORE...");
  sub.add_flag("--skip-broken", command->skip_broken, "Leave out stores that cannot be read, and say which");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace

void add_sweep(CLI::App& app, int& status) {
  CLI::App& sweeps = *app.add_subcommand("sweep", "Many scenarios from one, into a store that can be resumed");
  sweeps.require_subcommand(1);
  add_sweep_run(sweeps, status, false);
  add_status(sweeps, status);
  add_sweep_run(sweeps, status, true);
  add_merge(sweeps, status);
  add_export(sweeps, status);
  add_sweep_submit(sweeps, status);
}

}  // namespace orrery::cli
