#include <algorithm>
#include <array>
#include <span>

#include "sim/check/parts.h"

namespace orrery::sim {

namespace {

// One program at a time: what each of its ops says about the tables beside it.
class ProgramCheck {
 public:
  ProgramCheck(const Workload& workload, const Program& program, Faults& faults)
      : workload_(workload), program_(program), faults_(faults), categories_(workload.categories.size()) {
    for (const Stream& stream : program.streams) lengths_.push_back(stream.ops.size());
    for (const Transfer& transfer : program.transfers) fit_collectives_.push_back(is_plain_collective(transfer));
    plain_below_[static_cast<std::size_t>(OpKind::kernel)] = std::uint64_t{1} << 63;
    plain_below_[static_cast<std::size_t>(OpKind::wait)] = INT64_MAX;
    plain_below_[static_cast<std::size_t>(OpKind::marker)] = program.markers.size();
    plain_below_[static_cast<std::size_t>(OpKind::collective)] = program.transfers.size();
    plain_below_[static_cast<std::size_t>(OpKind::allocate)] = program.buffers.size();
    plain_below_[static_cast<std::size_t>(OpKind::free)] = program.buffers.size();
  }

  void run() {
    if (program_.streams.empty() || program_.streams.size() > kNoStream) {
      faults_.add([&] { return program_.name + ": has " + std::to_string(program_.streams.size()) + " streams"; });
      return;
    }
    check_buffers();
    for (const std::uint32_t buffer : program_.resident) {
      if (buffer >= program_.buffers.size())
        faults_.add([&] { return program_.name + ": a resident buffer does not exist"; });
    }
    if (!check_blocks()) return;
    for (std::size_t s = 0; s < program_.streams.size(); ++s) {
      stream_ = static_cast<StreamIndex>(s);
      const std::span<const Op> ops = program_.streams[s].ops;
      for (std::size_t i = 0; i < ops.size(); ++i) {
        step_ends_ += ends_step(ops[i]) ? 1 : 0;
        if (is_plain(ops[i])) continue;
        index_ = static_cast<OpIndex>(i);
        check_op(ops[i]);
      }
    }
    check_step_end();
  }

 private:
  const std::vector<Op>& ops() const { return program_.streams[stream_].ops; }

  void fault(const std::string& what) {
    faults_.add([&] { return program_.name + ": " + name_of(program_, stream_, index_) + " " + what; });
  }

  // What calls stand for can be written out: each block once, then where its buffers are in each call.
  bool check_blocks() {
    struct Buffers {
      std::int64_t first = 0, last = -1;
      bool is_sound = true;
    };
    std::vector<Buffers> of_blocks;
    for (const Block& block : program_.blocks) {
      Buffers& buffers = of_blocks.emplace_back();
      buffers.is_sound = !block.ops.empty() && block.notes.size() == block.ops.size();
      for (const Op& op : block.ops) {
        if (op.waits()) buffers.is_sound = false;
        if (is_memory(op.kind)) {
          buffers.first = std::min(buffers.first, op.payload);
          buffers.last = std::max(buffers.last, op.payload);
        } else {
          const bool is_known = op.kind == OpKind::kernel || op.kind == OpKind::collective;
          if (!is_known || !is_plain(op)) buffers.is_sound = false;
        }
      }
    }
    const auto is_sound = [&](const Call& call) {
      if (call.block >= of_blocks.size() || !of_blocks[call.block].is_sound) return false;
      const auto size = static_cast<std::int64_t>(program_.buffers.size());
      const Buffers& buffers = of_blocks[call.block];
      return buffers.last < size - call.made && buffers.first > call.kept - size - 1;
    };
    const bool all = std::all_of(program_.calls.begin(), program_.calls.end(), is_sound);
    if (!all) faults_.add([&] { return program_.name + ": a call is of no block that it can stand for"; });
    return all;
  }

  void check_buffers() {
    const std::size_t causes = workload_.causes.size();
    for (const Buffer& buffer : program_.buffers) {
      if (buffer.bytes.n < 0) faults_.add([&] { return program_.name + ": a buffer has fewer than 0 bytes"; });
      if (buffer.cause >= causes) faults_.add([&] { return program_.name + ": a buffer has no known cause"; });
    }
  }

  // What most ops are, and nothing is wrong with: kernels, memory and collectives that wait for nothing or for another
  // stream. Whatever else there is is looked at closely.
  bool is_plain(const Op& op) const {
    const auto kind = static_cast<std::size_t>(op.kind);
    if (kind >= plain_below_.size() || static_cast<std::uint64_t>(op.payload) >= plain_below_[kind]) return false;
    if (op.grouped_with_next() || op.category >= categories_) return false;
    if (static_cast<int>(op.kernel_class()) >= kKernelClasses) return false;
    if (op.kind == OpKind::collective && fit_collectives_[static_cast<std::size_t>(op.payload)] == 0) return false;
    return !op.waits() ||
           (op.after_stream != stream_ && op.after_stream < lengths_.size() && op.after < lengths_[op.after_stream]);
  }

