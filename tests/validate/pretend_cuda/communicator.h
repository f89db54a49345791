#pragma once

#include <nccl.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "machine.h"
#include "meetings.h"

struct ncclComm {
  std::shared_ptr<orrery::pretend::Meetings> meetings;
  std::uint64_t name = 0;
  int rank = 0, ranks = 0;
  std::uint64_t splits = 0, collectives = 0;
  std::map<int, std::uint64_t> sent, received;  // by peer: how many
  std::set<int> connected;

  ncclResult_t state = ncclSuccess;  // in progress until `pending` says that it is done
  std::function<bool()> pending;
  std::string error;
  bool aborted = false;

  ncclResult_t fail(ncclResult_t result, const std::string& why) {
    error = why;
    return state = result;
  }
  ncclResult_t begin(std::function<bool()> done) {
    pending = std::move(done);
    state = ncclInProgress;
    go_on();
    return state;
  }
  void go_on() {
    if (state != ncclInProgress || !pending || !pending()) return;
    pending = {};
    if (state == ncclInProgress) state = ncclSuccess;
  }
};

namespace orrery::pretend {

// What a meeting is for: part of its name.
enum Purpose : std::uint64_t { kJoin = 1, kSplit, kLeave, kConnect, kCollective, kMessage };
enum Kind : std::int64_t { kAllReduce = 1, kAllGather, kReduceScatter, kBroadcast, kReduce };

// A message or collective between ncclGroupStart and ncclGroupEnd, or alone.
struct Message {
  ncclComm_t comm;
  int peer;
  bool sends;
  std::int64_t bytes;
  CUstream_st* stream;
};
struct Collective {
  ncclComm_t comm;
  Word word;
  CUstream_st* stream;
};
struct Group {
  int depth = 0;
  std::vector<Message> messages;
  std::vector<Collective> collectives;
};

// Puts all of it into its streams, messages once their hosts have met.
ncclResult_t start(const Group& group);

}  // namespace orrery::pretend
