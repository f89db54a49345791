#pragma once

#include "validate/probe/session/bench.h"
#include "validate/processes/rendezvous.h"

namespace orrery::validate {

// What the processes of a rendezvous decide by, over TCP: some hundred microseconds each.
// When a process is gone every answer from then on is "stop": the largest is 1, and
// faults() says who.
class RendezvousAgreement final : public Agreement {
 public:
  RendezvousAgreement(Rendezvous& rendezvous, Rendezvous::Deadline deadline)
      : rendezvous_(rendezvous), deadline_(deadline) {}

  double largest(double mine) override;
  double mean(double mine) override;
  const Errors& faults() const { return faults_; }

 private:
  struct Both {
    double largest = 1, mean = 0;
  };
  Both agree(double mine);

  Rendezvous& rendezvous_;
  Rendezvous::Deadline deadline_;
  Errors faults_;
};

// By rank, a number for the host that each process runs on: 0 for that of rank 0.
Result<std::vector<int>> hosts_of(Rendezvous& rendezvous, const std::string& host, Rendezvous::Deadline deadline);

}  // namespace orrery::validate
