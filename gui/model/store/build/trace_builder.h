#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gui/model/store/build/row_builder.h"
#include "gui/model/store/trace_model.h"
#include "interop/trace/read/trace_visitor.h"
#include "sim/hash_index.h"

namespace orrery::gui {

// Listens to a reader and remembers what a window shows.
class TraceBuilder final : public interop::TraceVisitor {
 public:
  // Asked while the reading goes on; false ends it.
  using Watch = std::function<bool(const TraceBuilder&, const interop::TraceProgress&)>;
  explicit TraceBuilder(Watch watch = {}) : watch_(std::move(watch)) { kind_of({0}, {0}, 0, {}); }

  void name(interop::TraceNameId id, std::string_view text) override;
  void process(const interop::TraceProcess& process) override;
  void track(const interop::TraceTrack& track) override;
  void counter(const interop::TraceCounter& counter) override;
  void slice(const interop::TraceSlice& slice) override;
  void instant(const interop::TraceSlice& instant) override { slice(instant); }
  void count(interop::TraceCounterId counter, Time when, double value) override;
  void flow(const interop::TraceFlowPoint& point) override;
  void skipped(std::string_view reason, std::uint64_t at) override;
  bool keep_going(const interop::TraceProgress& progress) override { return !watch_ || watch_(*this, progress); }

  // What events said of their slack: the one of a track of the model that ends then.
  struct ToldSlack {
    std::uint32_t track;
    Ns end, slack;
  };
  // To be asked once, when all is finished.
  std::vector<ToldSlack> take_slack();

  std::uint64_t events() const { return events_; }
  // What came so far; this goes on. Costs a copy.
  std::shared_ptr<const TraceModel> so_far() const;
  // Everything; null if the watch says no meanwhile: what was made by then stays here until all
  // of this goes. Nothing may come after it.
  std::shared_ptr<const TraceModel> finish();

 private:
  struct DeclaredTrack {
    std::uint32_t process = 0, parent = UINT32_MAX;
    std::string name;
    std::int64_t sort_index = 0;
    bool computes = false;  // of ours
  };
  struct DeclaredCounter {
    std::uint32_t process = 0;
    std::string name, series, unit;
    std::uint32_t sum = UINT32_MAX;  // among sums_
    std::vector<Ns> times;
    std::vector<double> values;
  };
  // What the class of an event hangs on.
  struct Classified {
    std::uint32_t name, category;
    char action;
  };
  struct FlowPoint {
    std::uint64_t id;
    Ns when;
    std::uint32_t track;
    interop::TraceFlowPoint::Kind kind;
    bool next_slice;
  };

  // What arguments say; of those that came last it is known.
  struct Said {
    std::uint64_t version = 0;
    Arguments::ListId list = 0;
    std::optional<Ns> slack;
    Ns waited = 0;
  };
  const Said& said_in(const interop::TraceSlice& slice);
  std::uint32_t kind_of(interop::TraceNameId name, interop::TraceNameId category, Arguments::ListId list,
                        std::span<const interop::TraceArgument> arguments);
  void add_event(std::uint32_t track, Ns start, Ns duration, std::uint32_t kind);
  std::uint32_t add_kind(std::uint32_t name, std::uint32_t category, Arguments::ListId list,
                         std::span<const interop::TraceArgument> arguments);
  EventClass class_of(const Classified& what);
  std::uint32_t derived_kind(const std::string& name, EventClass is);

  // Parts of finish(), in this order.
  std::vector<std::uint32_t> tracks_in_order() const;
  void order_processes(TraceModel::Parts& parts);
  void make_rows(TraceModel::Parts& parts);
  void add_bubbles(const TraceModel::Parts& parts, const std::vector<std::uint32_t>& order);
  void make_counters(TraceModel::Parts& parts);
  void make_arrows(TraceModel::Parts& parts);
  EventRef event_of(const FlowPoint& point, const TraceModel::Parts& parts) const;
  static EventRef received_at(Ns when, const Track& track, const TraceModel::Parts& parts);

  Watch watch_;
  std::vector<std::string> names_;
  std::vector<Process> processes_;
  std::vector<DeclaredTrack> tracks_;
  std::shared_ptr<EventPages> pages_ = std::make_shared<EventPages>();
  std::vector<RowBuilder> events_of_;  // by track
  std::vector<DeclaredCounter> counters_;
  // Counters of one name are parts of a sum, and whether any of them has been told of.
  std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> sum_of_;
  std::vector<bool> has_parts_;  // by sum
  std::vector<FlowPoint> flows_;
  // What transfers on a compute stream waited before they began: idle, like a gap.
  struct Wait {
    std::uint32_t track;
    TimeRange range;
    std::uint32_t kind;  // of the transfer
  };
  std::vector<Wait> waits_;
  std::vector<ToldSlack> slack_;  // by declared track
  std::vector<Kind> kinds_;
  std::vector<std::uint32_t> category_of_kind_;
  std::vector<EventClass> class_of_kind_;
  std::vector<std::uint32_t> first_kind_;  // by list of arguments: the one that came with it
  sim::HashIndex kind_index_;              // of all others
  std::vector<std::pair<Classified, EventClass>> classified_;
  sim::HashIndex class_index_;
  Arguments arguments_;
  Said said_;
  std::uint64_t events_ = 0, skipped_ = 0;
  bool is_run_ = false;  // of ours, with the schedule's actions
  std::vector<std::string> first_skipped_;
  TraceModel::Parts given_up_;
  std::vector<std::uint32_t> process_place_, track_place_;  // of a declared one in the model, or kNowhere
};

}  // namespace orrery::gui
