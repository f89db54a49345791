#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "validate/processes/place.h"

namespace orrery::validate {

// Processes of a run, each joined to rank 0 by TCP. What they exchange is little: an
// NCCL id before, records behind. Nobody waits for ever: every call has a deadline and
// its error names who is missing.
class Rendezvous {
 public:
  using Deadline = std::chrono::milliseconds;

  // Rank 0 listens until all have come; the others call until it answers.
  static Result<std::unique_ptr<Rendezvous>> join(const ProcessPlace& place, Deadline deadline);
  ~Rendezvous();
  Rendezvous(const Rendezvous&) = delete;
  Rendezvous& operator=(const Rendezvous&) = delete;

  // What rank 0 gives, to all.
  Result<std::string> broadcast(const std::string& of_first, Deadline deadline);
  // What each gives, at rank 0, by rank; none for those that do not come in time or are
  // gone. Elsewhere it is empty.
  Result<std::vector<std::optional<std::string>>> gather(const std::string& mine, Deadline deadline);
  // All have come here.
  Errors barrier(Deadline deadline);

  // Who is gone, if anybody is: a process whose connection ended, or what another one
  // told with give_up(). Returns at once; rank 0 passes it on to the others.
  std::optional<std::string> lost();
  // Tells all others to stop, and why.
  void give_up(const std::string& why);

  const ProcessPlace& place() const { return place_; }

 private:
  struct Peer;
  explicit Rendezvous(const ProcessPlace& place);
  Errors accept_all(Deadline deadline);
  Errors call_first(Deadline deadline);
  std::optional<std::string> hear(Peer& peer);

  ProcessPlace place_;
  int listener_ = -1;
  std::vector<Peer> peers_;  // rank 0: of ranks 1, 2…; elsewhere rank 0 alone
  std::optional<std::string> lost_;
};

}  // namespace orrery::validate
