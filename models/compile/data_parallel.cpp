#include "models/compile/data_parallel.h"

#include <algorithm>

#include "models/compile/roles.h"

namespace orrery::models {
namespace {

// Buckets of one chunk, in the order of the backward pass.
std::vector<Bucket> buckets_of(const std::vector<PieceTemplate>& pieces, int chunk, std::int64_t size) {
  std::vector<Bucket> buckets;
  Bucket open;
  for (std::size_t i = pieces.size(); i-- > 0;) {
    if (open.elements == 0) open = {chunk, i, i, 0};
    open.first_piece = i;
    open.elements += pieces[i].parameters;
    if (open.elements < size && i > 0) continue;
    if (open.elements > 0) buckets.push_back(open);
    open = {};
  }
  return buckets;
}

}  // namespace

DataParallel::DataParallel(StageContext& context, const std::vector<std::vector<PieceTemplate>>& chunks)
    : context_(context),
      replicas_(context.scenario.layout.dp * context.scenario.layout.cp),
      sharded_(context.scenario.layout.zero >= 1) {
  for (std::size_t c = 0; c < chunks.size(); ++c) {
    std::vector<Bucket> buckets = buckets_of(chunks[c], static_cast<int>(c), context.scenario.overlap.bucket_size);
    std::reverse(buckets.begin(), buckets.end());
    for (const Bucket& bucket : buckets) elements_ += bucket.elements;
    buckets_.insert(buckets_.end(), buckets.begin(), buckets.end());
  }
  waited_.resize(buckets_.size());
}

double DataParallel::shard_elements() const {
  return sharded_ ? static_cast<double>(elements_) / replicas_ : static_cast<double>(elements_);
}

std::size_t DataParallel::gather_index(int chunk, std::size_t piece) const {
  for (std::size_t b = 0; b < buckets_.size(); ++b)
    if (buckets_[b].chunk == chunk && buckets_[b].first_piece <= piece && piece <= buckets_[b].last_piece) return b;
  return buckets_.size();
}

void DataParallel::before_first_forward(int chunk, std::size_t piece) {
  if (!active() || !sharded_ || !context_.scenario.overlap.parameters) return;
  const std::size_t bucket = gather_index(chunk, piece);
  if (bucket == buckets_.size() || waited_[bucket]) return;
  waited_[bucket] = true;
  // The gathers are the only ops of their stream, in the order of the buckets.
  context_.builder.wait(context_.streams.main, {context_.streams.parameters, static_cast<sim::OpIndex>(bucket), true});
}

void DataParallel::after_last_backward(int chunk, std::size_t piece) {
  if (!active() || !context_.scenario.overlap.gradients) return;
  for (const Bucket& bucket : buckets_)
    if (bucket.chunk == chunk && bucket.first_piece == piece) reduce(bucket, context_.streams.gradients);
}

void DataParallel::reduce(const Bucket& bucket, sim::StreamIndex stream) {
  const double elements = static_cast<double>(bucket.elements);
  // Gradients are scaled by 1/replicas before they are summed: read and written once.
  context_.stream_through("scale", 2.0 * gradient_bytes(context_.scenario) * elements, TimeCategory::other,
                          "scale gradients");
  context_.builder.wait(stream, context_.builder.last(context_.streams.main));
  context_.collective(stream, sharded_ ? sim::TransferKind::reduce_scatter : sim::TransferKind::all_reduce, role::dp,
                      Bytes{bucket.elements * reduced_gradient_bytes(context_.scenario)}, TimeCategory::dp,
                      "reduce gradients");
}

void DataParallel::finish_gradients() {
  if (!active()) return;
  if (!context_.scenario.overlap.gradients) {
    for (std::size_t b = buckets_.size(); b-- > 0;) reduce(buckets_[b], context_.streams.main);
    return;
  }
  const sim::OpRef last = context_.builder.last(context_.streams.gradients);
  if (!last.is_none()) context_.builder.wait(context_.streams.main, last);
}

void DataParallel::gather_parameters() {
  if (!active() || !sharded_) return;
  const bool overlapped = context_.scenario.overlap.parameters;
  const sim::StreamIndex stream = overlapped ? context_.streams.parameters : context_.streams.main;
  bool first = true;
  for (const Bucket& bucket : buckets_) {
    if (overlapped && first) context_.builder.wait(stream, context_.builder.last(context_.streams.main));
    first = false;
    context_.collective(stream, sim::TransferKind::all_gather, role::dp,
                        Bytes{bucket.elements * parameter_bytes(context_.scenario)}, TimeCategory::dp,
                        "gather parameters");
  }
}

}  // namespace orrery::models
