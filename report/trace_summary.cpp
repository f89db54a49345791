#include "report/trace_summary.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/text.h"

namespace orrery::report {
namespace {

using interop::RankTime;
using interop::TraceBreakdown;
using nlohmann::ordered_json;

constexpr std::size_t kMostRows = 16;  // of ranks; the JSON has all

const char* name_of(interop::TraceFormat format) {
  switch (format) {
    case interop::TraceFormat::kineto:
      return "PyTorch profiler (Kineto)";
    case interop::TraceFormat::perfetto:
      return "Perfetto";
    default:
      return "Chrome trace events";
  }
}

double share(Duration part, Duration whole) {
  return whole > Duration() ? part.seconds() / whole.seconds() : 0;
}

// "1.234 s  56.7 %"
std::string with_share(Duration part, Duration whole) {
  return human_seconds(part.seconds()) + "  " + percent(share(part, whole));
}

std::string more(std::size_t hidden, const std::string& what) {
  return hidden == 0 ? "" : "  and " + std::to_string(hidden) + " more " + what + " (--format json)\n";
}

bool works(const RankTime& rank) {
  return rank.window > Duration();
}

std::string ranks(const TraceBreakdown& b) {
  Table table;
  table.row({"", "window", "compute", "exposed comm", "exposed copies", "idle", "hidden of comm"});
  std::size_t shown = 0, hidden = 0;
  for (const RankTime& rank : b.ranks) {
    if (!works(rank)) continue;
    if (shown == kMostRows) {
      ++hidden;
      continue;
    }
    ++shown;
    const Duration covered = rank.communication - rank.exposed_communication;
    table.row({rank.name, human_seconds(rank.window.seconds()), with_share(rank.compute, rank.window),
               with_share(rank.exposed_communication, rank.window), with_share(rank.exposed_copies, rank.window),
               with_share(rank.idle, rank.window),
               rank.communication > Duration() ? percent(share(covered, rank.communication)) : "-"});
  }
  if (shown == 0) return "";
  return "\nWhere the time of each rank went\n" + table.str() + more(hidden, "ranks");
}

std::string categories_and_streams(const RankTime& rank) {
  Table table("l");
  table.row({"category", "count", "busy", "of the window"});
  for (const auto& category : rank.categories)
    table.row({category.label.empty() ? "(none)" : category.label, grouped(category.count),
               human_seconds(category.busy.seconds()),
               works(rank) && category.works ? percent(share(category.busy, rank.window)) : "-"});
  std::string text =
      "\n" + (rank.name.empty() ? "A process without a name" : rank.name) + ", by category\n" + table.str();
  if (rank.streams.empty()) return text;
  Table streams("l");
  streams.row({"stream", "count", "busy", "of the window"});
  for (const auto& stream : rank.streams)
    streams.row({stream.name, grouped(stream.count), human_seconds(stream.busy.seconds()),
                 percent(share(stream.busy, rank.window))});
  return text + "\n" + rank.name + ", by stream\n" + streams.str();
}

// The first that works stands for the others; a trace without GPU work shows its busiest process.
const RankTime* example(const TraceBreakdown& b) {
  const auto found = std::find_if(b.ranks.begin(), b.ranks.end(), works);
  if (found != b.ranks.end()) return &*found;
  const auto count = [](const RankTime& rank) {
    std::int64_t sum = 0;
    for (const auto& category : rank.categories) sum += category.count;
    return sum;
  };
  const auto most = std::max_element(b.ranks.begin(), b.ranks.end(),
                                     [&](const RankTime& x, const RankTime& y) { return count(x) < count(y); });
  return most == b.ranks.end() ? nullptr : &*most;
}

std::string shortened(const std::string& name) {
  constexpr std::size_t kWidest = 60;
  return name.size() <= kWidest ? name : name.substr(0, kWidest - 3) + "...";
}

std::string operations(const TraceBreakdown& b, std::size_t top) {
  if (b.operations.empty()) return "";
  Duration all;
  for (const auto& operation : b.operations) all += operation.total;
  Table table("ll");
  table.row({"operation", "category", "count", "total", "mean", "longest", "share"});
  for (std::size_t i = 0; i < std::min(top, b.operations.size()); ++i) {
    const auto& o = b.operations[i];
    table.row({shortened(o.name), o.label, grouped(o.count), human_seconds(o.total.seconds()),
               human_seconds(o.total.seconds() / static_cast<double>(o.count)), human_seconds(o.longest.seconds()),
               percent(share(o.total, all))});
  }
  return "\nOperations by total time, all ranks together\n" + table.str() +
         more(b.operations.size() - std::min(top, b.operations.size()), "operations");
}

std::string transfers(const TraceBreakdown& b) {
  if (b.transfers.empty()) return "";
  Table table("ll");
  table.row({"transfers of", "kind", "count", "bytes", "in progress", "GB/s"});
  for (const auto& t : b.transfers)
    table.row({t.label, t.kind.empty() ? "-" : t.kind, grouped(t.count),
               t.bytes.n > 0 ? with_unit(static_cast<double>(t.bytes.n), "B") : "-", human_seconds(t.time.seconds()),
               t.bytes.n > 0 ? significant(t.bytes_per_second() / 1e9, 4) : "-"});
  return "\nTransfers of all ranks; GB/s are their bytes over the time they were in progress\n" + table.str();
}

ordered_json rank_json(const RankTime& rank) {
  ordered_json categories = ordered_json::array(), streams = ordered_json::array();
  for (const auto& c : rank.categories)
    categories.push_back({{"category", c.label}, {"count", c.count}, {"busy_s", c.busy.seconds()}});
  for (const auto& s : rank.streams)
    streams.push_back({{"stream", s.name}, {"count", s.count}, {"busy_s", s.busy.seconds()}});
  return {{"name", rank.name},
          {"steps", rank.steps},
          {"window_s", rank.window.seconds()},
          {"compute_s", rank.compute.seconds()},
          {"communication_s", rank.communication.seconds()},
          {"exposed_communication_s", rank.exposed_communication.seconds()},
          {"exposed_copies_s", rank.exposed_copies.seconds()},
          {"idle_s", rank.idle.seconds()},
          {"categories", categories},
          {"streams", streams}};
}

}  // namespace

std::string trace_counts(const interop::TraceSummary& s) {
  std::string text = grouped(static_cast<std::int64_t>(s.slices)) + " slices, " +
                     grouped(static_cast<std::int64_t>(s.instants)) + " instants, " +
                     grouped(static_cast<std::int64_t>(s.counts)) + " counter values, " +
                     grouped(static_cast<std::int64_t>(s.flow_points)) + " ends of arrows\n";
  if (s.skipped == 0) return text;
  text += grouped(static_cast<std::int64_t>(s.skipped)) +
          (s.skipped == 1 ? " broken event was left out:\n" : " broken events were left out, first:\n");
  for (const Error& error : s.first_skipped) text += "  " + error.what + "\n";
  return text;
}

std::string trace_summary(const std::string& file, const TraceBreakdown& b, std::size_t top) {
  std::string text = file + ": " + name_of(b.summary.format) + "\n" + trace_counts(b.summary) + ranks(b);
  if (const RankTime* rank = example(b)) text += categories_and_streams(*rank);
  return text + operations(b, top) + transfers(b);
}

std::string trace_summary_json(const std::string& file, const TraceBreakdown& b) {
  ordered_json ranks = ordered_json::array(), operations = ordered_json::array(), transfers = ordered_json::array();
  for (const RankTime& rank : b.ranks) ranks.push_back(rank_json(rank));
  for (const auto& o : b.operations)
    operations.push_back({{"operation", o.name},
                          {"category", o.label},
                          {"count", o.count},
                          {"total_s", o.total.seconds()},
                          {"longest_s", o.longest.seconds()}});
  for (const auto& t : b.transfers)
    transfers.push_back({{"category", t.label},
                         {"transfer", t.kind},
                         {"count", t.count},
                         {"bytes", t.bytes.n},
                         {"in_progress_s", t.time.seconds()},
                         {"bytes_per_s", t.bytes_per_second()}});
  const auto& s = b.summary;
  const ordered_json out{{"schema_version", 1},        {"trace", file},          {"format", name_of(s.format)},
                         {"slices", s.slices},         {"instants", s.instants}, {"counter_values", s.counts},
                         {"flow_ends", s.flow_points}, {"skipped", s.skipped},   {"ranks", ranks},
                         {"operations", operations},   {"transfers", transfers}};
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

std::string trace_summary_csv(const TraceBreakdown& b) {
  std::string text = "name,steps,window_s,compute_s,communication_s,exposed_communication_s,exposed_copies_s,idle_s\n";
  for (const RankTime& r : b.ranks) {
    if (!works(r)) continue;
    text += csv_field(r.name) + "," + std::to_string(r.steps);
    for (const Duration d : {r.window, r.compute, r.communication, r.exposed_communication, r.exposed_copies, r.idle})
      text += "," + ordered_json(d.seconds()).dump();
    text += "\n";
  }
  return text;
}

}  // namespace orrery::report
