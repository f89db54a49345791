#include "validate/run_record.h"

#include <algorithm>
#include <iomanip>
#include <istream>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

namespace orrery::validate {
namespace {

using nlohmann::json;

constexpr int kSchema = 2;

// As it lies in the file; both sides are the same build on machines of one kind.
struct StoredSpan {
  std::uint32_t rank, op;
  std::uint16_t step;
  std::uint8_t stream, unused = 0;
  std::uint32_t unused_too = 0;
  std::int64_t start, met, end;
};
static_assert(sizeof(StoredSpan) == 40);

StoredSpan stored(const sim::Span& s) {
  return {s.rank.value, s.op, s.step, s.stream, 0, 0, s.start.count_ps(), s.met.count_ps(), s.end.count_ps()};
}

sim::Span span_of(const StoredSpan& s) {
  const auto time = [](std::int64_t ps) { return Time::at(Duration::ps(ps)); };
  return {{s.rank}, s.stream, s.step, s.op, time(s.start), time(s.met), time(s.end)};
}

json document_of(const RunRecord& r) {
  json memory = json::array();
  for (const RankMemoryUse& m : r.memory) memory.push_back({m.rank.value, m.reserved_peak.n});
  const Conditions& c = r.conditions;
  return {{"schema", kSchema},
          {"rank", r.rank.value},
          {"device", r.device},
          {"transport", r.transport},
          {"mode", r.mode},
          {"notes", r.notes},
          {"faults", r.faults},
          {"interrupted", r.interrupted},
          {"enqueue_s", r.enqueue_seconds},
          {"device_memory", r.device_memory.n},
          {"operand_memory", r.operand_memory.n},
          {"runtime_memory", r.runtime_memory.n},
          {"memory", memory},
          {"conditions",
           {{"samples", c.samples},
            {"sm_clock_mhz", {c.sm_clock_min_mhz, c.sm_clock_median_mhz, c.sm_clock_max_mhz}},
            {"memory_clock_mhz", c.memory_clock_mhz},
            {"power_max_w", c.power_max_w},
            {"temperature_max_c", c.temperature_max_c},
            {"throttled", c.throttled}}},
          {"spans", r.spans.size()}};
}

RunRecord record_of(const json& d) {
  RunRecord r;
  r.rank.value = d.value("rank", 0U);
  r.device = d.at("device").get<std::string>();
  r.transport = d.at("transport").get<std::string>();
  r.mode = d.at("mode").get<std::string>();
  r.notes = d.at("notes").get<std::vector<std::string>>();
  r.faults = d.at("faults").get<std::vector<std::string>>();
  r.interrupted = d.at("interrupted").get<bool>();
  r.enqueue_seconds = d.at("enqueue_s").get<double>();
  r.device_memory.n = d.at("device_memory").get<std::int64_t>();
  r.operand_memory.n = d.at("operand_memory").get<std::int64_t>();
  r.runtime_memory.n = d.at("runtime_memory").get<std::int64_t>();
  for (const json& m : d.at("memory"))
    r.memory.push_back({{m.at(0).get<std::uint32_t>()}, {m.at(1).get<std::int64_t>()}});
  const json& c = d.at("conditions");
  r.conditions.samples = c.at("samples").get<int>();
  r.conditions.sm_clock_min_mhz = c.at("sm_clock_mhz").at(0).get<int>();
  r.conditions.sm_clock_median_mhz = c.at("sm_clock_mhz").at(1).get<int>();
  r.conditions.sm_clock_max_mhz = c.at("sm_clock_mhz").at(2).get<int>();
  r.conditions.memory_clock_mhz = c.at("memory_clock_mhz").get<int>();
  r.conditions.power_max_w = c.at("power_max_w").get<double>();
  r.conditions.temperature_max_c = c.at("temperature_max_c").get<int>();
  r.conditions.throttled = c.at("throttled").get<std::vector<std::string>>();
  return r;
}

std::string human(double x) {
  std::ostringstream text;
  text << std::setprecision(3) << x;
  return text.str();
}

void add_new(std::vector<std::string>& to, const std::vector<std::string>& from) {
  for (const std::string& text : from)
    if (std::find(to.begin(), to.end(), text) == to.end()) to.push_back(text);
}

// Why clocks were held down, and of which ranks where that is not all.
std::vector<std::string> throttled_of(const std::vector<RunRecord>& records) {
  std::map<std::string, std::vector<RankId>> ranks_of;
  for (const RunRecord& record : records)
    for (const std::string& reason : record.conditions.throttled) ranks_of[reason].push_back(record.rank);
  std::vector<std::string> told;
  for (const auto& [reason, ranks] : ranks_of) {
    std::string text = reason;
    for (std::size_t i = 0; ranks.size() < records.size() && i < ranks.size(); ++i)
      text += (i == 0 ? ", rank " : ", ") + std::to_string(ranks[i].value);
    told.push_back(std::move(text));
  }
  return told;
}

Conditions slower(Conditions a, const Conditions& b) {
  if (a.samples == 0) return b;
  if (b.samples == 0) return a;
  a.samples += b.samples;
  a.sm_clock_min_mhz = std::min(a.sm_clock_min_mhz, b.sm_clock_min_mhz);
  a.sm_clock_median_mhz = std::min(a.sm_clock_median_mhz, b.sm_clock_median_mhz);
  a.sm_clock_max_mhz = std::max(a.sm_clock_max_mhz, b.sm_clock_max_mhz);
  a.memory_clock_mhz = std::min(a.memory_clock_mhz, b.memory_clock_mhz);
  a.power_max_w = std::max(a.power_max_w, b.power_max_w);
  a.temperature_max_c = std::max(a.temperature_max_c, b.temperature_max_c);
  return a;
}

}  // namespace

void write_record(std::ostream& out, const RunRecord& record) {
  out << document_of(record).dump() << '\n';
  for (const sim::Span& span : record.spans) {
    const StoredSpan s = stored(span);
    out.write(reinterpret_cast<const char*>(&s), sizeof s);
  }
}

Result<RunRecord> read_record(std::istream& in) {
  std::string line;
  std::getline(in, line);
  try {
    const json document = json::parse(line);
    if (document.at("schema").get<int>() != kSchema)
      return Error{{}, "this run was recorded by another version of orrery-gpu"};
    RunRecord record = record_of(document);
    const auto spans = document.at("spans").get<std::size_t>();
    StoredSpan s{};
    while (record.spans.size() < spans && in.read(reinterpret_cast<char*>(&s), sizeof s))
      record.spans.push_back(span_of(s));
    if (record.spans.size() == spans) return record;
    return Error{{},
                 "this record of a run ends after " + std::to_string(record.spans.size()) + " of " +
                     std::to_string(spans) + " spans"};
  } catch (const json::exception&) {
    return Error{{}, "this is no record of a run by orrery-gpu"};
  }
}

std::vector<std::string> remarks_on(const RunRecord& record) {
  std::vector<std::string> remarks = record.notes;
  if (!record.mode.empty())
    remarks.push_back(record.mode + " mode; the host enqueued for " + human(record.enqueue_seconds) + " s");
  if (record.operand_memory.n > 0)
    remarks.push_back("operands of kernels and transfers took " +
                      human(static_cast<double>(record.operand_memory.n) / (1 << 30)) +
                      " GiB beside what is told here");
  const Conditions& c = record.conditions;
  if (c.samples > 0)
    remarks.push_back("SM clock " + std::to_string(c.sm_clock_min_mhz) + " to " + std::to_string(c.sm_clock_max_mhz) +
                      " MHz (median " + std::to_string(c.sm_clock_median_mhz) + "), at most " + human(c.power_max_w) +
                      " W and " + std::to_string(c.temperature_max_c) + " C");
  for (const std::string& reason : c.throttled) remarks.push_back("clocks were held down: " + reason);
  return remarks;
}

RunRecord join(std::vector<RunRecord> records) {
  std::vector<std::string> throttled = throttled_of(records);
  RunRecord all = std::move(records.front());
  for (std::size_t i = 1; i < records.size(); ++i) {
    RunRecord& next = records[i];
    add_new(all.notes, next.notes);
    add_new(all.faults, next.faults);
    all.interrupted |= next.interrupted;
    all.runtime_memory = std::max(all.runtime_memory, next.runtime_memory);
    all.enqueue_seconds = std::max(all.enqueue_seconds, next.enqueue_seconds);
    all.memory.insert(all.memory.end(), next.memory.begin(), next.memory.end());
    all.conditions = slower(all.conditions, next.conditions);
    all.spans.insert(all.spans.end(), next.spans.begin(), next.spans.end());
  }
  all.conditions.throttled = std::move(throttled);
  return all;
}

}  // namespace orrery::validate
