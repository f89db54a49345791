// NCCL over processes of this machine, as strict as its documentation: communicators do not block and are not to be
// used while they are in progress, the first message to a peer needs both hosts, ops of a communicator come in one
// order, all ranks mean the same by them, and buffers are memory of the GPU. A breach is an error here, where NCCL may
// hang or do anything.
#include <cstring>

#include "communicator.h"

using namespace orrery::pretend;

namespace {

thread_local Group group;

ncclResult_t end_group() {
  const Locked lock(Machine::get().lock);
  Group ended;
  std::swap(ended, group);
  return start(ended);
}

std::int64_t bytes_of(std::size_t count, ncclDataType_t type) {
  const std::int64_t each = type == ncclInt8 || type == ncclUint8         ? 1
                            : type == ncclFloat16 || type == ncclBfloat16 ? 2
                                                                          : 4;
  return static_cast<std::int64_t>(count) * each;
}

bool on_gpu(const void* at, std::int64_t bytes) {
  return Machine::get().holds(at, static_cast<std::uint64_t>(bytes));
}

// What all ranks of a communicator have to go through together: over when all have come.
std::function<bool()> all_come(ncclComm_t comm, std::uint64_t meeting, const Word& word,
                               std::function<void(const std::vector<Word>&)> then) {
  comm->meetings->say(meeting, comm->ranks, comm->rank, word);
  return [comm, meeting, then = std::move(then)] {
    const auto words = comm->meetings->hear(meeting);
    if (words && then) then(*words);
    return words.has_value();
  };
}

ncclResult_t usable(ncclComm_t comm) {
  if (comm->state == ncclInProgress) return comm->fail(ncclInvalidArgument, "used while it is in progress");
  return comm->state;
}

ncclResult_t collective(ncclComm_t comm, Kind kind, const void* read, std::int64_t read_bytes, const void* written,
                        std::int64_t written_bytes, std::int64_t whole, int root, cudaStream_t stream) {
  const Locked lock(Machine::get().lock);
  if (const ncclResult_t state = usable(comm); state != ncclSuccess) return state;
  if (!on_gpu(read, read_bytes) || !on_gpu(written, written_bytes))
    return comm->fail(ncclInvalidArgument, "a buffer that is not the GPU's");
  Word word;
  word.kind = kind;
  word.bytes = whole;
  word.root = root;
  group.collectives.push_back({comm, word, Machine::get().of(stream)});
  return group.depth == 0 ? end_group() : ncclSuccess;
}

ncclResult_t message(ncclComm_t comm, const void* at, std::int64_t bytes, int peer, bool sends, cudaStream_t stream) {
  const Locked lock(Machine::get().lock);
  if (const ncclResult_t state = usable(comm); state != ncclSuccess) return state;
  if (peer < 0 || peer >= comm->ranks) return comm->fail(ncclInvalidArgument, "no such peer");
  if (!on_gpu(at, bytes)) return comm->fail(ncclInvalidArgument, "a buffer that is not the GPU's");
  group.messages.push_back({comm, peer, sends, bytes, Machine::get().of(stream)});
  return group.depth == 0 ? end_group() : ncclSuccess;
}

}  // namespace

extern "C" {

ncclResult_t ncclGetVersion(int* version) {
  return *version = NCCL_VERSION_CODE, ncclSuccess;
}
const char* ncclGetErrorString(ncclResult_t result) {
  return result == ncclInvalidUsage      ? "invalid usage"
         : result == ncclInvalidArgument ? "invalid argument"
         : result == ncclInProgress      ? "NCCL operation in progress"
                                         : "a pretended error";
}
const char* ncclGetLastError(ncclComm_t comm) {
  return comm == nullptr ? "" : comm->error.c_str();
}

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  *id = {};
  std::strncpy(id->internal, Meetings::found().c_str(), sizeof id->internal - 1);
  return ncclSuccess;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t* made, int ranks, ncclUniqueId id, int rank, ncclConfig_t* config) {
  const Locked lock(Machine::get().lock);
  if (config == nullptr || config->magic != 0xcafebeef || config->blocking != 0) return ncclInvalidArgument;
  const ncclComm_t comm = *made = new ncclComm;
  comm->meetings = std::make_shared<Meetings>(id.internal);
  comm->name = name_of({kJoin});
  comm->rank = rank;
  comm->ranks = ranks;
  const auto all_here = [comm](const std::vector<Word>&) {
    if (comm->rank == 0) comm->meetings->hide();
  };
  return comm->begin(all_come(comm, name_of({comm->name, kJoin}), {}, all_here));
}

