#include "gui/model/store/build/trace_builder.h"

#include <charconv>
#include <map>
#include <utility>

#include "sim/base/digest.h"

namespace orrery::gui {
namespace {

constexpr std::size_t kSkippedTold = 20;
constexpr std::string_view kComputeTrack = "compute";

// Rounded down, so that what nests goes on nesting.
Ns to_ns(std::int64_t ps) {
  return ps >= 0 ? ps / 1000 : -((-(ps + 1)) / 1000) - 1;
}

template <class T>
T& at_id(std::vector<T>& items, std::uint32_t id) {
  if (id >= items.size()) items.resize(id + 1);
  return items[id];
}

// Of millions of samples none must hold room for twice as many.
template <class T>
void grow_by_a_quarter(std::vector<T>& items) {
  if (items.size() == items.capacity()) items.reserve(items.size() + items.size() / 4 + 16);
}

// Rounded down, but not for what a product of doubles lacks of a whole number.
Ns in_ns(double value, double unit) {
  constexpr double kLongest = 1e18, kLacks = 1e-4;
  return value > 0 ? static_cast<Ns>(std::min(value * unit + kLacks, kLongest)) : 0;
}

// Ours say how long a transfer waited for the others, in the unit that suits the format.
Ns waited_of(std::span<const interop::TraceArgument> arguments) {
  for (const interop::TraceArgument& argument : arguments) {
    const double unit = argument.key == "waited_us" ? 1e3 : argument.key == "waited_ns" ? 1 : 0;
    if (unit == 0) continue;
    double value = 0;
    if (const auto* n = std::get_if<std::int64_t>(&argument.value)) value = static_cast<double>(*n);
    if (const auto* x = std::get_if<double>(&argument.value)) value = *x;
    return in_ns(value, unit);
  }
  return 0;
}

// Ours say how much longer an op could last, if asked to: in the last argument.
std::optional<Ns> slack_of(std::span<const interop::TraceArgument> arguments) {
  if (arguments.empty()) return std::nullopt;
  const interop::TraceArgument& last = arguments.back();
  const double unit = last.key == "slack_us" ? 1e3 : last.key == "slack_ns" ? 1 : 0;
  if (unit == 0) return std::nullopt;
  if (const auto* n = std::get_if<std::int64_t>(&last.value)) return in_ns(static_cast<double>(*n), unit);
  if (const auto* x = std::get_if<double>(&last.value)) return in_ns(*x, unit);
  return std::nullopt;
}

// The number after `word`: "stage 3".
std::optional<std::uint32_t> number_after(std::string_view text, std::string_view word) {
  const std::size_t at = text.find(word);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + at + word.size(), end, number);
  return read.ec == std::errc() ? std::optional(number) : std::nullopt;
}

}  // namespace

void TraceBuilder::name(interop::TraceNameId id, std::string_view text) {
  at_id(names_, id.value) = text;
}

void TraceBuilder::process(const interop::TraceProcess& process) {
  Process& known = at_id(processes_, process.id.value);
  known.name = process.name.empty() ? "process " + std::to_string(process.pid) : std::string(process.name);
  interop::PlacedLabels labels = interop::place_in(process.labels);
  known.labels = std::move(labels.rest);
  known.place = labels.place;
  known.sort_index = process.sort_index;
  known.rank = process.rank;
  known.stage = number_after(process.labels, "stage ");
}

void TraceBuilder::track(const interop::TraceTrack& track) {
  DeclaredTrack& known = at_id(tracks_, track.id.value);
  while (events_of_.size() <= track.id.value) events_of_.emplace_back(pages_);
  known.process = track.process.value;
  known.parent = track.parent.value;
  known.name = track.name.empty() ? "thread " + std::to_string(track.tid) : std::string(track.name);
  known.sort_index = track.sort_index;
  known.computes = known.name == kComputeTrack;
}

