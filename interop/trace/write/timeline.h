#pragma once

#include <memory>
#include <vector>

#include "interop/trace/write/memory_counter.h"
#include "interop/trace/write/output/event_format.h"
#include "interop/trace/write/trace_writer.h"
#include "interop/trace/write/tracks.h"

namespace orrery::interop {

// Turns the spans of a run into slices, counters and flows of a format: who is
// shown, under which name, within which time.
//
// A folded run tells of one rank for each class; it is written once under the
// name of every rank that was asked for, and flows run between those.
class Timeline final : public TraceWriter {
 public:
  Timeline(const TraceContext& context, std::vector<std::uint32_t> shown);

  // To be called once, before the first span.
  void write_to(std::unique_ptr<EventFormat> format);
  const NameTable& names() const { return names_; }

  bool wants(RankId rank) const override;
  void span(const sim::Span& span) override;
  // With what is known of its slack.
  void span(const sim::Span& span, Duration slack);
  void link(const sim::LinkSample& sample) override;
  Errors close() override;

 private:
  // Sends and receives between two ranks match in order within a tag.
  struct Channel {
    std::uint32_t peer;
    std::uint16_t tag;
    bool sends;
    std::uint64_t count;
  };
  struct Shown {
    std::uint32_t rank;
    std::vector<Channel> channels;  // few: searched from the front
  };
  // What is known of a rank that the engine tells of.
  struct Told {
    std::vector<Shown> shown;
    MemoryCounter memory;
    const sim::Marker* action = nullptr;  // that its main stream is in
    Time action_start;
  };

  void prepare_programs();
  void choose_links();
  void declare(const Told& told);
  std::vector<std::int64_t> held_throughout(RankId rank) const;
  bool visible(Time start, Time end) const { return end > context_.filter.from && start < context_.filter.to; }
  RankId told_as(std::uint32_t rank) const;
  ProgramId program_id_of(const Told& told) const;
  const sim::Program& program_of(const Told& told) const { return context_.workload->programs[program_id_of(told)]; }
  const sim::Workload& run() const { return context_.folded ? context_.folded->workload : *context_.workload; }

  void on_marker(Told& told, const sim::Span& span, const sim::Marker& marker);
  void on_memory(Told& told, const sim::Span& span, const sim::Op& op);
  void on_work(Told& told, const sim::Span& span, const sim::Op& op);
  void flush_memory(Told& told, Time now);
  NameId name_of(ProgramId id, const sim::Span& span, const sim::Op& op);
  NameId action_name(const sim::Marker& marker);
  std::string link_name(LinkId link) const;
  void add_flow(Shown& shown, Slice& slice, bool sends);

  TraceContext context_;
  NameTable names_;
  IdVector<ProgramId, std::vector<NameId>> label_names_;  // by label
  IdVector<ProgramId, Tracks> tracks_;
  std::vector<NameId> category_names_;
  NameId schedule_category_ = 0;
  std::vector<std::uint32_t> shown_ranks_;   // sorted
  std::vector<std::unique_ptr<Told>> told_;  // by rank of the run; null where nobody looks
  std::optional<Duration> slack_;            // of the span that is being told
  std::vector<bool> link_shown_;             // by link of the run
  std::vector<std::string> link_names_;      // by link of the run, made when first met
  std::unique_ptr<EventFormat> format_;      // last: it ends the file while the names still stand
};

}  // namespace orrery::interop