ncclResult_t ncclCommSplit(ncclComm_t parent, int color, int key, ncclComm_t* made, ncclConfig_t* config) {
  const Locked lock(Machine::get().lock);
  if (const ncclResult_t state = usable(parent); state != ncclSuccess) return state;
  if (config == nullptr || config->blocking != 0 || (color < 0 && color != NCCL_SPLIT_NOCOLOR))
    return parent->fail(ncclInvalidArgument, "a split that is no such");
  const std::uint64_t which = parent->splits++;
  const bool takes_part = color != NCCL_SPLIT_NOCOLOR;
  const ncclComm_t comm = takes_part ? new ncclComm : nullptr;
  *made = comm;
  if (takes_part) {
    comm->meetings = parent->meetings;
    comm->name = name_of({parent->name, kSplit, which, static_cast<std::uint64_t>(color)});
    comm->state = ncclInProgress;
  }
  Word word;
  word.kind = color;
  word.root = key;
  const auto divide = [parent, comm, color, key](const std::vector<Word>& words) {
    if (comm == nullptr) return;
    for (std::size_t r = 0; r < words.size(); ++r) {
      if (words[r].kind != color) continue;
      ++comm->ranks;
      const bool before = words[r].root < key || (words[r].root == key && static_cast<int>(r) < parent->rank);
      comm->rank += before ? 1 : 0;
    }
    comm->state = ncclSuccess;
  };
  return parent->begin(all_come(parent, name_of({parent->name, kSplit, which}), word, divide));
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* state) {
  const Locked lock(Machine::get().lock);
  Machine::get().advance();
  comm->go_on();
  return *state = comm->state, ncclSuccess;
}

ncclResult_t ncclCommFinalize(ncclComm_t comm) {
  const Locked lock(Machine::get().lock);
  if (const ncclResult_t state = usable(comm); state != ncclSuccess) return state;
  return comm->begin(all_come(comm, name_of({comm->name, kLeave}), {}, {}));
}
ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  const Locked lock(Machine::get().lock);
  return delete comm, ncclSuccess;
}
// Its kernels end at once. They are in streams still, so it stays.
ncclResult_t ncclCommAbort(ncclComm_t comm) {
  const Locked lock(Machine::get().lock);
  comm->aborted = true;
  return comm->fail(ncclSystemError, "aborted"), ncclSuccess;
}

ncclResult_t ncclGroupStart() {
  return ++group.depth, ncclSuccess;
}
ncclResult_t ncclGroupEnd() {
  if (--group.depth > 0) return ncclSuccess;
  return end_group();
}

ncclResult_t ncclAllReduce(const void* read, void* written, std::size_t count, ncclDataType_t type, ncclRedOp_t,
                           ncclComm_t comm, cudaStream_t stream) {
  const std::int64_t bytes = bytes_of(count, type);
  return collective(comm, kAllReduce, read, bytes, written, bytes, bytes, 0, stream);
}
ncclResult_t ncclAllGather(const void* read, void* written, std::size_t count, ncclDataType_t type, ncclComm_t comm,
                           cudaStream_t stream) {
  const std::int64_t bytes = bytes_of(count, type), all = bytes * comm->ranks;
  return collective(comm, kAllGather, read, bytes, written, all, all, 0, stream);
}
ncclResult_t ncclReduceScatter(const void* read, void* written, std::size_t count, ncclDataType_t type, ncclRedOp_t,
                               ncclComm_t comm, cudaStream_t stream) {
  const std::int64_t bytes = bytes_of(count, type), all = bytes * comm->ranks;
  return collective(comm, kReduceScatter, read, all, written, bytes, all, 0, stream);
}
ncclResult_t ncclBroadcast(const void* read, void* written, std::size_t count, ncclDataType_t type, int root,
                           ncclComm_t comm, cudaStream_t stream) {
  const std::int64_t bytes = bytes_of(count, type);
  return collective(comm, kBroadcast, read, bytes, written, bytes, bytes, root, stream);
}
ncclResult_t ncclReduce(const void* read, void* written, std::size_t count, ncclDataType_t type, ncclRedOp_t, int root,
                        ncclComm_t comm, cudaStream_t stream) {
  const std::int64_t bytes = bytes_of(count, type);
  return collective(comm, kReduce, read, bytes, written, bytes, bytes, root, stream);
}

ncclResult_t ncclSend(const void* at, std::size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream) {
  return message(comm, at, bytes_of(count, type), peer, true, stream);
}
ncclResult_t ncclRecv(void* at, std::size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream) {
  return message(comm, at, bytes_of(count, type), peer, false, stream);
}

}  // extern "C"
