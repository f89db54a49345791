#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "sweep/crew/crew.h"

namespace orrery::cli {

// A crew over MPI_COMM_WORLD. A message to the leader asks for points and brings the rows
// of those before, or says why there will be none; one from the leader is points, none of
// them for the last time. The leader sleeps between messages: processes may be as many as cores and one.
class MpiCrew : public sweep::Crew {
 public:
  MpiCrew();

  int size() const override { return size_; }
  int rank() const override { return rank_; }
  Errors lead(std::span<const std::uint64_t> points, const std::function<Errors(std::span<const sweep::Row>)>& keep,
              const sweep::PoolOptions& options) override;
  void follow(const sweep::Evaluate& evaluate, const sweep::PoolOptions& options) override;
  void decline(const Errors& errors) override;

 private:
  std::vector<std::uint64_t> ask(const std::string& rows);

  int size_ = 1, rank_ = 0;
};

}  // namespace orrery::cli
