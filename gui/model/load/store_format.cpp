#include "gui/model/load/store_format.h"

namespace orrery::gui {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

// A trace's string 0 is the empty one.
interop::TraceNameId id_of(interop::NameId name) {
  return {name + 1};
}

}  // namespace

StoreFormat::StoreFormat(TraceBuilder& builder, const interop::NameTable& names, const sim::Workload& workload)
    : builder_(builder), names_(names), workload_(workload), place_(workload.ranks(), kNone) {
  builder_.name({0}, "");
}

void StoreFormat::catch_up_names() {
  for (; names_told_ < names_.size(); ++names_told_) builder_.name(id_of(names_told_), names_[names_told_]);
}

std::uint32_t StoreFormat::add_process(std::string_view name, std::string_view labels, std::int64_t sort,
                                       std::uint32_t rank) {
  interop::TraceProcess process;
  process.id = {processes_};
  process.name = name, process.labels = labels, process.sort_index = sort;
  if (rank != kNone) process.rank = rank;
  builder_.process(process);
  return processes_++;
}

void StoreFormat::rank(std::uint32_t rank, std::string_view name, std::string_view labels,
                       const std::vector<std::string>& tracks) {
  Rank known;
  known.process = add_process(name, labels, rank, rank);
  known.first_track = tracks_;
  known.first_counter = counters_;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    interop::TraceTrack track;
    track.id = {tracks_++};
    track.process = {known.process};
    track.name = tracks[i], track.sort_index = static_cast<std::int64_t>(i);
    builder_.track(track);
  }
  for (std::size_t i = 0; i < workload_.causes.size(); ++i)
    builder_.counter({{counters_++}, {known.process}, "memory", workload_.causes[i], "bytes"});
  place_[rank] = static_cast<std::uint32_t>(ranks_.size());
  ranks_.push_back(known);
}

void StoreFormat::memory_limit(std::uint32_t rank, Time when, Bytes limit) {
  const interop::TraceCounterId id{counters_++};
  builder_.counter({id, {of(rank).process}, "memory limit", "", "bytes"});
  builder_.count(id, when, static_cast<double>(limit.n));
}

void StoreFormat::slice(const interop::Slice& slice) {
  catch_up_names();
  interop::TraceArgument arguments[8];
  std::size_t count = 0;
  const auto add = [&](std::string_view key, auto value) { arguments[count++] = {key, value}; };
  add("step", std::int64_t{slice.step});
  char action = ' ';
  if (slice.action) {
    action = slice.action->action;
    add("action", std::string_view(&action, 1));
    add("micro_batch", std::int64_t{slice.action->micro_batch});
    add("chunk", std::int64_t{slice.action->chunk});
  }
  if (slice.transfer) {
    add("transfer", to_string(slice.transfer->kind));
    add("bytes", std::int64_t{slice.transfer->bytes.n});
    add("waited_us", static_cast<double>((slice.met - slice.start).count_ps()) * 1e-6);
  }
  interop::TraceSlice told;
  told.track = {of(slice.rank).first_track + slice.track};
  told.start = slice.start;
  told.duration = slice.end - slice.start;
  told.name = id_of(slice.name), told.category = id_of(slice.category);
  told.arguments = {arguments, count};
  builder_.slice(told);
  if (slice.flow == 0) return;
  // Inside both slices, as in our files: at an edge the neighbour would do as well.
  using Point = interop::TraceFlowPoint::Kind;
  const Time inside = slice.met + Duration::ps((slice.end - slice.met).count_ps() / 2);
  builder_.flow({slice.flow, slice.flow_starts ? Point::start : Point::end, told.track,
                 slice.flow_starts ? slice.met : inside, false});
}

void StoreFormat::memory(std::uint32_t rank, Time when, std::span<const std::int64_t> by_cause, std::size_t) {
  const Rank& known = of(rank);
  for (std::uint32_t i = 0; i < by_cause.size(); ++i)
    builder_.count({known.first_counter + i}, when, static_cast<double>(by_cause[i]));
}

void StoreFormat::link(std::uint32_t link, std::string_view name, Time when, BytesPerSecond load) {
  if (network_ == kNone) network_ = add_process("network", "", INT32_MAX, kNone);
  if (link >= counter_of_link_.size()) counter_of_link_.resize(link + 1, kNone);
  if (counter_of_link_[link] == kNone) {
    counter_of_link_[link] = counters_++;
    builder_.counter({{counter_of_link_[link]}, {network_}, name, "", "B/s"});
  }
  builder_.count({counter_of_link_[link]}, when, static_cast<double>(load.n));
}

}  // namespace orrery::gui
