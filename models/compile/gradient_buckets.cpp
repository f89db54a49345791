#include "models/compile/gradient_buckets.h"

#include <algorithm>
#include <numeric>

namespace orrery::models {
namespace {

// Buckets of one chunk, in the order of the backward pass.
std::vector<Bucket> buckets_of(const Scenario& scenario, const std::vector<PieceTemplate>& pieces, int chunk) {
  std::vector<Bucket> buckets;
  Bucket open;
  for (std::size_t i = pieces.size(); i-- > 0;) {
    if (open.elements == 0) open = {chunk, i, i, 0, {}};
    open.first_piece = i;
    open.elements += pieces[i].parameters;
    open.gathered += gathered_bytes(scenario, pieces[i]);
    if (open.elements < scenario.overlap.bucket_size && i > 0) continue;
    if (open.elements > 0) buckets.push_back(open);
    open = {};
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

GradientBuckets::GradientBuckets(StageContext& context, const Chunks& chunks) : DataParallel(context, chunks) {
  for (const std::size_t c : in_order_of_stages(context)) {
    std::vector<Bucket> buckets = buckets_of(context.scenario, chunks[c], static_cast<int>(c));
    buckets_.insert(buckets_.end(), buckets.rbegin(), buckets.rend());
  }
  waited_.resize(buckets_.size());
}

// DeepSpeed copies split gradients into a bucket, and fills a second one while the first is reduced.
void GradientBuckets::hold_buffers() {
  if (!sharding_.gradients) return;
  std::int64_t largest = 0;
  for (const Bucket& bucket : buckets_) largest = std::max(largest, bucket.elements);
  const int buckets = context_.scenario.overlap.gradients ? 2 : 1;
  context_.builder.resident(buffer(Bytes{largest * reduced_gradient_bytes(context_.scenario)} * buckets,
                                   MemoryCause::buffers, "gradient buckets"));
}

std::size_t GradientBuckets::bucket_index(int chunk, std::size_t piece) const {
  for (std::size_t b = 0; b < buckets_.size(); ++b)
    if (buckets_[b].chunk == chunk && buckets_[b].first_piece <= piece && piece <= buckets_[b].last_piece) return b;
  return buckets_.size();
}

// The first forward of a step waits for the parameters that the step before updated.
void GradientBuckets::before_piece(const PieceTurn& turn) {
  if (!sharded() || !context_.scenario.overlap.parameters || turn.type != Action::Type::forward) return;
  const std::size_t bucket = bucket_index(turn.chunk, turn.piece);
  if (bucket == buckets_.size() || waited_[bucket]) return;
  waited_[bucket] = true;
  // The gathers are the only ops of their stream, in the order of the buckets.
  context_.builder.wait(context_.streams.main, {context_.streams.parameters, static_cast<sim::OpIndex>(bucket), true});
}

// A full bucket sets off.
void GradientBuckets::after_piece(const PieceTurn& turn) {
  if (!active() || !turn.makes_weight_gradients()) return;
  if (!turn.completes && !sharding_.gradients) return;
  if (turn.completes && !context_.scenario.overlap.gradients) return;  // finish_gradients does
  const sim::StreamIndex stream =
      context_.scenario.overlap.gradients ? context_.streams.gradients : context_.streams.main;
  for (const Bucket& bucket : buckets_)
    if (bucket.chunk == turn.chunk && bucket.first_piece == turn.piece) reduce(bucket, stream);
}

void GradientBuckets::reduce(const Bucket& bucket, sim::StreamIndex stream) {
  const double elements = static_cast<double>(bucket.elements);
  // Gradients are scaled by 1/replicas before they are summed: read and written once.
  // Split ones come out of autograd and are copied into the bucket first.
  const double width =
      sharding_.gradients ? reduced_gradient_bytes(context_.scenario) : gradient_bytes(context_.scenario);
  if (sharding_.gradients)
    context_.stream_through("default", (parameter_bytes(context_.scenario) + width) * elements, TimeCategory::other,
                            "fill bucket");
  context_.stream_through("scale", 2.0 * width * elements, TimeCategory::other, "scale gradients");
  context_.builder.wait(stream, context_.builder.last(context_.streams.main));
  reduce_gradients(stream, bucket.elements);
}

void GradientBuckets::finish_gradients() {
  if (!active()) return;
  if (!context_.scenario.overlap.gradients) {
    for (std::size_t b = buckets_.size(); b-- > 0;) reduce(buckets_[b], context_.streams.main);
    return;
  }
  const sim::OpRef last = context_.builder.last(context_.streams.gradients);
  if (!last.is_none()) context_.builder.wait(context_.streams.main, last);
}

void GradientBuckets::gather_parameters() {
  if (!sharded()) return;
  const bool overlapped = context_.scenario.overlap.parameters;
  const sim::StreamIndex stream = overlapped ? context_.streams.parameters : context_.streams.main;
  if (overlapped) context_.builder.wait(stream, context_.builder.last(context_.streams.main));
  for (const Bucket& bucket : buckets_) gather(stream, bucket.gathered);
}

}  // namespace orrery::models
