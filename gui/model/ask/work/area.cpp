#include "gui/model/ask/work/area.h"

#include <map>
#include <set>

namespace orrery::gui {
namespace {

using Intervals = std::vector<TimeRange>;

void merge(Intervals& intervals) {
  std::sort(intervals.begin(), intervals.end(), [](TimeRange a, TimeRange b) { return a.begin < b.begin; });
  Intervals merged;
  for (const TimeRange& one : intervals) {
    if (!merged.empty() && one.begin <= merged.back().end)
      merged.back().end = std::max(merged.back().end, one.end);
    else
      merged.push_back(one);
  }
  intervals.swap(merged);
}

// How much of `all` no interval of `without` covers; both are merged.
Ns outside(const Intervals& all, const Intervals& without) {
  Ns sum = 0;
  std::size_t from = 0;
  for (const TimeRange& one : all) {
    sum += one.length();
    while (from < without.size() && without[from].end <= one.begin) ++from;
    for (std::size_t i = from; i < without.size() && without[i].begin < one.end; ++i)
      sum -= std::max<Ns>(0, one.cut(without[i]).length());
  }
  return sum;
}

// Counts events of a kind, and says what that is by name.
class NameSums {
 public:
  explicit NameSums(const TraceModel& model) : model_(model), by_kind_(model.kinds().size()) {}

  void add(std::uint32_t kind, Ns time) {
    ++by_kind_[kind].count;
    by_kind_[kind].time += time;
  }

  std::vector<AreaTotals::Name> take() const {
    std::map<std::pair<std::uint32_t, EventClass>, AreaTotals::Name> names;
    for (std::size_t kind = 0; kind < by_kind_.size(); ++kind) {
      const Sum& sum = by_kind_[kind];
      if (sum.count == 0) continue;
      const EventClass is = model_.class_of_kind()[kind];
      const std::uint32_t name = model_.kinds()[kind].name;
      AreaTotals::Name& of = names.try_emplace({name, is}, AreaTotals::Name{name, is}).first->second;
      of.count += sum.count;
      of.time += sum.time;
      if (is_communication(is)) of.bytes += static_cast<std::int64_t>(sum.count) * bytes_of(kind);
    }
    std::vector<AreaTotals::Name> sorted;
    for (const auto& [key, name] : names) sorted.push_back(name);
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.time > b.time; });
    return sorted;
  }

 private:
  struct Sum {
    std::uint64_t count = 0;
    Ns time = 0;
  };

  std::int64_t bytes_of(std::size_t kind) const {
    const auto bytes = bytes_key_ ? arguments().number(model_.kinds()[kind].arguments, *bytes_key_) : std::nullopt;
    return bytes.value_or(0);
  }
  const Arguments& arguments() const { return model_.parts().arguments; }

  const TraceModel& model_;
  std::optional<Arguments::KeyId> bytes_key_ = arguments().key("bytes");
  std::vector<Sum> by_kind_;
};

struct ProcessTimes {
  Intervals compute;
  std::array<Intervals, kEventClasses> transfers;
};

// Takes tracks by process: what a process did is put together, and let go, when the next begins.
class Adder {
 public:
  Adder(const TraceModel& model, TimeRange range, Tally& tally)
      : model_(model), range_(range), tally_(tally), names_(model) {}

  void add(std::uint32_t track) {
    const Track& of = model_.tracks()[track];
    if (of.process != process_) close(of.process);
    busy_.clear();
    for (std::uint32_t row = of.first_row; row < of.first_row + of.rows && !tally_.stopped(); ++row) {
      add(model_.rows()[row], row == of.first_row);
      merge(busy_);
    }
  }

  AreaTotals take() {
    close(kNobody);
    totals_.names = names_.take();
    return std::move(totals_);
  }

 private:
  static constexpr std::uint32_t kNobody = UINT32_MAX;

