#include "models/compile/stage/pass_counts.h"

namespace orrery::models {

Counts Counts::of(std::span<const TemplateOp> list) {
  Counts counts;
  counts.steps = list.size();
  for (const TemplateOp& op : list) {
    counts.launches.back() += op.launches;
    if (op.kind == LayerStep::Kind::host_sync) counts.launches.push_back(0);
  }
  return counts;
}

void Counts::add(const Counts& next) {
  steps += next.steps;
  launches.back() += next.launches.front();
  launches.insert(launches.end(), next.launches.begin() + 1, next.launches.end());
}

const Counts& PassCounts::of(const Action& pass) {
  for (const Known& known : known_)
    if (known.stage == pass.stage && known.type == pass.type) return known.counts;
  Counts& all = known_.emplace_back(Known{pass.stage, pass.type, {}}).counts;
  Counts of_piece;
  const TemplateOp* counted = nullptr;  // layers that work alike share a list
  for (const PieceTemplate& piece : chunks_[static_cast<std::size_t>(context_.chunk_of(pass))]) {
    const std::span<const TemplateOp> list = steps_of(piece, pass.type);
    if (list.data() != counted) of_piece = Counts::of(list);
    counted = list.data();
    all.add(of_piece);
  }
  return all;
}

Counts PassCounts::of_action(const Action& action) {
  Counts all;
  for (const Action& pass : passes(action)) all.add(of(pass));
  return all;
}

}  // namespace orrery::models