  bool is_plain_collective(const Transfer& transfer) const {
    return transfer.bytes.n >= 0 && workload_.planner && transfer.kind != TransferKind::point_to_point &&
           !is_copy(transfer.kind) && transfer.role < workload_.group_roles.size();
  }

  void check_op(const Op& op) {
    if (op.waits()) check_dependency(op);
    if (op.grouped_with_next()) check_grouping(op);
    const bool has_category = op.kind <= OpKind::copy;
    if (has_category && op.category >= workload_.categories.size()) fault("has no known category");
    switch (op.kind) {
      case OpKind::kernel:
        if (op.payload < 0) fault("takes less than no time");
        if (static_cast<int>(op.kernel_class()) >= kKernelClasses) fault("is of no known kernel class");
        break;
      case OpKind::collective:
      case OpKind::send:
      case OpKind::receive:
      case OpKind::copy:
        check_transfer(op);
        break;
      case OpKind::allocate:
      case OpKind::free:
        check_index(op, program_.buffers.size(), "buffer");
        break;
      case OpKind::marker:
        check_index(op, program_.markers.size(), "marker");
        break;
      case OpKind::wait:
        break;
      case OpKind::call:
        if (stream_ != kMainStream) fault("is a call beside the main stream");
        check_index(op, program_.calls.size(), "call");
        break;
      default:
        fault("is of no known kind");
    }
  }

  bool check_index(const Op& op, std::size_t size, const char* table) {
    if (op.payload >= 0 && static_cast<std::size_t>(op.payload) < size) return true;
    fault("names " + std::string(table) + " " + std::to_string(op.payload) + " of " + std::to_string(size));
    return false;
  }

  void check_dependency(const Op& op) {
    if (op.after_stream >= program_.streams.size()) {
      fault("waits for stream " + std::to_string(op.after_stream) + ", but there are " +
            std::to_string(program_.streams.size()));
      return;
    }
    const Stream& other = program_.streams[op.after_stream];
    if (op.after >= other.ops.size()) {
      fault("waits for op " + std::to_string(op.after) + " of stream " + other.name + ", which has " +
            std::to_string(other.ops.size()) + " ops");
    } else if (op.after_stream == stream_ && op.after >= index_ && !op.on_previous_step()) {
      fault("waits for op " + std::to_string(op.after) + " of its own stream, which comes no earlier");
    }
  }

  void check_grouping(const Op& op) {
    if (!is_pair(op.kind) || end_of_group(ops(), index_) == index_ + 1) {
      fault("is grouped with the op after it, but only sends and receives can be");
    }
  }

  void check_transfer(const Op& op) {
    if (!check_index(op, program_.transfers.size(), "transfer")) return;
    const Transfer& transfer = program_.transfers[static_cast<std::size_t>(op.payload)];
    if (transfer.bytes.n < 0) fault("moves fewer than 0 bytes");
    if (!workload_.planner) fault("has no planner to say how long it takes");
    const bool pairs = is_pair(op.kind);
    const bool point_to_point = transfer.kind == TransferKind::point_to_point;
    const bool copies = is_copy(transfer.kind);
    const bool fits = pairs ? point_to_point : op.kind == OpKind::copy ? copies : !point_to_point && !copies;
    if (!fits) fault("is of kind " + std::string(to_string(transfer.kind)));
    if (pairs && transfer.role >= workload_.peer_roles.size()) fault("names a peer role that does not exist");
    if (op.kind == OpKind::collective && transfer.role >= workload_.group_roles.size())
      fault("names a group role that does not exist");
  }

  bool ends_step(const Op& op) const {
    return op.kind == OpKind::marker && op.payload >= 0 &&
           static_cast<std::size_t>(op.payload) < program_.markers.size() &&
           program_.markers[static_cast<std::size_t>(op.payload)].kind == Marker::Kind::step_end;
  }

  void check_step_end() {
    const auto& main = program_.streams[kMainStream].ops;
    if (step_ends_ == 1 && ends_step(main.back())) return;
    faults_.add([&] {
      return program_.name + ": a step ends with one step_end marker, the last op of stream " +
             program_.streams[kMainStream].name;
    });
  }

  const Workload& workload_;
  const Program& program_;
  Faults& faults_;
  std::size_t categories_;
  std::vector<std::size_t> lengths_;            // of streams
  std::vector<char> fit_collectives_;           // by transfer: nothing is wrong with a collective that names it
  std::array<std::uint64_t, 9> plain_below_{};  // by kind: payloads that may be right; 0: to be looked at closely
  StreamIndex stream_ = 0;
  OpIndex index_ = 0;
  int step_ends_ = 0;
};

}  // namespace

void check_programs(const Workload& workload, Faults& faults) {
  for (const Program& program : workload.programs) ProgramCheck(workload, program, faults).run();
}

}  // namespace orrery::sim