void TraceBuilder::counter(const interop::TraceCounter& counter) {
  DeclaredCounter& known = at_id(counters_, counter.id.value);
  known.process = counter.process.value;
  known.name = counter.name;
  known.series = counter.series;
  known.unit = counter.unit;
  known.sum =
      sum_of_.try_emplace({known.process, known.name}, static_cast<std::uint32_t>(sum_of_.size())).first->second;
  has_parts_.resize(sum_of_.size(), false);
}

const TraceBuilder::Said& TraceBuilder::said_in(const interop::TraceSlice& slice) {
  if (slice.arguments_version != 0 && slice.arguments_version == said_.version) return said_;
  said_.slack = slack_of(slice.arguments);
  const auto kept = slice.arguments.first(slice.arguments.size() - (said_.slack ? 1 : 0));
  said_.waited = waited_of(kept);
  said_.list = arguments_.add(kept);
  // Those that there was no room for are counted event by event.
  said_.version = said_.list == 0 && !kept.empty() ? 0 : slice.arguments_version;
  return said_;
}

// What is new with its arguments is new, and needs no look-up: so each event takes one
// in traces where all have arguments of their own.
std::uint32_t TraceBuilder::kind_of(interop::TraceNameId name, interop::TraceNameId category, Arguments::ListId list,
                                    std::span<const interop::TraceArgument> arguments) {
  if (list == 0) arguments = {};  // there may be no room for them
  if (list == first_kind_.size()) {
    first_kind_.push_back(static_cast<std::uint32_t>(kinds_.size()));
    return add_kind(name.value, category.value, list, arguments);
  }
  const auto is_it = [&](std::uint32_t id) {
    const Kind& kind = kinds_[id];
    return kind.name == name.value && kind.arguments == list && category_of_kind_[id] == category.value;
  };
  if (is_it(first_kind_[list])) return first_kind_[list];
  const std::uint64_t hash = Digest().add((std::uint64_t{name.value} << 32) | category.value).add(list).value();
  const auto next = static_cast<std::uint32_t>(kinds_.size());
  const std::uint32_t id = kind_index_.find_or_add(hash, next, is_it);
  return id == next ? add_kind(name.value, category.value, list, arguments) : id;
}

std::uint32_t TraceBuilder::add_kind(std::uint32_t name, std::uint32_t category, Arguments::ListId list,
                                     std::span<const interop::TraceArgument> arguments) {
  Kind kind;
  kind.name = name;
  kind.arguments = list;
  char action = 0;
  for (const interop::TraceArgument& argument : arguments) {
    const auto* number = std::get_if<std::int64_t>(&argument.value);
    const auto* text = std::get_if<std::string_view>(&argument.value);
    if (number && argument.key == "micro_batch" && *number >= 0 && *number < Kind::kNone)
      kind.micro_batch = static_cast<std::uint16_t>(*number);
    if (number && argument.key == "chunk") kind.chunk = static_cast<std::uint8_t>(*number);
    if (text && argument.key == "action" && text->size() == 1) action = text->front();
  }
  kinds_.push_back(kind);
  category_of_kind_.push_back(category);
  class_of_kind_.push_back(class_of({name, category, action}));
  return static_cast<std::uint32_t>(kinds_.size() - 1);
}

// Each name is looked into once.
EventClass TraceBuilder::class_of(const Classified& what) {
  const std::uint64_t hash = Digest()
                                 .add((std::uint64_t{what.name} << 32) | what.category)
                                 .add(static_cast<unsigned char>(what.action))
                                 .value();
  const auto next = static_cast<std::uint32_t>(classified_.size());
  const std::uint32_t id = class_index_.find_or_add(hash, next, [&](std::uint32_t i) {
    const Classified& other = classified_[i].first;
    return other.name == what.name && other.category == what.category && other.action == what.action;
  });
  if (id != next) return classified_[id].second;
  const auto text_of = [&](std::uint32_t n) { return n < names_.size() ? std::string_view(names_[n]) : ""; };
  classified_.emplace_back(what, classify(text_of(what.category), text_of(what.name), what.action));
  return classified_.back().second;
}

