#include "models/compile/known/piece_forms.h"

#include <algorithm>

namespace orrery::models {
namespace {

// A step that is no kernel may take time too, but for other reasons.
bool alike_steps(const TemplateOp& a, const TemplateOp& b) {
  return a.kind == b.kind && a.side == b.side && a.launches == b.launches && a.waits_for == b.waits_for &&
         a.category == b.category && a.kernel_class == b.kernel_class && a.kernel == b.kernel &&
         (a.has_kernel() || a.cost == b.cost) && a.transfer.kind == b.transfer.kind &&
         a.transfer.role == b.transfer.role && a.transfer.tag == b.transfer.tag;
}

bool alike_lists(const SharedList<TemplateOp>& a, const SharedList<TemplateOp>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), alike_steps);
}

bool equal_parameters(const PieceTemplate& a, const PieceTemplate& b) {
  return a.parameters == b.parameters && a.table_parameters == b.table_parameters &&
         a.expert_parameters == b.expert_parameters && a.replicated_parameters == b.replicated_parameters;
}

bool alike_work(const PieceTemplate& a, const PieceTemplate& b) {
  return alike_lists(a.forward, b.forward) && alike_lists(a.input_gradient, b.input_gradient) &&
         alike_lists(a.weight_gradient, b.weight_gradient) && alike_lists(a.backward, b.backward);
}

// Of pieces that work like the one before in both, that one has been looked at.
bool alike_chunks(const std::vector<PieceTemplate>& some, const std::vector<PieceTemplate>& others) {
  if (some.size() != others.size()) return false;
  for (std::size_t i = 0; i < some.size(); ++i) {
    const PieceTemplate &a = some[i], &b = others[i];
    if (a.kind != b.kind || a.layer != b.layer || a.degree != b.degree) return false;
    const auto repeats = [i](const std::vector<PieceTemplate>& pieces) {
      return i > 0 && !pieces[i].forward.empty() && pieces[i].forward.data() == pieces[i - 1].forward.data();
    };
    if (repeats(some) != repeats(others)) return false;
    if (!repeats(some) && !alike_work(a, b)) return false;
  }
  return true;
}

}  // namespace

bool alike(const Chunks& some, const Chunks& others) {
  return std::equal(some.begin(), some.end(), others.begin(), others.end(), alike_chunks);
}

bool same_parameters(const Chunks& some, const Chunks& others) {
  return std::equal(some.begin(), some.end(), others.begin(), [](const auto& pieces, const auto& other_pieces) {
    return std::equal(pieces.begin(), pieces.end(), other_pieces.begin(), equal_parameters);
  });
}

}  // namespace orrery::models
