#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/amount.h"
#include "sim/base/shared_list.h"
#include "sim/hash_index.h"
#include "sim/op.h"

namespace orrery::sim {

// What ranks do together. The names are NCCL's.
enum class TransferKind : std::uint8_t {
  all_reduce,
  all_gather,
  reduce_scatter,
  all_to_all,
  broadcast,
  reduce,
  gather,
  scatter,
  ring_shift,  // every rank sends to the next of its group and receives from the one before (nccl-tests: sendrecv)
  point_to_point,
  copy,     // from a GPU to its host's memory
  copy_in,  // and back
};

std::string_view to_string(TransferKind kind);

constexpr bool is_copy(TransferKind kind) {
  return kind == TransferKind::copy || kind == TransferKind::copy_in;
}

using GroupRole = std::uint16_t;  // index into Workload::group_roles: "my TP group"
using PeerRole = std::uint16_t;   // index into Workload::peer_roles: "my next stage"

// What a collective, send, receive or copy moves, and with whom.
struct Transfer {
  TransferKind kind = TransferKind::point_to_point;
  std::uint16_t role = 0;  // a GroupRole for collectives, a PeerRole for sends and receives, unused for copies
  std::uint16_t tag = 0;   // sends and receives between two ranks match in order within a tag
  Bytes bytes;  // in the nccl-tests sense: all_gather and reduce_scatter count the full buffer, ring_shift one message

  bool operator==(const Transfer&) const = default;
};

// A piece of memory of a rank, with what it is for.
struct Buffer {
  Bytes bytes;
  std::uint8_t cause = 0;   // index into Workload::causes
  std::uint16_t parts = 0;  // the allocations that it stands for, by a table that came with the workload; 0: itself
  std::uint32_t label = 0;  // index into Program::labels
};

// Places in the main stream that results are read off.
//
// A schedule action (the forward of micro-batch 3 through chunk 1) is whatever
// lies between its begin and its end marker; the digest of a run is made of
// those times. A step ends with one step_end marker as the main stream's last op.
struct Marker {
  enum class Kind : std::uint8_t { action_begin, action_end, step_end, point };
  Kind kind = Kind::point;
  char action = ' ';        // F, B, I, W as in schedule tables
  std::uint16_t chunk = 0;  // model chunk of this rank (virtual stage)
  std::uint32_t micro_batch = 0;

  bool operator==(const Marker&) const = default;
};

// For people and for the executor on real devices; parallel to Stream::ops.
struct Note {
  std::uint32_t label = 0;            // index into Program::labels
  std::uint32_t kernel = UINT32_MAX;  // index into the kernel table that came with the workload; none for non-kernels
  bool operator==(const Note&) const = default;
};

struct Stream {
  std::string name;
  std::vector<Op> ops;
  std::vector<Note> notes;
};

// Ops that come up again and again on the main stream, as those of a forward do with every
// micro-batch: kernels, collectives, allocations and frees. They wait for no other stream, and
// none waits for one of them. Buffers are those of the call: Call::buffer().
struct Block {
  std::vector<Op> ops;
  std::vector<Note> notes;
};

// A block once more, for buffers of its own.
struct Call {
  std::uint32_t block = 0;  // index into Program::blocks
  std::uint32_t made = 0;   // buffers that it brings along, from this one on: 0, 1, ... in the block
  std::uint32_t kept = 0;   // buffers that an earlier one has left, from this one on: -1, -2, ...

  std::uint32_t buffer(std::int64_t in_block) const {
    return static_cast<std::uint32_t>(in_block < 0 ? kept - 1 - in_block : made + in_block);
  }
  bool operator==(const Call&) const = default;
};

// What one kind of rank is told to do in one step: in-order streams of ops, run
// over and over for Workload::steps steps. It names no rank: peers and groups
// are roles, so a program serves every rank that plays the same part.
//
// Stream 0 is the main (compute) stream. Every stream goes from one step to the
// next by itself; only dependencies hold it back. Copies of a program share what is large.
struct Program {
  std::string name;
  SharedList<Stream> streams;
  std::vector<Transfer> transfers;
  SharedList<Buffer> buffers;
  std::vector<std::uint32_t> resident;  // buffers held from before the first step to the end (weights, optimizer state)
  SharedList<Marker> markers;
  SharedList<std::string> labels;
  SharedList<Block> blocks;
  std::vector<Call> calls;

  std::size_t op_count() const;  // with those of calls
  const Call& call_of(const Op& op) const { return calls[static_cast<std::size_t>(op.payload)]; }
  const Block& block_of(const Op& op) const { return blocks[call_of(op).block]; }
  // Of a collective, send, receive or copy of this program.
  const Transfer& transfer_of(const Op& op) const { return transfers[static_cast<std::size_t>(op.payload)]; }
};

// Tells `see` of every op, those of a block once.
template <class See>
void each_op(const Program& program, const See& see) {
  for (const Stream& stream : program.streams)
    for (const Op& op : stream.ops) see(op);
  for (const Block& block : program.blocks)
    for (const Op& op : block.ops) see(op);
}

// Where an op stands: what later ops wait for.
struct OpRef {
  StreamIndex stream = kNoStream;
  OpIndex op = 0;
  bool previous_step = false;

