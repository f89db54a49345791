#include "interop/trace/analysis/alignment.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "interop/trace/analysis/transfer_arguments.h"
#include "interop/trace/analysis/work_class.h"
#include "sim/base/digest.h"

namespace orrery::interop {
namespace {

std::uint64_t hash_of(std::string_view text) {
  Digest digest;
  for (const char c : text) digest.add(static_cast<unsigned char>(c));
  return digest.value();
}

// Our processes are named after their rank; of others it may be known all the same.
std::string rank_name(const TraceProcess& p) {
  return p.rank ? "rank " + std::to_string(*p.rank) : std::string(p.name);
}

struct Event {
  std::uint64_t identity = 0;
  Time start;
  Duration duration;
  TraceTrackId track;
  std::uint32_t kind = 0;  // of its category and name
  std::int32_t step = -1, micro_batch = -1, chunk = -1;
  char action = 0;
};

class Collector final : public TraceVisitor {
 public:
  explicit Collector(const std::function<bool(const TraceProgress&)>& keep_going) : keep_going_(keep_going) {}

  void name(TraceNameId, std::string_view text) override { names_.emplace_back(text); }
  void process(const TraceProcess& p) override {
    if (processes_.size() <= p.id.value) processes_.resize(p.id.value + 1);
    processes_[p.id.value] = rank_name(p);
  }
  void track(const TraceTrack& t) override {
    if (tracks_.size() <= t.id.value) tracks_.resize(t.id.value + 1);
    tracks_[t.id.value] = {t.process, t.name.empty() ? std::to_string(t.tid) : std::string(t.name), 0};
  }
  void slice(const TraceSlice& slice) override;
  bool keep_going(const TraceProgress& progress) override { return !keep_going_ || keep_going_(progress); }

  // In the order of identities, those alike in the order of time.
  const std::vector<Event>& settle();
  EventIdentity identity_of(const Event& event) const;
  std::string_view operation(const Event& event) const { return operation_of(kinds_[event.kind].name); }
  const std::string& category(const Event& event) const { return kinds_[event.kind].work.label; }

 private:
  struct Track {
    TraceProcessId process;
    std::string name;
    std::uint64_t hash = 0;
  };
  struct Kind {
    WorkClass work;
    std::string name;
    std::uint64_t hash = 0;
  };

  std::uint32_t kind_of(const TraceSlice& slice);

  const std::function<bool(const TraceProgress&)>& keep_going_;
  std::vector<std::string> names_, processes_;
  std::vector<Track> tracks_;
  std::vector<Kind> kinds_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> kind_index_;
  std::vector<Event> events_;
};

std::uint32_t Collector::kind_of(const TraceSlice& slice) {
  const auto [found, fresh] =
      kind_index_.try_emplace({slice.category.value, slice.name.value}, static_cast<std::uint32_t>(kinds_.size()));
  if (fresh) {
    const std::string& name = names_[slice.name.value];
    WorkClass work = classify(names_[slice.category.value], name);
    const std::uint64_t hash = Digest().add(hash_of(work.label)).add(hash_of(name)).value();
    kinds_.push_back({std::move(work), name, hash});
  }
  return found->second;
}

void Collector::slice(const TraceSlice& slice) {
  Event event;
  event.start = slice.start, event.duration = slice.duration, event.track = slice.track;
  event.kind = kind_of(slice);
  for (const TraceArgument& argument : slice.arguments) {
    if (const auto* text = std::get_if<std::string_view>(&argument.value))
      if (argument.key == "action" && text->size() == 1) event.action = text->front();
    const auto* n = std::get_if<std::int64_t>(&argument.value);
    if (n == nullptr || *n < 0 || *n > INT32_MAX) continue;
    if (argument.key == "step") event.step = static_cast<std::int32_t>(*n);
    if (argument.key == "micro_batch") event.micro_batch = static_cast<std::int32_t>(*n);
    if (argument.key == "chunk") event.chunk = static_cast<std::int32_t>(*n);
  }
  // A transfer takes as long as it is in progress: who waits for whom is another question.
  if (kinds_[event.kind].work.kind == WorkKind::communication)
    event.duration -= std::min(event.duration, transfer_arguments(slice.arguments).waited);
  events_.push_back(event);
}

const std::vector<Event>& Collector::settle() {
  const auto works = [&](const Event& e) { return kinds_[e.kind].work.kind != WorkKind::none; };
  if (std::any_of(events_.begin(), events_.end(), works)) std::erase_if(events_, std::not_fn(works));
  for (Track& track : tracks_)
    track.hash = Digest().add(hash_of(processes_[track.process.value])).add(hash_of(track.name)).value();
  for (Event& e : events_)
    e.identity = Digest()
                     .add(tracks_[e.track.value].hash)
                     .add(kinds_[e.kind].hash)
                     .add(static_cast<std::uint64_t>(e.step))
                     .add(static_cast<std::uint64_t>(e.micro_batch))
                     .add(static_cast<std::uint64_t>(e.chunk))
                     .add(static_cast<std::uint64_t>(e.action))
                     .value();
  std::stable_sort(events_.begin(), events_.end(), [](const Event& x, const Event& y) {
    return std::tie(x.identity, x.start) < std::tie(y.identity, y.start);
  });
  return events_;
}

EventIdentity Collector::identity_of(const Event& e) const {
  const Track& track = tracks_[e.track.value];
  EventIdentity identity{processes_[track.process.value],
                         track.name,
                         category(e),
                         kinds_[e.kind].name,
                         e.step,
                         e.micro_batch,
                         e.chunk,
                         {}};
  if (e.action != 0) identity.action = e.action;
  return identity;
}

Duration size(Duration d) {
  return d < Duration() ? Duration() - d : d;
}

class Aligner {
 public:
  Aligner(Collector& a, Collector& b) : a_(a), b_(b) {}

