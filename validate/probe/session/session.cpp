#include "validate/probe/session/session.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "sim/base/digest.h"
#include "validate/calibration/writer.h"
#include "validate/probe/family/passes.h"
#include "validate/probe/session/safe_file.h"

namespace orrery::validate {
namespace {

namespace fs = std::filesystem;
using models::Calibration;
using models::Interval;

constexpr double kDrift = 0.02;
constexpr int kTries = 3;
constexpr double kWarmFor = 0.3;  // seconds of load before a sentinel is timed
constexpr int kSentinels = 5;

class BlockRunner {
 public:
  BlockRunner(Bench& bench, const SessionOptions& options) : bench_(bench), options_(options) {}

  void run(const Block& block, std::uint32_t number, Session& session) {
    const std::string path = path_of(block, number);
    const std::string digest = std::to_string(Digest().add(block.digest).add(options_.digest).value());
    if (auto kept = kept_block(path, digest)) {
      merge(std::move(*kept), session.measured);
      ++session.resumed, ++session.finished;
      return;
    }
    options_.tell(block.name + ": measuring, at most " + std::to_string(static_cast<int>(budget_of(block))) + " s");
    const double begin = bench_.seconds();
    Calibration part = measured(block, number);
    session.interrupted = bench_.stopped();
    session.faults = bench_.faults();
    if (session.interrupted || !bench_.ok()) return;
    part.gpu = options_.gpu;
    part.tool["block"] = digest;
    // What counts is what is on the disk: a run that goes on later must not differ in a last bit.
    const std::string text = calibration_json(part);
    if (bench_.is_leader() && !path.empty()) session.faults = write_safely(path, text);
    Result<Calibration> read = models::parse_calibration(text, path);
    if (!read) session.faults = read.errors();
    if (!session.faults.empty()) return;
    part = std::move(read).value();
    merge(std::move(part), session.measured);
    ++session.finished;
    options_.tell(block.name + ": done in " + tenths(bench_.seconds() - begin) + " s");
  }

 private:
  double budget_of(const Block& block) const { return options_.pace * block.budget; }

  static std::string tenths(double seconds) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", seconds);
    return text;
  }

  std::string path_of(const Block& block, std::uint32_t number) const {
    char prefix[16];
    std::snprintf(prefix, sizeof prefix, "%02u-", number);
    return options_.folder.empty() ? "" : (fs::path(options_.folder) / (prefix + block.name + ".json")).string();
  }

  // All processes skip a block or none does; only the leader's disk counts.
  std::optional<Calibration> kept_block(const std::string& path, const std::string& digest) {
    std::optional<Calibration> kept;
    std::error_code none;
    if (bench_.is_leader() && fs::is_regular_file(path, none))
      if (auto read = models::read_calibration(path); read && read->tool["block"] == digest)
        kept = std::move(read).value();
    if (bench_.agreed(bench_.is_leader() && !kept ? 1 : 0) > 0) return std::nullopt;
    return kept ? std::move(kept) : Calibration{};
  }

  Calibration measured(const Block& block, std::uint32_t number) {
    bench_.begin_block(number);
    Calibration part;
    const double budget = budget_of(block);
    spare_ += budget;
    for (int n = 1; n <= kTries && !bench_.stopped(); ++n) {
      const double began = bench_.seconds();
      const double before = sentinel_time();
      part = block.measure(bench_, budget);
      const double after = sentinel_time();
      const double took = bench_.seconds() - began;
      spare_ -= took;
      if (before > 0) note_sentinels(before, after, part);
      if (!(before > 0) || std::abs(after / before - 1) <= kDrift) break;
      const bool again = n < kTries && took <= spare_;
      const std::string drift = std::to_string(std::lround(1000 * std::abs(after / before - 1))) + " permille";
      if (!again) part.tool["drift." + block.name] = drift;
      options_.tell(block.name + ": the sentinel moved by " + drift + (again ? "; measured again" : "; kept"));
      if (!again) break;
    }
    if (bench_.options().conditions)
      for (const auto& [name, seen] : bench_.options().conditions()) part.conditions[name] = seen;
    return part;
  }

  void warm_up() {
    if (!bench_.can_run(sentinel())) return;
    const double begin = bench_.seconds();
    while (bench_.seconds() - begin < kWarmFor && !bench_.stopped()) bench_.kernel(sentinel(), 100, false);
  }

  // Behind some of its own load: what ran before decides clocks too.
  double sentinel_time() {
    if (!bench_.can_run(sentinel())) return 0;
    warm_up();
    std::vector<double> times;
    for (int i = 0; i < kSentinels; ++i) times.push_back(bench_.kernel(sentinel(), 10));
    return median_interval(times).value;
  }

  static void note_sentinels(double before, double after, Calibration& part) {
    part.conditions["sentinel_s"] = {before + (after - before) / 2, std::min(before, after), std::max(before, after),
                                     2};
  }

  Bench& bench_;
  const SessionOptions& options_;
  double spare_ = 0;  // seconds of all budgets so far that were not used
};

template <class T>
void append(std::vector<T>& to, std::vector<T>&& more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// A condition of several blocks: the mean over their samples, the range of all.
void join(const Interval& more, Interval& to) {
  const double n = to.samples, m = more.samples;
  to.low = std::min(to.low, more.low);
  to.high = std::max(to.high, more.high);
  to.value = std::clamp((to.value * n + more.value * m) / (n + m), to.low, to.high);
  to.samples += more.samples;
}

// A block that fails to make its folder is told once, before anything is measured.
Errors make_folder(const std::string& folder) {
  std::error_code error;
  if (folder.empty() || fs::is_directory(folder, error)) return {};
  error.clear();
  if (fs::create_directory(folder, error)) return {};
  return {{{folder, 0, 0}, "cannot be made: " + error.message(), Fault::io}};
}

}  // namespace

models::Kernel sentinel() {
  models::GemmShape s;
  s.m = s.n = s.k = 4096;
  return {s};
}

void merge(Calibration part, Calibration& whole) {
  part.tool.erase("block");
  whole.tool.merge(part.tool);
  for (const auto& [name, seen] : part.conditions) {
    const auto [at, is_new] = whole.conditions.try_emplace(name, seen);
    if (!is_new) join(seen, at->second);
  }
  whole.peaks.merge(part.peaks);
  whole.launch.merge(part.launch);
  whole.interference.merge(part.interference);
  append(whole.kernels, std::move(part.kernels));
  append(whole.transfers, std::move(part.transfers));
  append(whole.layers, std::move(part.layers));
}

Session run_blocks(const std::vector<Block>& blocks, Bench& bench, const SessionOptions& options) {
  Session session;
  if (bench.is_leader()) session.faults = make_folder(options.folder);
  BlockRunner runner(bench, options);
  for (std::uint32_t i = 0; i < blocks.size(); ++i) {
    // What goes wrong with one process ends all.
    if (bench.agreed(session.faults.empty() ? 0 : 1) > 0) session.interrupted = true;
    if (session.interrupted) break;
    runner.run(blocks[i], i + 1, session);
  }
  return session;
}

}  // namespace orrery::validate