  bool is_none() const { return stream == kNoStream; }
  static constexpr OpRef none() { return {}; }
};

// Writes a Program op by op. Each call appends to a stream and returns where the
// op stands. Waits beyond the first become `wait` ops; of several waits on one
// stream only the latest is kept. Labels and transfers that are equal are stored once.
class ProgramBuilder {
 public:
  explicit ProgramBuilder(std::string name);

  StreamIndex add_stream(std::string name);
  // Room for so many ops, if that is known.
  void reserve(StreamIndex stream, std::size_t ops);
  std::uint32_t label(std::string_view text);
  // Where a transfer stands in the program's table; ops find theirs by themselves.
  std::uint32_t transfer_index(const Transfer& transfer);

  // Makes the next op appended to `stream` wait for `on` as well. A wait on the
  // same stream and on nothing is dropped: order is there already.
  void wait(StreamIndex stream, OpRef on);

  OpRef kernel(StreamIndex stream, Duration cost, Category category, KernelClass kernel_class, std::uint32_t label,
               std::uint32_t kernel = UINT32_MAX);
  OpRef collective(StreamIndex stream, const Transfer& transfer, Category category, std::uint32_t label);
  OpRef send(StreamIndex stream, const Transfer& transfer, Category category, std::uint32_t label,
             bool grouped_with_next = false);
  OpRef receive(StreamIndex stream, const Transfer& transfer, Category category, std::uint32_t label,
                bool grouped_with_next = false);
  OpRef copy(StreamIndex stream, const Transfer& transfer, Category category, std::uint32_t label);
  std::uint32_t buffer(Bytes bytes, std::uint8_t cause, std::uint32_t label, std::uint16_t parts = 0);
  void resident(std::uint32_t buffer);
  OpRef allocate(StreamIndex stream, std::uint32_t buffer);
  OpRef free(StreamIndex stream, std::uint32_t buffer);
  OpRef marker(StreamIndex stream, const Marker& marker);

  // How long every stream is, and what ops of it name.
  struct Mark {
    std::vector<OpIndex> ops;  // by stream
    std::uint32_t markers = 0, calls = 0, buffers = 0;
    bool operator==(const Mark&) const = default;
    Mark& operator+=(const Mark& by);
  };
  Mark mark() const;
  // Appends what was appended between two marks once more, and says where it begins. Waits on ops
  // of this step are on the same ops as seen from there: they are on what was appended between the marks, or on the
  // last op before. Precondition: no waits are pending on streams that take ops.
  Mark repeat(const Mark& from, const Mark& to);

  // From a round of work to the next, which is the same for other micro-batches: by how much everything moves on.
  struct Stride {
    Mark by;
    std::uint32_t micro_batches = 0;  // modulo 2^32: they may count down

    OpRef next(OpRef op) const { return op.is_none() ? op : OpRef{op.stream, op.op + by.ops[op.stream], false}; }
  };
  // Of what was appended since `second`, if it is what was between the marks once more: the same ops, whose markers,
  // calls and buffers came along, as did the ops that they wait for. No waits are pending.
  std::optional<Stride> stride(const Mark& first, const Mark& second) const;
  // Appends what goes on in strides up to `until`: each op, marker and buffer is the one a stride before, moved on.
  // Calls, each of which knows what was kept for it, are the caller's to add with again().
  void go_on(const Stride& stride, const Mark& until);

  // What was appended since `from`, taken off again as a block, if it can be one: it is on the main stream alone, waits
  // for nothing, and has no buffers but those from `made` on, which came along, and some between `kept` and those. Then
  // marks and refs behind `from` are of nothing.
  std::optional<std::uint32_t> block(const Mark& from, std::uint32_t made, std::uint32_t kept);
  std::uint32_t add_block(Block block);
  OpRef call(const Call& call, std::uint32_t label);
  // A call whose op comes from go_on().
  void again(const Call& call) { program_.calls.push_back(call); }
  // Buffers from `first` on, once more; says where they begin.
  std::uint32_t buffers_again(std::uint32_t first, std::uint32_t count);

  // The op appended last to `stream`, or none.
  OpRef last(StreamIndex stream) const;
  const Program& program() const { return program_; }
  // The program. Waits that no op followed become a `wait` op at the end of their stream.
  Program finish() &&;

 private:
  OpRef append(StreamIndex stream, Op op, Note note);
  void append_waits(StreamIndex stream, Op& op, const Note& note);
  std::uint32_t no_label();

  Program program_;
  std::vector<std::vector<OpRef>> pending_;  // by stream: waits for the next op
  HashIndex labels_, transfers_;
  std::array<std::uint32_t, 64> recent_labels_{};     // by where a text stood in memory
  std::array<std::uint32_t, 16> recent_transfers_{};  // by kind, role and tag
  std::uint32_t no_label_ = UINT32_MAX;               // label(""), once it was needed
};

}  // namespace orrery::sim
