#include "models/layout/layout.h"

namespace orrery::models {
namespace {

int degree(const LayoutSpec& spec, Axis axis) {
  switch (axis) {
    case Axis::tp:
      return spec.tp;
    case Axis::cp:
      return spec.cp;
    case Axis::dp:
      return spec.dp;
    case Axis::pp:
      return spec.pp;
    case Axis::ep:
      return 1;  // placed in the expert grid, not here
  }
  return 1;
}

}  // namespace

Layout::Layout(const LayoutSpec& spec) : spec_(spec) {
  int stride = 1;
  for (Axis axis : spec.order) {
    if (axis == Axis::tp) tp_stride_ = stride;
    if (axis == Axis::cp) cp_stride_ = stride;
    if (axis == Axis::dp) dp_stride_ = stride;
    if (axis == Axis::pp) pp_stride_ = stride;
    stride *= degree(spec, axis);
  }
}

Coordinate Layout::coordinate(RankId rank) const {
  const int r = static_cast<int>(rank.value);
  return {r / tp_stride_ % spec_.tp, r / cp_stride_ % spec_.cp, r / dp_stride_ % spec_.dp, r / pp_stride_ % spec_.pp};
}

RankId Layout::rank(const Coordinate& at) const {
  return {
      static_cast<std::uint32_t>(at.tp * tp_stride_ + at.cp * cp_stride_ + at.dp * dp_stride_ + at.pp * pp_stride_)};
}

std::vector<int> layers_of_stages(int layers, int chunks) {
  if (chunks < 1 || layers < 0 || chunks > layers + 2) return {};
  if (layers % chunks == 0) return std::vector<int>(chunks, layers / chunks);

  // Embedding and head weigh as much as a layer; what is left over goes to the middle.
  std::vector<int> units(chunks, (layers + 2) / chunks);
  const int rest = (layers + 2) % chunks;
  const int first = (chunks - rest) / 2;
  for (int i = first; i < first + rest; ++i) ++units[i];
  --units.front();
  --units.back();
  return units;
}

}  // namespace orrery::models
