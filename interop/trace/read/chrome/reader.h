#pragma once

#include <vector>

#include "interop/trace/read/begin_end_order.h"
#include "interop/trace/read/byte_window.h"
#include "interop/trace/read/chrome/event.h"
#include "interop/trace/read/teller.h"

namespace orrery::interop {

// Reads Chrome trace events, of us or of anyone: the format's document is "Trace
// Event Format" (Google, 2016). Kineto's and Nsight Systems' exports are such.
class ChromeReader {
 public:
  explicit ChromeReader(TraceTeller& teller)
      : teller_(teller), open_(teller), open_async_(teller), ordered_(open_), ordered_async_(open_async_) {}

  // To the end of the bytes. The error is that this is no trace.
  Errors read(ByteWindow& window, const std::string& file);

 private:
  void event(const ChromeEvent& event);
  void timed_event(const ChromeEvent& event, ClockTime when);
  void metadata(const ChromeEvent& event);
  void name_process(TraceProcessId id, const ChromeEvent& event);
  void name_thread(TraceTrackId id, const ChromeEvent& event);
  void counters(const ChromeEvent& event, ClockTime when);
  void async(const ChromeEvent& event, ClockTime when);
  void member(std::string_view key, std::string_view value);
  void no_trace(Errors& errors, const std::string& file) const;

  std::optional<TraceProcessId> process_of(const ChromeEvent& event);
  std::optional<TraceTrackId> track_of(const ChromeEvent& event);
  // `kind` 0: the thread of this number; kAsyncRow: of slices of this category; else of a thread with a name.
  std::optional<TraceTrackId> track(TraceProcessId process, std::uint32_t kind, std::int64_t number,
                                    std::string_view name);
  void skip(std::string_view reason) { teller_.skip(reason, at_); }

  TraceTeller& teller_;
  OpenSlices open_, open_async_;
  BeginEndOrder ordered_, ordered_async_;
  std::uint64_t at_ = 0;  // the event's byte
  std::uint64_t events_ = 0;
  bool execution_trace_ = false;

  // Keys of processes, threads and async rows, by the order of their ids.
  sim::HashIndex process_index_, track_index_, async_index_;
  std::vector<std::pair<std::uint32_t, std::int64_t>> process_keys_;
  std::vector<std::tuple<std::uint32_t, std::uint32_t, std::int64_t>> track_keys_;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> async_keys_;
};

}  // namespace orrery::interop
