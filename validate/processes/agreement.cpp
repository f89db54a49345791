#include "validate/processes/agreement.h"

#include <algorithm>
#include <cstring>
#include <sstream>

namespace orrery::validate {
namespace {

// Processes run one program on machines of one kind: bytes as they are.
template <class T>
std::string packed(const T& value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

template <class T>
bool unpack(const std::string& bytes, T& value) {
  if (bytes.size() != sizeof value) return false;
  std::memcpy(&value, bytes.data(), sizeof value);
  return true;
}

// What each gives, at all of them.
Result<std::vector<std::string>> exchange(Rendezvous& rendezvous, const std::string& mine,
                                          Rendezvous::Deadline deadline) {
  const auto gathered = rendezvous.gather(mine, deadline);
  if (!gathered) return gathered.errors();
  std::string joined;
  for (std::size_t rank = 0; rank < gathered->size(); ++rank) {
    if (!(*gathered)[rank]) {
      const std::string why = "rank " + std::to_string(rank) + " is gone, or did not answer in time";
      rendezvous.give_up(why);
      return Error{{}, why};
    }
    joined += packed(static_cast<std::uint64_t>((*gathered)[rank]->size())) + *(*gathered)[rank];
  }
  const auto told = rendezvous.broadcast(joined, deadline);
  if (!told) return told.errors();
  std::vector<std::string> all;
  for (std::size_t at = 0; at < told->size();) {
    std::uint64_t size = 0;
    if (!unpack(told->substr(at, sizeof size), size) || size > told->size() - at - sizeof size)
      return Error{{}, "rank 0 sent something that cannot be read"};
    all.push_back(told->substr(at + sizeof size, size));
    at += sizeof size + size;
  }
  return all;
}

}  // namespace

RendezvousAgreement::Both RendezvousAgreement::agree(double mine) {
  if (!faults_.empty()) return {};
  const auto all = exchange(rendezvous_, packed(mine), deadline_);
  if (!all) return faults_ = all.errors(), Both{};
  Both both{mine, 0};
  for (const std::string& bytes : *all) {
    double value = 0;
    if (!unpack(bytes, value)) return faults_.push_back({{}, "a process sent something that is no number"}), Both{};
    both.largest = std::max(both.largest, value);
    both.mean += value / static_cast<double>(all->size());
  }
  return both;
}

double RendezvousAgreement::largest(double mine) {
  return agree(mine).largest;
}

double RendezvousAgreement::mean(double mine) {
  return agree(mine).mean;
}

Result<std::vector<int>> hosts_of(Rendezvous& rendezvous, const std::string& host, Rendezvous::Deadline deadline) {
  const auto all = exchange(rendezvous, host, deadline);
  if (!all) return all.errors();
  std::vector<std::string> known;
  std::vector<int> numbers;
  for (const std::string& name : *all) {
    const auto at = std::find(known.begin(), known.end(), name);
    numbers.push_back(static_cast<int>(at - known.begin()));
    if (at == known.end()) known.push_back(name);
  }
  return numbers;
}

}  // namespace orrery::validate
