#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::interop::chakra {

// One rank's execution trace (MLCommons Chakra, .et), as far as a scenario asks for it.

enum class Kind : std::uint8_t { other, compute, send, receive, collective };

// In the order of CollectiveCommType.
enum class Collective : std::uint8_t {
  all_reduce,
  reduce,
  all_gather,
  gather,
  scatter,
  broadcast,
  all_to_all,
  reduce_scatter,
  reduce_scatter_block,
  barrier
};
inline constexpr int kCollectives = 10;
std::string_view to_string(Collective collective);  // "all-reduce"

struct TraceNode {
  std::uint64_t id = 0;
  std::string name;
  Kind kind = Kind::other;
  bool on_cpu = false;
  Collective collective = Collective::all_reduce;
  std::int64_t operations = 0;  // num_ops
  std::int64_t microseconds = 0;
  std::int64_t tensor_bytes = 0;          // all that a compute node touches
  std::int64_t bytes = 0;                 // comm_size
  std::int64_t peer = -1;                 // whom it sends to or receives from
  std::string group;                      // pg_name or comm_group; empty: all ranks
  bool some_dimensions = false;           // involved_dim leaves out a dimension of the network
  std::size_t at = 0;                     // byte of the file
  std::vector<std::uint32_t> needs;       // places in `nodes` of what it waits for
  std::vector<std::uint32_t> needs_data;  // those of them whose results it takes

  bool works() const { return kind == Kind::compute && !on_cpu && (operations > 0 || microseconds > 0); }
};

struct RankTrace {
  std::string file;
  std::vector<TraceNode> nodes;  // each behind all that it waits for
  std::int64_t missing = 0;      // dependencies on nodes that the file does not hold
};

}  // namespace orrery::interop::chakra