  void close(std::uint32_t next) {
    totals_.processes += process_ != kNobody;
    process_ = next;
    merge(times_.compute);
    for (std::size_t i = 0; i < kEventClasses; ++i) {
      merge(times_.transfers[i]);
      totals_.exposed[i] += outside(times_.transfers[i], times_.compute);
    }
    times_ = {};
  }

  void add(const Row& row, bool first) {
    std::size_t next_busy = 0;
    const std::size_t above = busy_.size();
    // Events and what lies above them both come in order of time.
    const auto is_within_busy = [&](Ns when) {
      while (next_busy < above && busy_[next_busy].end <= when) ++next_busy;
      return next_busy < above && busy_[next_busy].begin <= when;
    };
    for (std::uint32_t i = row.first_ending_after(range_.begin);
         i < row.size() && row.start(i) < range_.end && tally_.add(1); ++i) {
      const TimeRange cut = row.range(i).cut(range_);
      const EventClass is = model_.class_of_kind()[row[i].kind];
      const auto at = static_cast<std::size_t>(index_of(is));
      ++totals_.events;
      ++totals_.count[at];
      names_.add(row[i].kind, cut.length());
      // Inner calls are part of the outer: they count by name, not twice as busy time. An
      // annotation is no call but a name for those within.
      const bool names_others = is == EventClass::annotation;
      const bool outermost = first || (has_annotations_ && !names_others && !is_within_busy(cut.begin));
      if (outermost) totals_.by_class[at] += cut.length();
      if (outermost && has_annotations_ && !names_others) busy_.push_back(cut);
      if (is_compute(is)) times_.compute.push_back(cut);
      if (is_communication(is)) times_.transfers[at].push_back(cut);
    }
  }

  const TraceModel& model_;
  TimeRange range_;
  Tally& tally_;
  AreaTotals totals_;
  bool has_annotations_ = std::find(model_.class_of_kind().begin(), model_.class_of_kind().end(),
                                    EventClass::annotation) != model_.class_of_kind().end();
  Intervals busy_;                   // of the track, as far as it has been counted; where there are annotations
  std::uint32_t process_ = kNobody;  // whose times these are
  ProcessTimes times_;
  NameSums names_;
};

}  // namespace

AreaTotals totals_of(const TraceModel& model, std::span<const std::uint32_t> tracks, TimeRange range,
                     const GoOn& go_on) {
  const bool only_overviews =
      std::all_of(tracks.begin(), tracks.end(), [&](std::uint32_t t) { return model.tracks()[t].is_overview(); });
  std::vector<std::uint32_t> by_process(tracks.begin(), tracks.end());
  std::stable_sort(by_process.begin(), by_process.end(),
                   [&](auto a, auto b) { return model.tracks()[a].process < model.tracks()[b].process; });
  Tally tally(go_on, model.events());
  Adder adder(model, range, tally);
  for (const std::uint32_t track : by_process)
    if (only_overviews || !model.tracks()[track].is_overview()) adder.add(track);
  return adder.take();
}

NameTotals names_of(const TraceModel& model, TimeRange range, Tally& tally) {
  const bool only_overviews =
      std::all_of(model.tracks().begin(), model.tracks().end(), [](const Track& track) { return track.is_overview(); });
  NameSums names(model);
  std::set<std::uint32_t> processes;
  for (const Track& track : model.tracks()) {
    if (!only_overviews && track.is_overview()) continue;
    processes.insert(track.process);
    for (std::uint32_t r = track.first_row; r < track.first_row + track.rows; ++r) {
      const Row& row = model.rows()[r];
      for (std::uint32_t i = row.first_ending_after(range.begin);
           i < row.size() && row.start(i) < range.end && tally.add(1); ++i)
        names.add(row[i].kind, row.range(i).cut(range).length());
    }
  }
  return {names.take(), static_cast<std::uint32_t>(processes.size())};
}

}  // namespace orrery::gui
