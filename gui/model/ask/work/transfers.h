#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gui/model/ask/go_on.h"
#include "gui/model/store/trace_model.h"

namespace orrery::gui {

// Transfers of one kind and size.
struct TransferSize {
  std::string kind;        // "all-reduce", as ours are named
  std::int64_t bytes = 0;  // of one message, as nccl-tests count them
  std::uint64_t count = 0;
  double seconds = 0;  // of all, without waiting for late peers where the trace tells of it

  // Bytes by time: the algorithm bandwidth of nccl-tests.
  double bytes_per_s() const {
    return seconds > 0 ? static_cast<double>(bytes) * static_cast<double>(count) / seconds : 0;
  }
};

// Those that begin in a range of a trace, by kind and then by size. Ours say their
// kind and bytes; PyTorch's NCCL kernels say name, elements and type of a collective.
std::vector<TransferSize> transfers_of(const TraceModel& model, TimeRange range, const GoOn& go_on = {});

// The same kind and size in two traces; what only one has stands alone.
struct TransferPair {
  const TransferSize* a = nullptr;
  const TransferSize* b = nullptr;
};
std::vector<TransferPair> pairs_of(const std::vector<TransferSize>& a, const std::vector<TransferSize>& b);

}  // namespace orrery::gui
