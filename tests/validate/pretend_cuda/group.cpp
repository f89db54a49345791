// What is in a group becomes ops of streams. Ranks meet in them as NCCL's kernels do, one after the other in the order
// of their communicator.
#include <algorithm>

#include "communicator.h"

namespace orrery::pretend {
namespace {

constexpr double kLatency = 8000, kBytesPerNs = 200;  // of a rank's links, each way

double share_of_buffer(std::int64_t kind, int ranks) {
  const double others = static_cast<double>(ranks - 1) / ranks;
  return kind == kAllReduce ? 2 * others : kind == kBroadcast || kind == kReduce ? 1 : others;
}

Ns latest(const std::vector<Word>& words) {
  Ns ready = 0;
  for (const Word& word : words) ready = std::max(ready, word.ready);
  return ready;
}

// As an op of its stream: it comes to the meeting when its stream has come to it.
Item item_of(const Collective& collective) {
  const ncclComm_t comm = collective.comm;
  const std::uint64_t meeting = name_of({comm->name, kCollective, comm->collectives++});
  return [comm, meeting, word = collective.word, came = false](Ns ready) mutable -> std::optional<Ns> {
    word.ready = ready;
    if (comm->aborted) return ready;
    if (!came) comm->meetings->say(meeting, comm->ranks, comm->rank, word);
    came = true;
    const auto words = comm->meetings->hear(meeting);
    if (!words) return std::nullopt;
    for (const Word& other : *words)
      if (other.kind != word.kind || other.bytes != word.bytes || other.root != word.root)
        comm->fail(ncclInvalidUsage, "ranks are in different collectives");
    const double bytes = static_cast<double>(word.bytes) * share_of_buffer(word.kind, comm->ranks);
    return latest(*words) + static_cast<Ns>(kLatency * (1 + 0.1 * comm->ranks) + bytes / kBytesPerNs);
  };
}

// All messages of a group in a stream: one kernel, which is over when the last is.
Item item_of(const std::vector<Message>& messages) {
  struct Meeting {
    ncclComm_t comm;
    std::uint64_t name;
    int place;
    std::int64_t bytes;
    std::optional<Ns> over;
  };
  Word word;
  std::vector<Meeting> meetings;
  for (const Message& m : messages) {
    (m.sends ? word.sent : word.received) += m.bytes;
    const auto from = static_cast<std::uint64_t>(m.sends ? m.comm->rank : m.peer),
               to = static_cast<std::uint64_t>(m.sends ? m.peer : m.comm->rank);
    const std::uint64_t count = m.sends ? m.comm->sent[m.peer]++ : m.comm->received[m.peer]++;
    meetings.push_back({m.comm, name_of({m.comm->name, kMessage, from, to, count}), m.sends ? 0 : 1, m.bytes, {}});
  }
  return [word, meetings, came = false](Ns ready) mutable -> std::optional<Ns> {
    word.ready = ready;
    Ns over = ready;
    bool all = true;
    for (Meeting& meeting : meetings) {
      word.bytes = meeting.bytes;
      if (!came) meeting.comm->meetings->say(meeting.name, 2, meeting.place, word);
    }
    came = true;
    for (Meeting& meeting : meetings) {
      if (meeting.comm->aborted) meeting.over = ready;
      if (!meeting.over) {
        const auto words = meeting.comm->meetings->hear(meeting.name);
        if (!words) {
          all = false;
          continue;
        }
        const Word &sender = (*words)[0], &receiver = (*words)[1];
        if (sender.bytes != receiver.bytes)
          meeting.comm->fail(ncclInvalidUsage, "a send of another size than its receive");
        const auto most = static_cast<double>(std::max(sender.sent, receiver.received));
        meeting.over = latest(*words) + static_cast<Ns>(kLatency + most / kBytesPerNs);
      }
      over = std::max(over, *meeting.over);
    }
    return all ? std::optional(over) : std::nullopt;
  };
}

// Messages of each stream become its op once all connections stand.
void start_messages(std::vector<Message> messages) {
  std::map<CUstream_st*, std::vector<Message>> by_stream;
  for (const Message& m : messages) by_stream[m.stream].push_back(m);
  for (const auto& [stream, of] : by_stream) Machine::get().enqueue_made(stream, [of = of] { return item_of(of); });
}

// The handshake of two hosts before their first message on a communicator.
struct Handshake {
  ncclComm_t comm;
  int peer;
  std::uint64_t meeting;
};

std::vector<Handshake> handshakes_for(const std::vector<Message>& messages) {
  std::vector<Handshake> needed;
  for (const Message& m : messages) {
    if (m.peer == m.comm->rank || !m.comm->connected.insert(m.peer).second) continue;
    const auto low = static_cast<std::uint64_t>(std::min(m.peer, m.comm->rank)),
               high = static_cast<std::uint64_t>(std::max(m.peer, m.comm->rank));
    needed.push_back({m.comm, m.peer, name_of({m.comm->name, kConnect, low, high})});
    m.comm->meetings->say(needed.back().meeting, 2, m.comm->rank < m.peer ? 0 : 1, {});
  }
  return needed;
}

void launch(const std::vector<Message>& messages) {
  auto left = std::make_shared<std::vector<Handshake>>(handshakes_for(messages));
  auto started = std::make_shared<bool>(false);
  const auto done = [left, started, messages] {
    std::erase_if(*left, [](const Handshake& h) { return h.comm->meetings->hear(h.meeting).has_value(); });
    if (left->empty() && !*started) {
      *started = true;
      start_messages(messages);
    }
    return left->empty();
  };
  std::set<ncclComm_t> comms;
  for (const Message& m : messages) comms.insert(m.comm);
  for (const ncclComm_t comm : comms) comm->begin(done);
}

}  // namespace

ncclResult_t start(const Group& group) {
  if (Machine::get().launch() != cudaSuccess) return ncclUnhandledCudaError;
  for (const Collective& c : group.collectives) Machine::get().enqueue_made(c.stream, [c] { return item_of(c); });
  if (!group.messages.empty()) launch(group.messages);
  for (const Message& m : group.messages)
    if (m.comm->state == ncclInProgress) return ncclInProgress;
  return ncclSuccess;
}

}  // namespace orrery::pretend
