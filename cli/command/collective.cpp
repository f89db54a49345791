#include "report/collective/collective.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cli/command/command.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/options/collective_options.h"
#include "cli/options/options.h"
#include "cli/options/plot_option.h"
#include "interop/nccl_tests.h"
#include "models/collectives/planner.h"

namespace orrery::cli {
namespace {

struct CollectiveCommand {
  std::string operation, compare, format = "table", output;
  CollectiveOptions options;
  PlotOption plot;

  int run();
  int write(const report::CollectiveTable& table) const;
};

void compare_with(const interop::NcclTestsLog& log, const std::string& name, report::CollectiveTable& table) {
  table.measured_name = name;
  for (const models::CollectiveRow& row : table.rows) {
    const auto at = std::find_if(log.rows.begin(), log.rows.end(), [&](const auto& m) { return m.bytes == row.bytes; });
    table.measured.push_back(at == log.rows.end()
                                 ? std::nullopt
                                 : std::optional(report::MeasuredRow{at->microseconds, at->algbw, at->busbw}));
  }
}

// What was asked for and ran nowhere in the table: an operation, these ranks or their network cannot do it.
void remark_what_did_not_run(const CollectiveOptions& options, const report::CollectiveTable& table) {
  const auto never = [&](const auto& is_it) {
    return !table.rows.empty() && std::none_of(table.rows.begin(), table.rows.end(), is_it);
  };
  const models::Forced& asked = options.forced;
  const std::string there = " does no such " + table.operation + " here; NCCL's choice stands";
  if (asked.algorithm &&
      never([&](const auto& row) { return row.method.algorithm == *asked.algorithm || row.time == Duration(); }))
    complain("--algo " + std::string(to_string(*asked.algorithm)) + there);
  if (asked.protocol &&
      never([&](const auto& row) { return row.method.protocol == *asked.protocol || row.time == Duration(); }))
    complain("--proto " + std::string(to_string(*asked.protocol)) + there);
}

int write_file(const std::string& path, const std::string& text) {
  Output out(path);
  if (!out.ok()) return kInputOutput;
  out.stream() << text;
  return out.finish() ? kDone : kInputOutput;
}

int CollectiveCommand::write(const report::CollectiveTable& table) const {
  const std::string text = format == "json"  ? report::collective_json(table)
                           : format == "csv" ? report::collective_csv(table)
                                             : report::collective_text(table);
  if (const int status = write_file(output, text); status != kDone || !plot.wanted()) return status;
  return plot.write(report::collective_svg(table)) ? kDone : kInputOutput;
}

int CollectiveCommand::run() {
  std::optional<interop::NcclTestsLog> log;
  if (!compare.empty()) {
    Result<interop::NcclTestsLog> read = interop::read_nccl_tests(compare);
    if (!read) return report(read.errors());
    log = std::move(*read);
    if (!options.sizes_given())
      for (const interop::NcclTestsRow& row : log->rows) options.sizes.push_back(row.bytes);
  }
  if (const Errors wrong = options.parse(); !wrong.empty()) return report(wrong), kUsage;
  if (const Errors wrong = options.read_written(); !wrong.empty()) return report(wrong);
  const Result<topology::ClusterSpec> cluster = options.read_cluster();
  if (!cluster) return report(cluster.errors());
  Result<topology::Fabric> built = topology::Fabric::build(*cluster);
  if (!built) return report(built.errors());
  const auto fabric = std::make_shared<const topology::Fabric>(std::move(*built));
  const Result<std::vector<RankId>> ranks = options.choose_ranks(fabric->gpus());
  if (!ranks) return report(ranks.errors());

  if (const Errors wrong = options.read_graph(*cluster, *ranks); !wrong.empty()) return report(wrong);
  const sim::TransferKind kind = operation_kind(operation);
  if (const std::optional<Error> wrong = options.check_written(kind, static_cast<int>(ranks->size())))
    return report({*wrong});
  const auto facts =
      models::read_collective_facts(SearchPath::standard(""), fabric->cluster(), options.nccl, {"--nccl", 0, 0});
  if (!facts) return report(facts.errors());
  const auto planner = models::make_planner(fabric, options.network, *facts, options.forced);
  // Free of contention, analytic plans name no links; alone, flow's are the same.
  const bool analytic = options.network == models::Network::analytic;
  const auto on_links =
      analytic ? models::make_planner(fabric, models::Network::flow, *facts, options.forced) : planner;
  report::CollectiveTable table;
  table.operation = operation;
  table.cluster = cluster->name;
  table.network = options.network_name;
  table.ranks = static_cast<int>(ranks->size());
  table.dtype = options.dtype;
  table.element_bytes = options.element_bytes;
  table.redop = reduces(kind) ? "sum" : "";
  table.rooted = has_root(kind);
  table.rows = models::collective_table(*fabric, *planner, kind, *ranks, options.sizes, on_links.get());
  if (log) compare_with(*log, compare, table);
  remark_what_did_not_run(options, table);
  return write(table);
}

}  // namespace

void add_collective(CLI::App& app, int& status) {
  auto command = std::make_shared<CollectiveCommand>();
  CLI::App& sub = *app.add_subcommand("collective", "How long a collective takes, as nccl-tests would print it");
  one_of(sub.add_option("OP", command->operation, "What to run")->required(), operation_names());
  command->options.add_to(sub);
  sub.add_option("--compare", command->compare, "A log of nccl-tests, to stand beside the prediction")
      ->option_text("LOG");
  command->plot.add_to(sub, "Draw bus bandwidth over size");
  one_of(sub.add_option("--format", command->format, "How to print"), {"table", "json", "csv"});
  sub.add_option("-o,--output", command->output, "Write there instead of to standard output")->option_text("FILE");
  sub.footer(
      "Sizes are in the sense of nccl-tests, and K, M, G in them are powers of 1024.\n"
      "Examples:\n"
      "  orrery collective all-reduce --cluster dgx-h100 --nodes 4 -b 8 -e 8G -f 2\n"
      "  orrery collective all-gather --cluster dgx-a100 --nodes 16 --ranks 0-127:8 --bytes 1M,1G\n"
      "  orrery collective all-reduce --cluster dgx-h100 --nodes 1 --compare all_reduce_perf.log --plot both.svg");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli
