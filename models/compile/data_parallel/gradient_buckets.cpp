#include "models/compile/data_parallel/gradient_buckets.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "models/compile/data_parallel/offload.h"

namespace orrery::models {
namespace {

// Buckets of one chunk, in the order of the backward pass.
std::vector<Bucket> buckets_of(const Scenario& scenario, const std::vector<PieceTemplate>& pieces, int chunk,
                               const std::function<std::int64_t(const PieceTemplate&)>& elements) {
  std::vector<Bucket> buckets;
  for (std::size_t i = pieces.size(); i-- > 0;) {
    const std::int64_t here = elements(pieces[i]);
    if (here == 0) continue;
    if (buckets.empty() || buckets.back().elements >= scenario.overlap.bucket_size)
      buckets.push_back({chunk, i, i, 0, {}, nullptr, 0});
    Bucket& bucket = buckets.back();
    bucket.first_piece = i;
    bucket.elements += here;
    bucket.gathered += gathered_bytes(scenario, pieces[i].kind, here);
  }
  return buckets;
}

// Ranks that hold the same stages as different chunks agree on their order.
std::vector<std::size_t> in_order_of_stages(const StageContext& context) {
  std::vector<std::size_t> chunks(static_cast<std::size_t>(context.schedule.chunks()));
  std::iota(chunks.begin(), chunks.end(), std::size_t{0});
  std::sort(chunks.begin(), chunks.end(), [&](std::size_t a, std::size_t b) {
    const auto stage = [&](std::size_t c) { return context.schedule.stage_of(context.stage, static_cast<int>(c)); };
    return stage(a) < stage(b);
  });
  return chunks;
}

}  // namespace

GradientBuckets::GradientBuckets(StageContext& context, const Chunks& chunks)
    : DataParallel(context, chunks), chunks_(chunks), whole_(keeps_whole_gradients(context.scenario)) {
  for (const auto& [degree, replicas] : dense_)
    add_buckets(
        chunks, [&, at = degree](const PieceTemplate& p) { return p.degree == at ? p.parameters : 0; }, replicas);
  add_buckets(chunks, std::mem_fn(&PieceTemplate::expert_parameters), experts_);
  const std::vector<std::size_t> order = in_order_of_stages(context);
  const auto turn = [&](int chunk) {
    return std::find(order.begin(), order.end(), static_cast<std::size_t>(chunk)) - order.begin();
  };
  // Stable: dense parameters stand before the experts of the same pieces.
  std::stable_sort(buckets_.begin(), buckets_.end(), [&](const Bucket& a, const Bucket& b) {
    return std::pair(turn(a.chunk), a.first_piece) < std::pair(turn(b.chunk), b.first_piece);
  });
  std::uint32_t gathers = 0;
  for (Bucket& bucket : buckets_)
    if (bucket.replicas->sharding.optimizer) bucket.gather = gathers++;
  waited_.resize(buckets_.size());
  if (context.scenario.layout.offload.parameters == Place::gpu) return;
  units_.emplace(context, chunks, dense_, experts_);
  if (gathers_ahead()) await_arrivals();
}

// The first use of a unit, for what the step before updated of it to be on the host.
void GradientBuckets::await_arrivals() {
  for (const Bucket& bucket : buckets_)
    for (std::size_t p = bucket.first_piece; bucket.replicas->sharding.optimizer && p <= bucket.last_piece; ++p)
      units_->come_behind({.chunk = bucket.chunk, .piece = p}, {context_.streams.away, bucket.gather, true});
}

void GradientBuckets::add_buckets(const Chunks& chunks, const Elements& elements, const Replicas& replicas) {
  if (replicas.sharding.replicas == 1) return;
  for (std::size_t c = 0; c < chunks.size(); ++c) {
    std::vector<Bucket> buckets = buckets_of(context_.scenario, chunks[c], static_cast<int>(c), elements);
    for (Bucket& bucket : buckets) bucket.replicas = &replicas;
    buckets_.insert(buckets_.end(), buckets.rbegin(), buckets.rend());
  }
}

// DeepSpeed copies split gradients into a bucket, and whole ones too (`fills_buckets`) unless they are the parts of a
// flat sum in fp32.
bool GradientBuckets::is_filled(const Bucket& bucket) const {
  return bucket.replicas->sharding.gradients || (context_.scenario.software.fills_buckets && !whole_);
}

// It fills a second one while the first is reduced. A gradient that is larger than a bucket is reduced where it stands
// (stage_1_and_2.py, extra_large_param_to_reduce).
void GradientBuckets::hold_buffers() {
  if (units_ && gathers_ahead() && on_their_way().n > 0)
    context_.builder.resident(buffer(on_their_way(), MemoryCause::buffers, "updated parameters"));
  if (context_.scenario.software.gradient_bucket_copies) hold_copies();
  std::int64_t largest = 0;
  for (const Bucket& bucket : buckets_)
    if (is_filled(bucket)) largest = std::max(largest, bucket.elements);
  largest = std::min(largest, context_.scenario.overlap.bucket_size);
  if (largest == 0) return;
  const int buckets = context_.scenario.overlap.gradients ? 2 : 1;
  context_.builder.resident(buffer(Bytes{largest * reduced_gradient_bytes(context_.scenario)} * buckets,
                                   MemoryCause::buffers, "gradient buckets"));
}

// Where DistributedDataParallel sums gradients; a split optimizer goes without it.
void GradientBuckets::hold_copies() {
  std::int64_t elements = 0;
  for (const Bucket& bucket : buckets_)
    if (!bucket.replicas->sharding.optimizer) elements += bucket.elements;
  if (elements > 0)
    context_.builder.resident(
        buffer(Bytes{elements * parameter_bytes(context_.scenario)}, MemoryCause::gradients, "gradient buckets"));
}

bool GradientBuckets::overlaps(const Bucket& bucket) const {
  const bool behind = bucket.replicas->sharding.optimizer && context_.scenario.software.all_reduces_split_gradients;
  return context_.scenario.overlap.gradients && !behind;
}

// Under the next forward pass.
bool GradientBuckets::gathers_ahead() const {
  return context_.scenario.overlap.parameters && context_.scenario.layout.offload.parameters != Place::nvme;
}

// What is not reduced with any pass waits for the end of all.
bool GradientBuckets::completes_alike() const {
  return std::none_of(buckets_.begin(), buckets_.end(),
                      [this](const Bucket& b) { return overlaps(b) || b.replicas->sharding.gradients; });
}

bool GradientBuckets::stays_out() const {
  return !units_ && !whole_ && completes_alike() && !(gathers_ahead() && (sharded() || experts_.sharding.optimizer));
}

void GradientBuckets::before_piece(const PieceTurn& turn) {
  if (units_) units_->before_piece(turn);
  if (whole_ && turn.makes_weight_gradients()) hold_gradients(turn);
  if (!units_ && gathers_ahead() && turn.type == Action::Type::forward) await_gathers(turn);
}

// The first forward of a step waits for the parameters that the step before updated.
void GradientBuckets::await_gathers(const PieceTurn& turn) {
  for (std::size_t b = 0; b < buckets_.size(); ++b) {
    const Bucket& bucket = buckets_[b];
    if (!bucket.replicas->sharding.optimizer || !bucket.holds(turn.chunk, turn.piece) || waited_[b]) continue;
    waited_[b] = true;
    // The gathers are the only ops of their stream, in the order of the buckets.
    context_.builder.wait(context_.streams.main, {context_.streams.parameters, bucket.gather, true});
  }
}

void GradientBuckets::hold_gradients(const PieceTurn& turn) {
  const PieceTemplate& piece = chunks_[static_cast<std::size_t>(turn.chunk)][turn.piece];
  const std::int64_t elements = piece.parameters + piece.expert_parameters;
  if (elements == 0) return;
  gradients_.push_back(buffer(Bytes{elements * parameter_bytes(context_.scenario)}, MemoryCause::gradients,
                              "gradients of a micro-batch"));
  context_.builder.allocate(context_.streams.main, gradients_.back());
}

void GradientBuckets::drop_gradients() {
  for (const std::uint32_t held : gradients_) context_.builder.free(context_.streams.main, held);
  gradients_.clear();
}

// A full bucket sets off.
void GradientBuckets::after_piece(const PieceTurn& turn) {
  if (units_) units_->after_piece(turn);
  if (!turn.makes_weight_gradients()) return;
  if (turn.piece == 0) drop_gradients();  // all are there, and added up
  for (const Bucket& bucket : buckets_) {
    if (bucket.chunk != turn.chunk || bucket.first_piece != turn.piece) continue;
    if (turn.completes && !overlaps(bucket)) continue;  // finish_gradients does
    if (!turn.completes && !bucket.replicas->sharding.gradients) continue;
    reduce(bucket, context_.scenario.overlap.gradients ? context_.streams.gradients : context_.streams.main);
  }
}

void GradientBuckets::reduce(const Bucket& bucket, sim::StreamIndex stream) {
  const double elements = static_cast<double>(bucket.elements);
  const bool split = bucket.replicas->sharding.gradients, filled = is_filled(bucket);
  // Gradients are scaled by 1/replicas before they are summed: read and written once.
  // Split ones come as autograd makes them.
  const double made = split ? parameter_bytes(context_.scenario) : gradient_bytes(context_.scenario);
  const double width = filled ? reduced_gradient_bytes(context_.scenario) : gradient_bytes(context_.scenario);
  if (filled) context_.stream_through("default", (made + width) * elements, TimeCategory::other, "fill bucket");
  context_.stream_through("scale", 2.0 * width * elements, TimeCategory::other, "scale gradients");
  context_.builder.wait(stream, context_.builder.last(context_.streams.main));
  reduce_gradients(stream, bucket.elements, *bucket.replicas);
}

void GradientBuckets::finish_gradients() {
  for (std::size_t b = buckets_.size(); b-- > 0;)
    if (!overlaps(buckets_[b])) reduce(buckets_[b], context_.streams.main);
  if (!context_.scenario.overlap.gradients) return;
  const sim::OpRef last = context_.builder.last(context_.streams.gradients);
  if (!last.is_none()) context_.builder.wait(context_.streams.main, last);
}

void GradientBuckets::gather_parameters() {
  if (units_) return gather_for_host();
  const bool overlapped = gathers_ahead();
  const sim::StreamIndex stream = overlapped ? context_.streams.parameters : context_.streams.main;
  bool first = true;
  const std::vector<std::uint32_t> copies = hold_gather_copies();
  for (const Bucket& bucket : buckets_) {
    if (!bucket.replicas->sharding.optimizer) continue;
    if (overlapped && std::exchange(first, false))
      context_.builder.wait(stream, context_.builder.last(context_.streams.main));
    gather(stream, bucket.gathered, bucket.replicas->shard);
  }
  for (const std::uint32_t copy : copies) context_.builder.free(context_.streams.main, copy);
}

// Of buckets that are gathered, the two largest.
Bytes GradientBuckets::on_their_way() const {
  Bytes largest, second;
  for (const Bucket& bucket : buckets_) {
    if (!bucket.replicas->sharding.optimizer) continue;
    const Bytes whole{bucket.elements * parameter_bytes(context_.scenario)};
    second = std::max(second, std::min(largest, whole));
    largest = std::max(largest, whole);
  }
  return largest + second;
}

void GradientBuckets::gather_for_host() {
  if (on_their_way().n == 0) return;
  sim::ProgramBuilder& builder = context_.builder;
  const sim::StreamIndex main = context_.streams.main;
  const sim::StreamIndex stream = gathers_ahead() ? context_.streams.parameters : main;
  builder.wait(stream, builder.last(main));
  std::optional<std::uint32_t> held;  // beside what hold_buffers does
  if (!gathers_ahead()) held = buffer(on_their_way(), MemoryCause::buffers, "updated parameters");
  if (held) builder.allocate(main, *held);
  sim::OpRef before = sim::OpRef::none(), last = sim::OpRef::none();
  for (const Bucket& bucket : buckets_) {
    if (!bucket.replicas->sharding.optimizer) continue;
    builder.wait(stream, std::exchange(before, last));
    const sim::OpRef whole = gather(stream, bucket.gathered, bucket.replicas->shard);
    last = put_away_parameters(context_, context_.streams.away, whole, static_cast<double>(bucket.elements));
  }
  if (!held) return;
  builder.wait(main, last);
  builder.free(main, *held);
}

// Flattened, on their way: a tensor for what comes from each rank (nanotron's all_gather_coalesced), but for the last
// copy, which is one (PyTorch's all-gather of a list).
std::vector<std::uint32_t> GradientBuckets::hold_gather_copies() {
  std::vector<std::uint32_t> copies;
  const int wanted = context_.scenario.software.gather_copies;
  if (wanted == 0 || context_.scenario.overlap.parameters) return copies;
  Bytes all;
  for (const Bucket& bucket : buckets_)
    if (bucket.replicas->sharding.optimizer) all += bucket.gathered;
  const auto ranks = static_cast<std::size_t>(sharding_.group);
  const std::uint16_t parts =
      context_.tensors.index(std::vector<Bytes>(ranks, Bytes{all.n / static_cast<std::int64_t>(ranks)}));
  for (int copy = 1; all.n > 0 && copy <= wanted; ++copy) {
    const bool whole = copy == wanted;
    copies.push_back(context_.builder.buffer(all, static_cast<std::uint8_t>(MemoryCause::buffers),
                                             context_.builder.label("gathered parameters"), whole ? 0 : parts));
    context_.builder.allocate(context_.streams.main, copies.back());
  }
  return copies;
}

}  // namespace orrery::models
