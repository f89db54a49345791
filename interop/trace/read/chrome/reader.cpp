#include "interop/trace/read/chrome/reader.h"

#include "interop/trace/read/chrome/event_splitter.h"
#include "sim/base/digest.h"

namespace orrery::interop {
namespace {

constexpr std::size_t kMaxAsyncRows = 1 << 20;
// Marks the row for slices that cross threads among a process's threads.
constexpr std::uint32_t kAsyncRow = UINT32_MAX;

std::uint64_t digest(auto... parts) {
  Digest digest;
  (digest.add(static_cast<std::uint64_t>(parts)), ...);
  return digest.value();
}

const TraceArgument* find(std::span<const TraceArgument> arguments, std::string_view key) {
  for (const TraceArgument& argument : arguments)
    if (argument.key == key) return &argument;
  return nullptr;
}

std::string text_of(std::span<const TraceArgument> arguments, std::string_view key) {
  const TraceArgument* found = find(arguments, key);
  if (!found) return {};
  if (const auto* text = std::get_if<std::string_view>(&found->value)) return std::string(*text);
  if (const auto* n = std::get_if<std::int64_t>(&found->value)) return std::to_string(*n);
  return {};
}

std::optional<std::int64_t> integer_of(std::span<const TraceArgument> arguments, std::string_view key) {
  const TraceArgument* found = find(arguments, key);
  const auto* n = found ? std::get_if<std::int64_t>(&found->value) : nullptr;
  return n ? std::optional(*n) : std::nullopt;
}

// Chrome's counters have no units; ours have them in their names.
struct CounterName {
  std::string_view name, series, unit;
};
CounterName counter_name(std::string_view name, std::string_view series) {
  constexpr std::string_view kBytes = " (bytes)", kRate = "B/s";
  if (name.ends_with(kBytes)) return {name.substr(0, name.size() - kBytes.size()), series, "bytes"};
  if (series == kRate) return {name, {}, kRate};
  return {name, series, {}};
}

}  // namespace

Errors ChromeReader::read(ByteWindow& window, const std::string& file) {
  using Kind = EventSplitter::Piece::Kind;
  EventSplitter splitter(window, !teller_.only_finds_zero());
  ChromeEventParser parser;
  parser.keep_all(!teller_.only_finds_zero());
  ChromeEvent parsed;
  for (auto piece = splitter.next(); piece.kind != Kind::end; piece = splitter.next()) {
    at_ = piece.at;
    if (piece.kind == Kind::plain) {
      event(splitter.event());
    } else if (piece.kind == Kind::member) {
      member(piece.key, piece.text);
    } else if (piece.kind == Kind::broken) {
      skip(piece.text);
    } else if (const std::string_view wrong = parser.parse(piece.text, parsed); !wrong.empty()) {
      skip(wrong);
    } else {
      event(parsed);
    }
  }
  ordered_.finish();
  ordered_async_.finish();
  Errors errors;
  if (events_ == 0 && !teller_.summary().cancelled) no_trace(errors, file);
  return errors;
}

void ChromeReader::no_trace(Errors& errors, const std::string& file) const {
  const std::string what =
      execution_trace_
          ? "is an execution trace of PyTorch, which has no times; give the trace of its profiler (Kineto) of the same "
            "run"
          : "is no trace: it has no events. A trace is Chrome JSON, as .json, .gz or .zst, or Perfetto's .pftrace";
  errors.push_back({{file, 0, 0}, what});
}

void ChromeReader::event(const ChromeEvent& event) {
  if (event.phase == 0) return skip("it has no \"ph\"");
  ++events_;
  if (event.phase == 'M') return teller_.only_finds_zero() ? void() : metadata(event);
  constexpr std::string_view kTimed = "XBEiIRCstfbneSTpF";
  // Samples, memory dumps and clock marks are nothing for a timeline.
  if (kTimed.find(event.phase) == std::string_view::npos) return;
  if (!event.when) return skip("it has no \"ts\"");
  if (teller_.only_finds_zero()) return teller_.see(*event.when);
  timed_event(event, *event.when);
}

void ChromeReader::timed_event(const ChromeEvent& event, ClockTime when) {
  if (event.phase == 'C') return counters(event, when);
  if (std::string_view("bneSTpF").find(event.phase) != std::string_view::npos) return async(event, when);
  const auto track = track_of(event);
  if (!track) return skip("there are too many threads");
  const auto name = [&] { return teller_.name(event.name); };
  const auto category = [&] { return teller_.name(event.category); };
  const auto flow = [&](TraceFlowPoint::Kind kind) {
    const std::uint64_t id = digest(category().value, name().value, std::hash<std::string_view>()(event.id));
    // An arrow ends at the slice that begins next, unless it says otherwise; it starts where it is drawn from.
    const bool next = kind == TraceFlowPoint::Kind::end && !event.bound_to_enclosing;
    teller_.flow(id, kind, *track, when, next, at_);
  };
  switch (event.phase) {
    case 'X':
      return teller_.slice(*track, when, when + event.duration.value_or(0), name(), category(), event.arguments, at_);
    case 'B':
      return ordered_.begin(track->value, *track, when, name(), category(), event.arguments, at_);
    case 'E':
      return ordered_.end(track->value, when, event.arguments, at_);
    case 's':
      return flow(TraceFlowPoint::Kind::start);
    case 't':
      return flow(TraceFlowPoint::Kind::step);
    case 'f':
      return flow(TraceFlowPoint::Kind::end);
    default:
      return teller_.instant(*track, when, name(), category(), event.arguments, at_);
  }
}

std::optional<TraceProcessId> ChromeReader::process_of(const ChromeEvent& event) {
  const ChromeId& pid = event.process;
  const std::uint32_t name = pid.text ? teller_.name(*pid.text).value + 1 : 0;
  const std::pair key(name, pid.number);
  const auto next = static_cast<std::uint32_t>(process_keys_.size());
  const std::uint32_t found = process_index_.find_or_add(digest(name, pid.number), next,
                                                         [&](std::uint32_t i) { return process_keys_[i] == key; });
  if (found < next) return teller_.has(TraceProcessId{found}) ? std::optional(TraceProcessId{found}) : std::nullopt;
  process_keys_.push_back(key);
  return teller_.add(ProcessInfo{pid.number, std::string(pid.text.value_or("")), {}, 0, {}});
}

std::optional<TraceTrackId> ChromeReader::track_of(const ChromeEvent& event) {
  const auto process = process_of(event);
  if (!process) return {};
  const ChromeId& tid = event.thread;
  const std::uint32_t name = tid.text ? teller_.name(*tid.text).value + 1 : 0;
  return track(*process, name, tid.number, tid.text.value_or(""));
}

std::optional<TraceTrackId> ChromeReader::track(TraceProcessId process, std::uint32_t kind, std::int64_t number,
                                                std::string_view name) {
  const std::tuple key(process.value, kind, number);
  const auto next = static_cast<std::uint32_t>(track_keys_.size());
  const std::uint32_t found = track_index_.find_or_add(digest(process.value, kind, number), next,
                                                       [&](std::uint32_t i) { return track_keys_[i] == key; });
  if (found < next) return teller_.has(TraceTrackId{found}) ? std::optional(TraceTrackId{found}) : std::nullopt;
  track_keys_.push_back(key);
  const bool async = kind == kAsyncRow;
  return teller_.add(TrackInfo{process, async ? 0 : number, std::string(name), 0, TraceTrackId::none()});
}

// Slices that cross threads have a row for each category; there they may overlap.
void ChromeReader::async(const ChromeEvent& event, ClockTime when) {
  const auto process = process_of(event);
  const TraceNameId category = teller_.name(event.category);
  const auto track =
      process ? this->track(*process, kAsyncRow, category.value, "async " + std::string(event.category)) : std::nullopt;
  if (!track) return skip("there are too many threads");
  if (event.phase == 'n' || event.phase == 'T' || event.phase == 'p')
    return teller_.instant(*track, when, teller_.name(event.name), category, event.arguments, at_);
  const std::pair key(track->value, std::uint64_t{std::hash<std::string_view>()(event.id)});
  const auto next = static_cast<std::uint32_t>(async_keys_.size());
  if (next >= kMaxAsyncRows) return skip("there are too many ids");
  const std::uint32_t row = async_index_.find_or_add(digest(key.first, key.second), next,
                                                     [&](std::uint32_t i) { return async_keys_[i] == key; });
  if (row == next) async_keys_.push_back(key);
  if (event.phase == 'b' || event.phase == 'S')
    ordered_async_.begin(row, *track, when, teller_.name(event.name), category, event.arguments, at_);
  else
    ordered_async_.end(row, when, event.arguments, at_);
}

void ChromeReader::counters(const ChromeEvent& event, ClockTime when) {
  const auto process = process_of(event);
  if (!process) return skip("there are too many processes");
  for (const TraceArgument& argument : event.arguments) {
    double value = 0;
    if (const auto* n = std::get_if<std::int64_t>(&argument.value))
      value = static_cast<double>(*n);
    else if (const auto* x = std::get_if<double>(&argument.value))
      value = *x;
    else
      continue;
    const auto [name, series, unit] = counter_name(event.name, argument.key);
    const auto counter = teller_.counter(*process, name, series, unit);
    if (!counter) return skip("there are too many counters");
    teller_.count(*counter, when, value, at_);
  }
}

void ChromeReader::metadata(const ChromeEvent& event) {
  if (event.name.starts_with("process_")) {
    if (const auto process = process_of(event)) name_process(*process, event);
  } else if (event.name.starts_with("thread_")) {
    if (const auto track = track_of(event)) name_thread(*track, event);
  }
}

void ChromeReader::name_process(TraceProcessId id, const ChromeEvent& event) {
  ProcessInfo info = teller_.info(id);
  if (event.name == "process_name")
    info.name = text_of(event.arguments, "name");
  else if (event.name == "process_labels")
    info.labels = text_of(event.arguments, "labels");
  else if (event.name == "process_sort_index")
    info.sort_index = integer_of(event.arguments, "sort_index").value_or(0);
  teller_.change(id, std::move(info));
}

void ChromeReader::name_thread(TraceTrackId id, const ChromeEvent& event) {
  TrackInfo info = teller_.info(id);
  if (event.name == "thread_name")
    info.name = text_of(event.arguments, "name");
  else if (event.name == "thread_sort_index")
    info.sort_index = integer_of(event.arguments, "sort_index").value_or(0);
  teller_.change(id, std::move(info));
}

// Kineto says at its top whose trace it is.
void ChromeReader::member(std::string_view key, std::string_view value) {
  if (key == "schema" || key == "nodes") execution_trace_ = true;
  if (key == "deviceProperties" || key == "distributedInfo") teller_.summary().format = TraceFormat::kineto;
  if (key != "distributedInfo") return;
  ChromeEvent info;  // an object is read as the arguments of an event
  ChromeEventParser parser;
  if (!parser.parse("{\"args\":" + std::string(value) + "}", info).empty()) return;
  const auto rank = integer_of(info.arguments, "rank");
  if (rank && *rank >= 0 && *rank <= UINT32_MAX) teller_.all_are_of(static_cast<std::uint32_t>(*rank));
}

}  // namespace orrery::interop