std::uint32_t TraceBuilder::derived_kind(const std::string& name, EventClass is) {
  Kind kind;
  kind.name = static_cast<std::uint32_t>(names_.size());
  names_.push_back(name);
  kinds_.push_back(kind);
  class_of_kind_.push_back(is);
  return static_cast<std::uint32_t>(kinds_.size() - 1);
}

void TraceBuilder::slice(const interop::TraceSlice& slice) {
  const std::int64_t start_ps = slice.start.count_ps();
  std::int64_t end_ps = 0;
  if (__builtin_add_overflow(start_ps, slice.duration.count_ps(), &end_ps)) end_ps = INT64_MAX;
  const Ns start = to_ns(start_ps), end = to_ns(end_ps);
  const Said& said = said_in(slice);
  const std::uint32_t track = slice.track.value, kind = kind_of(slice.name, slice.category, said.list, slice.arguments);
  if (said.slack) slack_.push_back({track, end, *said.slack});
  const Ns waited = tracks_[track].computes ? std::min(said.waited, end - start) : 0;
  if (waited > 0) waits_.push_back({track, {start, start + waited}, kind});
  add_event(track, start + waited, end - start - waited, kind);
}

void TraceBuilder::add_event(std::uint32_t track, Ns start, Ns duration, std::uint32_t kind) {
  events_of_[track].add(start, duration, kind);
  ++events_;
}

void TraceBuilder::count(interop::TraceCounterId counter, Time when, double value) {
  DeclaredCounter& known = counters_[counter.value];
  if (!known.values.empty() && known.values.back() == value) return;
  if (!known.series.empty()) {
    has_parts_[known.sum] = true;
  } else if (has_parts_[known.sum]) {
    // Beside its parts a sum is not shown, and ours tells of it with every change of one.
    known.times = {};
    known.values = {};
    return;
  }
  grow_by_a_quarter(known.times);
  grow_by_a_quarter(known.values);
  known.times.push_back(to_ns(when.count_ps()));
  known.values.push_back(value);
}

void TraceBuilder::flow(const interop::TraceFlowPoint& point) {
  flows_.push_back({point.id, to_ns(point.when.count_ps()), point.track.value, point.kind, point.next_slice});
}

void TraceBuilder::skipped(std::string_view reason, std::uint64_t at) {
  if (skipped_++ < kSkippedTold) first_skipped_.push_back(std::string(reason) + " (byte " + std::to_string(at) + ")");
}

std::vector<TraceBuilder::ToldSlack> TraceBuilder::take_slack() {
  for (ToldSlack& told : slack_) told.track = track_place_[told.track];
  return std::exchange(slack_, {});
}

std::shared_ptr<const TraceModel> TraceBuilder::so_far() const {
  TraceBuilder copy = *this;
  copy.watch_ = {};  // who asks for a look must not be asked again meanwhile
  return copy.finish();
}

std::shared_ptr<const TraceModel> TraceBuilder::finish() {
  TraceModel::Parts parts;
  kind_index_ = {};
  class_index_ = {};
  category_of_kind_ = {};
  first_kind_ = {};
  classified_ = {};
  arguments_.forget_index();
  order_processes(parts);
  make_rows(parts);
  if (!keep_going({})) {
    given_up_ = std::move(parts);
    return nullptr;
  }
  make_counters(parts);
  make_arrows(parts);
  parts.kinds = std::move(kinds_);
  parts.class_of_kind = std::move(class_of_kind_);
  parts.names = std::move(names_);
  parts.arguments = std::move(arguments_);
  parts.skipped = skipped_;
  parts.first_skipped = std::move(first_skipped_);
  return std::make_shared<const TraceModel>(std::move(parts));
}

}  // namespace orrery::gui
