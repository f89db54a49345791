#pragma once

#include <vector>

#include "gui/model/store/build/trace_builder.h"
#include "interop/trace/write/output/event_format.h"
#include "sim/workload.h"

namespace orrery::gui {

// A run told straight to the window's store, with no file in between.
class StoreFormat final : public interop::EventFormat {
 public:
  StoreFormat(TraceBuilder& builder, const interop::NameTable& names, const sim::Workload& workload);

  void rank(std::uint32_t rank, std::string_view name, std::string_view labels,
            const std::vector<std::string>& tracks) override;
  void memory_limit(std::uint32_t rank, Time when, Bytes limit) override;
  void slice(const interop::Slice& slice) override;
  void memory(std::uint32_t rank, Time when, std::span<const std::int64_t> by_cause, std::size_t changed) override;
  void link(std::uint32_t link, std::string_view name, Time when, BytesPerSecond load) override;
  Errors close() override { return {}; }

 private:
  struct Rank {
    std::uint32_t process = 0, first_track = 0, first_counter = 0;
  };

  void catch_up_names();
  std::uint32_t add_process(std::string_view name, std::string_view labels, std::int64_t sort, std::uint32_t rank);
  const Rank& of(std::uint32_t rank) const { return ranks_[place_[rank]]; }

  TraceBuilder& builder_;
  const interop::NameTable& names_;
  const sim::Workload& workload_;
  std::vector<Rank> ranks_;
  std::vector<std::uint32_t> place_;            // of a rank in ranks_
  std::vector<std::uint32_t> counter_of_link_;  // or UINT32_MAX
  std::uint32_t names_told_ = 0, processes_ = 0, tracks_ = 0, counters_ = 0;
  std::uint32_t network_ = UINT32_MAX;
};

}  // namespace orrery::gui
