#include "models/compile/pipeline/pipeline_transfers.h"

#include <algorithm>

#include "models/compile/roles.h"

namespace orrery::models {
namespace {

bool is_forward(const Action& a) {
  return a.type == Action::Type::forward;
}

}  // namespace

PipelineTransfers::PipelineTransfers(StageContext& context) : context_(context), messages_(context.scenario) {
  received_.resize(context.actions().size());
  inputs_.reserve(context.actions().size());
  for (std::size_t i = 0; i < context.actions().size(); ++i) inputs_.push_back(find_inputs(i));
  find_gates();
  find_slots();
}

PipelineTransfers::Edges PipelineTransfers::find_inputs(std::size_t i) const {
  const Schedule& schedule = context_.schedule;
  Edges edges;
  for (const Action& pass : passes(context_.actions()[i])) {
    const bool forward = is_forward(pass);
    if (!forward && !makes_input_gradient(pass.type)) continue;
    if (forward && pass.stage == 0) continue;
    const int step = schedule.step_after(forward ? pass.stage - 1 : pass.stage, pass.micro_batch);
    const int from = forward ? pass.stage - 1 : pass.stage + 1;
    if (step != 0)
      edges.add({i, forward, forward == (step > 0), forward ? from : pass.stage, false, turn_of(pass, from)});
  }
  return edges;
}

// Which of the replicas of a neighbouring stage a pass of this rank hands to, or takes from.
int PipelineTransfers::turn_of(const Action& pass, int other_stage) const {
  const LayoutSpec& layout = context_.scenario.layout;
  if (layout.stage_replicas.empty()) return 0;
  return context_.turn_of(pass.micro_batch) % neighbours_in_turn(layout, pass.stage, other_stage);
}

PipelineTransfers::Edges PipelineTransfers::outputs_of(const Action& action, std::size_t i) const {
  const Schedule& schedule = context_.schedule;
  Edges edges;
  for (const Action& pass : passes(action)) {
    const bool forward = is_forward(pass);
    if (!forward && (pass.stage == 0 || !makes_input_gradient(pass.type))) continue;
    const int step = schedule.step_after(forward ? pass.stage : pass.stage - 1, pass.micro_batch);
    if (step == 0) continue;
    const int to = pass.stage + (forward ? 1 : -1);
    edges.add({i, forward, forward == (step > 0), forward ? pass.stage : to, false, turn_of(pass, to)});
  }
  return edges;
}

// The stage's replicas and its neighbour's have different micro-batches, each in their order. So what comes from
// several of them in the order in which it is needed comes from each in the order in which that sends it: first
// what is sent and needed in the same step of the stream, then what is sent in this one and needed in the next.
std::vector<PipelineTransfers::Edge> PipelineTransfers::sent_by_replicas(bool to_next) const {
  const Schedule& schedule = context_.schedule;
  std::vector<Edge> now, next;
  for (std::size_t i = 0; i < context_.actions().size(); ++i) {
    const Action& action = context_.actions()[i];
    for (Edge edge : inputs_of(i)) {
      if (edge.to_next != to_next) continue;
      const int there = action.stage + (to_next ? -1 : 1);
      const int replica = action.micro_batch % schedule.replicas_of(there);
      const auto& order = schedule.order[schedule.list_of(there) + static_cast<std::size_t>(replica)];
      const auto sent = std::find_if(order.begin(), order.end(), [&](const Action& a) {
        return a.type == action.type && a.micro_batch == action.micro_batch;
      });
      edge.next_step = sent != order.end() && action.steps_ago > sent->steps_ago;
      (edge.next_step ? next : now).push_back(edge);
    }
  }
  now.insert(now.end(), next.begin(), next.end());
  return now;
}

// This rank's inputs in the order in which the neighbour sends them.
std::vector<PipelineTransfers::Edge> PipelineTransfers::sent_by_neighbour(bool to_next) const {
  const Schedule& schedule = context_.schedule;
  if (!schedule.request.replicas.empty()) return sent_by_replicas(to_next);
  const int p = schedule.request.ranks;
  const int neighbour = (context_.stage + (to_next ? p - 1 : 1)) % p;

  // The action of this rank that needs the activation or gradient of a stage and micro-batch.
  constexpr std::size_t kNobody = SIZE_MAX;
  const auto micro_batches = static_cast<std::size_t>(schedule.request.micro_batches);
  std::vector<std::size_t> consumer(2 * static_cast<std::size_t>(context_.stages()) * micro_batches, kNobody);
  const auto place = [&](bool forward, int stage, int micro_batch) {
    return 2 * (static_cast<std::size_t>(stage) * micro_batches + static_cast<std::size_t>(micro_batch)) +
           (forward ? 0 : 1);
  };
  for (std::size_t i = 0; i < context_.actions().size(); ++i)
    for (const Action& pass : passes(context_.actions()[i]))
      if (is_forward(pass) || makes_input_gradient(pass.type))
        consumer[place(is_forward(pass), pass.stage, pass.micro_batch)] = i;

  std::vector<Edge> edges;
  for (const Action& a : schedule.order[static_cast<std::size_t>(neighbour)])
    for (const Action& pass : passes(a))
      for (const Edge& edge : outputs_of(pass, 0)) {
        if (edge.to_next != to_next) continue;
        const int stage = pass.stage + (edge.forward ? 1 : -1);
        const std::size_t found = consumer[place(edge.forward, stage, pass.micro_batch)];
        if (found == kNobody) continue;
        const bool next_step = context_.actions()[found].steps_ago > pass.steps_ago;
        edges.push_back({found, edge.forward, to_next, edge.handed_by, next_step, 0});
      }
  return edges;
}

// A receive is posted when the action before its consumer begins; never later
// than one behind it in the stream needs, so that order alone cannot deadlock.
// Where the main stream itself transfers it posts them in its order; what it then has to know is what comes from the
// step before, in streams without an end.
void PipelineTransfers::find_gates() {
  if (context_.schedule.request.ranks < 2 || (waiting() && flushes(context_.schedule))) return;
  for (const bool to_next : {true, false}) {
    Arrivals& incoming = incoming_[to_next ? 0 : 1];
    incoming.edges = sent_by_neighbour(to_next);
    const std::vector<Edge>& order = incoming.edges;
    std::vector<std::size_t> gate(order.size());  // the action whose turn posts the receive
    const std::size_t actions = context_.actions().size();
    std::size_t earliest = actions;
    for (std::size_t k = order.size(); k-- > 0;) {
      if (order[k].next_step) {
        // Sent last, needed first: it is the k-th and last op of its stream in the step before.
        received(order[k]) = {receive_stream(to_next), static_cast<sim::OpIndex>(k), true};
        gate[k] = actions - 1;
        continue;
      }
      earliest = std::min(earliest, order[k].action);
      gate[k] = earliest > 0 ? earliest - 1 : 0;
    }
    for (std::size_t i = 0, posted = 0; i <= actions; ++i) {
      incoming.first.push_back(posted);
      while (posted < order.size() && gate[posted] <= i) ++posted;
    }
  }
}

// Sends and receives of two ranks meet in order within a tag: with two ranks, the
// next one is the one before.
sim::Transfer PipelineTransfers::transfer(const Edge& edge, bool send) const {
  const sim::PeerRole peer = edge.to_next == send ? role::next_in_turn(edge.turn) : role::previous_in_turn(edge.turn);
  const int tag = edge.to_next ? (edge.forward ? 0 : 3) : (edge.forward ? 2 : 1);
  return {sim::TransferKind::point_to_point, peer, static_cast<std::uint16_t>(tag),
          messages_.bytes[static_cast<std::size_t>(edge.handed_by)]};
}

sim::OpRef PipelineTransfers::receive(sim::StreamIndex stream, const Edge& edge, bool more) {
  const sim::OpRef here =
      context_.builder.receive(stream, transfer(edge, false), context_.category(TimeCategory::pp),
                               context_.builder.label(edge.forward ? "receive activation" : "receive gradient"), more);
  if (!edge.next_step) received(edge) = here;
  return here;
}

void PipelineTransfers::send(sim::StreamIndex stream, const Edge& edge, bool more) {
  context_.builder.send(stream, transfer(edge, true), context_.category(TimeCategory::pp),
                        context_.builder.label(edge.forward ? "send activation" : "send gradient"), more);
}

void PipelineTransfers::post_receives(std::size_t i) {
  for (const bool to_next : {true, false}) {
    const sim::StreamIndex stream = receive_stream(to_next);
    for (const Edge& edge : incoming_[to_next ? 0 : 1].at(i)) {
      context_.builder.wait(stream, context_.builder.last(context_.streams.main));
      receive(stream, edge);
    }
  }
}

sim::OpRef PipelineTransfers::before(std::size_t i) {
  if (!waiting())
    post_receives(i);
  else if (i == 0)
    exchange(0);
  sim::OpRef last;
  for (const Edge& edge : inputs_of(i)) {
    last = received(edge);
    if (!waiting()) context_.builder.wait(context_.streams.main, last);
    gather(edge);
  }
  return last;
}

void PipelineTransfers::gather(const Edge& edge) {
  const int degree = messages_.degrees[static_cast<std::size_t>(edge.handed_by)];
  if (!gathers_input(context_.scenario, degree)) return;
  const sim::Transfer whole{sim::TransferKind::all_gather, context_.roles.tp(degree), 0,
                            whole_message(context_.scenario, degree)};
  context_.builder.collective(context_.streams.main, whole, context_.category(TimeCategory::pp),
                              context_.builder.label("gather stage input"));
}

void PipelineTransfers::after(std::size_t i) {
  if (waiting()) {
    if (exchanges_behind(i)) exchange(slot_of_[i] + 1);
    return;
  }
  for (const Edge& edge : outputs_of(i)) {
    const sim::StreamIndex stream = edge.to_next ? context_.streams.send_forward : context_.streams.send_backward;
    context_.builder.wait(stream, context_.builder.last(context_.streams.main));
    send(stream, edge);
  }
}

bool PipelineTransfers::Arrivals::alike(std::size_t a, std::size_t b, std::size_t actions) const {
  const std::span<const Edge> ones = at(a), others = at(b);
  return std::equal(ones.begin(), ones.end(), others.begin(), others.end(), [&](const Edge& one, const Edge& other) {
    return one.action + actions == other.action && one.forward == other.forward && one.to_next == other.to_next &&
           one.handed_by == other.handed_by;
  });
}

// What an action takes and hands over hangs on its stage, if all micro-batches go one way.
bool PipelineTransfers::alike(std::size_t i, std::size_t j) const {
  const Schedule& schedule = context_.schedule;
  if (schedule.placement == Placement::bidirectional || !schedule.request.replicas.empty()) return false;
  const std::size_t apart = j - i;
  if (!waiting()) return incoming_[0].alike(i, j, apart) && incoming_[1].alike(i, j, apart);
  const SlotTimes::Slot &one = slots_[slot_of_[i]], &other = slots_[slot_of_[j]];
  if (one.first + apart != other.first || one.end + apart != other.end) return false;
  return !exchanges_behind(i) || arrivals_.alike(slot_of_[i] + 1, slot_of_[j] + 1, apart);
}

void PipelineTransfers::again(std::size_t i, std::size_t period, const sim::ProgramBuilder::Stride& stride) {
  const auto receive_again = [&](std::span<const Edge> edges) {
    for (const Edge& edge : edges) {
      const std::size_t kind = edge.forward ? 0 : 1;
      received_[edge.action][kind] = stride.next(received_[edge.action - period][kind]);
    }
  };
  if (waiting()) {
    if (exchanges_behind(i)) receive_again(arrivals_.at(slot_of_[i] + 1));
  } else {
    for (const Arrivals& incoming : incoming_) receive_again(incoming.at(i));
  }
}

Bytes PipelineTransfers::buffers() const {
  // Reference: two under plain 1F1B (one each way), four when they are posted ahead.
  return context_.schedule.request.ranks < 2 ? Bytes{}
                                             : messages_.largest() * (waiting() ? std::max(2, most_early()) : 4);
}

}  // namespace orrery::models