  TraceAlignment run(std::size_t most_events);

 private:
  OperationChange& operation(const Collector& of, const Event& event);
  void only_in_a(const Event& event);
  void only_in_b(const Event& event);
  void in_both(const Event& a, const Event& b);

  Collector &a_, &b_;
  TraceAlignment alignment_;
  std::map<std::pair<std::string, std::string>, OperationChange> operations_;
  std::vector<std::pair<const Event*, const Event*>> changed_;
};

OperationChange& Aligner::operation(const Collector& of, const Event& event) {
  OperationChange& change = operations_[{of.category(event), std::string(of.operation(event))}];
  if (change.name.empty()) change.name = of.operation(event), change.category = of.category(event);
  return change;
}

void Aligner::only_in_a(const Event& event) {
  ++alignment_.only_in_a;
  alignment_.time_only_in_a += event.duration;
  OperationChange& change = operation(a_, event);
  ++change.count_a, change.a += event.duration;
}

void Aligner::only_in_b(const Event& event) {
  ++alignment_.only_in_b;
  alignment_.time_only_in_b += event.duration;
  OperationChange& change = operation(b_, event);
  ++change.count_b, change.b += event.duration;
}

void Aligner::in_both(const Event& a, const Event& b) {
  ++alignment_.aligned;
  OperationChange& change = operation(a_, a);
  ++change.count_a, ++change.count_b;
  change.a += a.duration, change.b += b.duration;
  if (a.duration != b.duration) changed_.emplace_back(&a, &b);
}

TraceAlignment Aligner::run(std::size_t most_events) {
  const std::vector<Event>&a = a_.settle(), &b = b_.settle();
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (j == b.size() || (i < a.size() && a[i].identity < b[j].identity))
      only_in_a(a[i++]);
    else if (i == a.size() || b[j].identity < a[i].identity)
      only_in_b(b[j++]);
    else
      in_both(a[i++], b[j++]);
  }
  for (auto& [key, change] : operations_) alignment_.operations.push_back(std::move(change));
  std::stable_sort(alignment_.operations.begin(), alignment_.operations.end(),
                   [](const auto& x, const auto& y) { return size(x.change()) > size(y.change()); });
  const auto shown = changed_.begin() + static_cast<std::ptrdiff_t>(std::min(most_events, changed_.size()));
  std::partial_sort(changed_.begin(), shown, changed_.end(), [](const auto& x, const auto& y) {
    const Duration of_x = size(x.second->duration - x.first->duration),
                   of_y = size(y.second->duration - y.first->duration);
    return std::tie(of_y, x.first->start, x.first->identity) < std::tie(of_x, y.first->start, y.first->identity);
  });
  for (auto pair = changed_.begin(); pair != shown; ++pair)
    alignment_.events.push_back({a_.identity_of(*pair->first), pair->first->duration, pair->second->duration});
  return std::move(alignment_);
}

}  // namespace

Result<TraceAlignment> align(const std::string& a, const std::string& b, const TraceReadOptions& options,
                             std::size_t most_events, const std::function<bool(const TraceProgress&)>& keep_going) {
  Collector of_a(keep_going), of_b(keep_going);
  if (const auto read = read_trace(a, of_a, options); !read) return read.errors();
  if (const auto read = read_trace(b, of_b, options); !read) return read.errors();
  return Aligner(of_a, of_b).run(most_events);
}

}  // namespace orrery::interop
