#include "models/compile/known/known_stage.h"

#include <algorithm>

#include "models/compile/known/piece_forms.h"

namespace orrery::models {
namespace {

constexpr std::uint32_t kNowhere = UINT32_MAX;

template <class List, class Is>
std::uint32_t place_of(const List& list, const Is& is) {
  const auto at = std::find_if(list.begin(), list.end(), is);
  return at == list.end() ? kNowhere : static_cast<std::uint32_t>(at - list.begin());
}

// By item, the first that is equal.
template <class T>
std::vector<std::uint32_t> first_equal(const std::vector<T>& list) {
  std::vector<std::uint32_t> first;
  for (const T& item : list) first.push_back(place_of(list, [&](const T& other) { return other == item; }));
  return first;
}

template <class T>
bool agrees(const std::vector<T>& list, const std::vector<std::uint32_t>& first) {
  if (list.size() != first.size()) return false;
  for (std::size_t i = 0; i < list.size(); ++i)
    if (!(list[i] == list[first[i]])) return false;
  return true;
}

// What takes memory in the one does so in the other.
bool alike_held(const StageSizes::Held& a, const StageSizes::Held& b) {
  return a.use == b.use && a.parts == b.parts && (a.bytes.n > 0) == (b.bytes.n > 0);
}

bool is_of(const sim::Transfer& source, const sim::Transfer& transfer) {
  if (source.kind != transfer.kind || source.bytes != transfer.bytes) return false;
  return source.kind == sim::TransferKind::point_to_point ||
         (source.role == transfer.role && source.tag == transfer.tag);
}

bool all_differ(const std::vector<sim::Transfer>& transfers) {
  for (std::size_t i = 0; i < transfers.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (transfers[k] == transfers[i]) return false;
  return true;
}

std::vector<Bytes> own_buffers(const sim::Program& program) {
  const std::vector<std::optional<StageSizes::Use>> uses = uses_of(program.labels);
  std::vector<Bytes> own;
  for (const sim::Buffer& buffer : program.buffers)
    if (!uses[buffer.label]) own.push_back(buffer.bytes);
  return own;
}

}  // namespace

KnownStage::KnownStage(const StageContext& context, Chunks chunks, const StageProgram& written)
    : rank_(context.rank),
      chunks_(std::move(chunks)),
      of_pieces_(context, chunks_),
      first_held_(first_equal(of_pieces_.held)),
      first_moved_(first_equal(of_pieces_.moved)),
      written_(written),
      streams_(written.program.streams),
      buffers_(written.program.buffers),
      buffers_before_(written.program.buffers),
      own_buffers_(own_buffers(written.program)),
      transfers_beside_(context.transfers_beside),
      around_(surroundings(context, chunks_)) {
  for (const std::uint32_t kernel : context.kernels_beside)
    kernels_beside_.emplace_back(context.kernels[kernel], kernel);
  if (around_ && (around_->transfers != transfers_beside_ || around_->kernels != context.kernels_beside ||
                  own_buffers(around_->program) != own_buffers_))
    around_.reset();
}

std::optional<KnownStage> KnownStage::of(const StageContext& context, Chunks chunks, const StageProgram& written) {
  KnownStage stage(context, std::move(chunks), written);
  if (!stage.find_buffers() || !stage.find_transfers()) return std::nullopt;
  return stage;
}

// Each as large as the item that it is of.
bool KnownStage::find_buffers() {
  const std::vector<std::optional<StageSizes::Use>> uses = uses_of(written_.program.labels);
  const std::vector<StageSizes::Held>& held = of_pieces_.held;
  auto next_own = static_cast<std::uint32_t>(held.size());
  of_buffer_.reserve(written_.program.buffers.size());
  for (const sim::Buffer& buffer : written_.program.buffers) {
    const std::optional<StageSizes::Use> use = uses[buffer.label];
    if (use == StageSizes::Use::inputs) inputs_ = buffer.bytes.n / held.back().bytes.n;
    const auto is = [&](const StageSizes::Held& item) {
      return item.use == *use && item.parts == buffer.parts &&
             item.bytes * (item.use == StageSizes::Use::inputs ? inputs_ : 1) == buffer.bytes;
    };
    of_buffer_.push_back(use ? place_of(held, is) : next_own++);
    if (of_buffer_.back() == kNowhere) return false;
  }
  return true;
}

// One that is of pieces and beside them too would be two for other sizes.
bool KnownStage::find_transfers() {
  const std::vector<sim::Transfer>& moved = of_pieces_.moved;
  for (const sim::Transfer& transfer : written_.program.transfers) {
    const std::uint32_t of = place_of(moved, [&](const sim::Transfer& source) { return is_of(source, transfer); });
    const std::uint32_t beside =
        place_of(transfers_beside_, [&](const sim::Transfer& source) { return source == transfer; });
    if ((of == kNowhere) == (beside == kNowhere)) return false;
    of_transfer_.push_back(of != kNowhere ? of : static_cast<std::uint32_t>(moved.size()) + beside);
  }
  return true;
}

void KnownStage::share_blocks(const KnownStage& other) {
  const SharedList<sim::Block>& blocks = other.written_.program.blocks;
  SharedList<sim::Block>& own = written_.program.blocks;
  const auto same = [](const sim::Block& a, const sim::Block& b) { return a.ops == b.ops && a.notes == b.notes; };
  if (std::equal(own.begin(), own.end(), blocks.begin(), blocks.end(), same)) own = blocks;
}

std::optional<StageProgram> KnownStage::renewed(const StageContext& context, const Chunks& chunks,
                                                TimedBlocks& blocks) {
  std::optional<StageProgram> stage;
  if (!alike(chunks_, chunks)) return stage;
  const StageSizes of_pieces(context, chunks);
  if (!std::ranges::equal(of_pieces.held, of_pieces_.held, alike_held)) return stage;
  if (!agrees(of_pieces.held, first_held_) || !agrees(of_pieces.moved, first_moved_)) return stage;

  std::optional<Surroundings> around;
  if (!same_parameters(chunks_, chunks)) {
    if (around_) around = surroundings(context, chunks);
    if (!around || !alike(*around_, *around)) return stage;
  } else if (!has_kernels_beside(context.kernels)) {
    return stage;
  }
  const Sizes sizes = sizes_of(of_pieces, around ? &*around : nullptr);
  std::vector<sim::Transfer> transfers = transfers_of(sizes);
  if (!all_differ(transfers)) return stage;

  stage = written_;
  if (around) stage->held = std::move(around->held);
  stage->program.transfers = std::move(transfers);
  std::swap(buffers_, buffers_before_);
  set_sizes(buffers_, of_buffer_, sizes.held);
  stage->program.buffers = buffers_;
  const std::vector<std::int64_t> costs = costs_of(context);
  stage->program.streams = streams_.at(costs);
  stage->program.blocks = blocks.at(written_.program.blocks, costs);
  return stage;
}

// They come to their places after those of pieces, as in a program that is written.
bool KnownStage::has_kernels_beside(KernelTable& kernels) const {
  return std::all_of(kernels_beside_.begin(), kernels_beside_.end(),
                     [&](const auto& known) { return kernels.index(known.first) == known.second; });
}

KnownStage::Sizes KnownStage::sizes_of(const StageSizes& of_pieces, const Surroundings* around) const {
  Sizes sizes{{}, of_pieces.moved};
  sizes.held.reserve(of_pieces.held.size() + own_buffers_.size());
  for (const StageSizes::Held& item : of_pieces.held) sizes.held.push_back(item.bytes);
  sizes.held.back() = sizes.held.back() * inputs_;
  const auto add = [](auto& list, const auto& more) { list.insert(list.end(), more.begin(), more.end()); };
  add(sizes.held, around == nullptr ? own_buffers_ : own_buffers(around->program));
  add(sizes.moved, around == nullptr ? transfers_beside_ : around->transfers);
  return sizes;
}

std::vector<sim::Transfer> KnownStage::transfers_of(const Sizes& sizes) const {
  std::vector<sim::Transfer> transfers = written_.program.transfers;
  for (std::size_t i = 0; i < transfers.size(); ++i) transfers[i].bytes = sizes.moved[of_transfer_[i]].bytes;
  return transfers;
}

}  // namespace orrery::models
