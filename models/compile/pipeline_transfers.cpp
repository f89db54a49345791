#include "models/compile/pipeline_transfers.h"

#include <algorithm>

#include "models/compile/roles.h"

namespace orrery::models {
namespace {

constexpr std::uint16_t kForwardTag = 0;
constexpr std::uint16_t kBackwardTag = 1;

bool is_forward(const Action& a) {
  return a.type == Action::Type::forward;
}
bool makes_input_gradient(const Action& a) {
  return a.type == Action::Type::backward || a.type == Action::Type::input_gradient;
}

Bytes full_message(const Scenario& s) {
  const std::int64_t tokens = s.training.micro_batch * s.training.sequence_length / s.layout.cp;
  return Bytes{tokens * s.model.hidden * activation_bytes(s.training.precision)};
}

bool needs_gather(const Scenario& s) {
  return s.software.scatter_gather && !s.layout.sequence_parallel && s.layout.tp > 1;
}

}  // namespace

PipelineTransfers::PipelineTransfers(StageContext& context) : context_(context) {
  const Scenario& s = context.scenario;
  message_ = full_message(s);
  if (s.layout.sequence_parallel || needs_gather(s)) message_.n /= s.layout.tp;
  receives_.resize(context.actions().size());
  find_gates();
  find_slots();
}

PipelineTransfers::Edge PipelineTransfers::input_of(std::size_t i) const {
  const Action& a = context_.actions()[i];
  const Schedule& schedule = context_.schedule;
  if (is_forward(a)) return {a.stage > 0 && schedule.rank_of(a.stage - 1, a.micro_batch) != context_.stage, true, i};
  if (makes_input_gradient(a))
    return {a.stage + 1 < context_.stages() && schedule.rank_of(a.stage + 1, a.micro_batch) != context_.stage, false, i};
  return {};
}

PipelineTransfers::Edge PipelineTransfers::output_of(std::size_t i) const {
  const Action& a = context_.actions()[i];
  const Schedule& schedule = context_.schedule;
  if (is_forward(a))
    return {a.stage + 1 < context_.stages() && schedule.rank_of(a.stage + 1, a.micro_batch) != context_.stage, true, i};
  if (makes_input_gradient(a)) return {a.stage > 0 && schedule.rank_of(a.stage - 1, a.micro_batch) != context_.stage, false, i};
  return {};
}

// This rank's actions in the order in which the neighbour sends what they need.
std::vector<PipelineTransfers::Edge> PipelineTransfers::sent_by_neighbour(bool forward) const {
  const Schedule& schedule = context_.schedule;
  const int p = schedule.request.ranks;
  const int neighbour = (context_.stage + (forward ? p - 1 : 1)) % p;

  // The action of this rank that needs the input of a stage and micro-batch.
  constexpr std::size_t kNobody = SIZE_MAX;
  const auto micro_batches = static_cast<std::size_t>(schedule.request.micro_batches);
  std::vector<std::size_t> consumer(static_cast<std::size_t>(context_.stages()) * micro_batches, kNobody);
  const auto place = [&](int stage, int micro_batch) {
    return static_cast<std::size_t>(stage) * micro_batches + static_cast<std::size_t>(micro_batch);
  };
  for (std::size_t i = 0; i < context_.actions().size(); ++i) {
    const Edge edge = input_of(i);
    if (edge.exists && edge.forward == forward)
      consumer[place(context_.actions()[i].stage, context_.actions()[i].micro_batch)] = i;
  }
  std::vector<Edge> edges;
  for (const Action& a : schedule.order[static_cast<std::size_t>(neighbour)]) {
    if (forward ? !is_forward(a) : !makes_input_gradient(a)) continue;
    const int stage = a.stage + (forward ? 1 : -1);
    if (stage < 0 || stage >= context_.stages()) continue;
    const std::size_t found = consumer[place(stage, a.micro_batch)];
    if (found != kNobody) edges.push_back({true, forward, found});
  }
  return edges;
}

// A receive is posted when the action before its consumer begins; never later
// than one behind it in the stream needs, so that order alone cannot deadlock.
void PipelineTransfers::find_gates() {
  if (context_.schedule.request.ranks < 2) return;
  for (const bool forward : {true, false}) {
    std::vector<std::size_t>& order = forward ? forward_order_ : backward_order_;
    std::vector<std::size_t>& gate = forward ? forward_gate_ : backward_gate_;
    for (const Edge& edge : sent_by_neighbour(forward)) order.push_back(edge.action);
    gate.resize(order.size());
    std::size_t earliest = context_.actions().size();
    for (std::size_t k = order.size(); k-- > 0;) {
      earliest = std::min(earliest, order[k]);
      gate[k] = earliest > 0 ? earliest - 1 : 0;
    }
  }
}

// Where the main stream itself transfers: between single actions, and with
// virtual stages around the forward-backward pairs of the steady state.
void PipelineTransfers::find_slots() {
  const std::vector<Action>& actions = context_.actions();
  slot_of_.resize(actions.size());
  for (std::size_t i = 0; i < actions.size(); ++i) {
    const bool pair = context_.schedule.request.chunks > 1 && i > 0 && !is_forward(actions[i]) &&
                      is_forward(actions[i - 1]) && slots_.back().size() == 1;
    if (pair) {
      slots_.back().push_back(i);
    } else {
      slots_.push_back({i});
    }
    slot_of_[i] = slots_.size() - 1;
  }
}

sim::Transfer PipelineTransfers::transfer(bool forward, bool send) const {
  const sim::PeerRole peer = forward == send ? role::next_stage : role::previous_stage;
  return {sim::TransferKind::point_to_point, peer, forward ? kForwardTag : kBackwardTag, message_};
}

void PipelineTransfers::post_receives(std::size_t i) {
  for (const bool forward : {true, false}) {
    const auto& order = forward ? forward_order_ : backward_order_;
    const auto& gate = forward ? forward_gate_ : backward_gate_;
    std::size_t& posted = forward ? forward_posted_ : backward_posted_;
    const sim::StreamIndex stream = forward ? context_.streams.receive_forward : context_.streams.receive_backward;
    for (; posted < order.size() && gate[posted] <= i; ++posted) {
      context_.builder.wait(stream, context_.builder.last(context_.streams.main));
      Receive& receive = receives_[order[posted]];
      receive.op =
          context_.builder.receive(stream, transfer(forward, false), context_.category(TimeCategory::pp),
                                   context_.builder.label(forward ? "receive activation" : "receive gradient"));
      receive.posted = true;
    }
  }
}

sim::OpRef PipelineTransfers::before(std::size_t i) {
  if (waiting()) {
    if (i == 0 && input_of(0).exists) exchange(SIZE_MAX);
  } else {
    post_receives(i);
  }
  if (!input_of(i).exists) return sim::OpRef::none();
  if (!waiting()) context_.builder.wait(context_.streams.main, receives_[i].op);
  gather(i);
  return receives_[i].op;
}

void PipelineTransfers::gather(std::size_t) {
  if (!needs_gather(context_.scenario)) return;
  context_.collective(context_.streams.main, sim::TransferKind::all_gather, role::tp, full_message(context_.scenario),
                      TimeCategory::pp, "gather stage input");
}

void PipelineTransfers::after(std::size_t i) {
  if (waiting()) {
    if (slots_[slot_of_[i]].back() == i) exchange(slot_of_[i]);
    return;
  }
  const Edge edge = output_of(i);
  if (!edge.exists) return;
  const sim::StreamIndex stream = edge.forward ? context_.streams.send_forward : context_.streams.send_backward;
  context_.builder.wait(stream, context_.builder.last(context_.streams.main));
  context_.builder.send(stream, transfer(edge.forward, true), context_.category(TimeCategory::pp),
                        context_.builder.label(edge.forward ? "send activation" : "send gradient"));
}

// What stands between slot `slot` and the next: its outputs leave, the next
// one's inputs come. SIZE_MAX stands before the first slot.
void PipelineTransfers::exchange(std::size_t slot) {
  struct Item {
    Edge edge;
    bool send;
  };
  std::vector<Item> items;
  const bool first = slot == SIZE_MAX;
  const std::size_t next = first ? 0 : slot + 1;
  if (!first)
    for (std::size_t i : slots_[slot])
      if (output_of(i).exists) items.push_back({output_of(i), true});
  if (next < slots_.size())
    for (std::size_t i : slots_[next])
      if (input_of(i).exists) items.push_back({input_of(i), false});

  // Plain 1F1B fuses what goes to and comes from one neighbour; like follows like one by one.
  bool fused = true;
  if (context_.schedule.request.chunks == 1 && items.size() == 2)
    fused = items[0].edge.forward != items[1].edge.forward;

  sim::ProgramBuilder& builder = context_.builder;
  for (std::size_t k = 0; k < items.size(); ++k) {
    const bool more = fused && k + 1 < items.size();
    const auto [edge, send] = items[k];
    const sim::Transfer t = transfer(edge.forward, send);
    const sim::Category category = context_.category(TimeCategory::pp);
    if (send) {
      builder.send(context_.streams.main, t, category,
                   builder.label(edge.forward ? "send activation" : "send gradient"), more);
    } else {
      receives_[edge.action].op =
          builder.receive(context_.streams.main, t, category,
                          builder.label(edge.forward ? "receive activation" : "receive gradient"), more);
    }
  }
}

Bytes PipelineTransfers::buffers() const {
  // Reference: two under plain 1F1B (one each way), four when they are posted ahead.
  return context_.schedule.request.ranks < 2 ? Bytes{} : message_ * (waiting() ? 2 : 4);
}

}  // namespace orrery::models
