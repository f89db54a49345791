#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "sim/base/result.h"
#include "sweep/pool.h"

namespace orrery::sweep {

// The processes of one sweep, which may be on many machines. The first leads: it keeps
// the store, hands out points as others ask for them, and takes their rows. Who it loses
// takes the points with him that he had; they are missing from the store and done the next time.
class Crew {
 public:
  virtual ~Crew() = default;

  virtual int size() const = 0;
  bool leads() const { return rank() == 0; }
  virtual int rank() const = 0;

  // The leader, with at least one other: hands out `points` and gives rows to `keep` in
  // batches, as work() does; `options.threads` is not asked. Others have been let go when it returns.
  virtual Errors lead(std::span<const std::uint64_t> points, const std::function<Errors(std::span<const Row>)>& keep,
                      const PoolOptions& options) = 0;

  // Any other: works points out until the leader has no more.
  virtual void follow(const Evaluate& evaluate, const PoolOptions& options) = 0;

  // Any other, in place of follow(): it cannot, and why.
  virtual void decline(const Errors& errors) = 0;
};

}  // namespace orrery::sweep
