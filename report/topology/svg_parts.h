#pragma once

#include <string>

#include "report/topology/canvas.h"
#include "report/topology/view.h"

namespace orrery::report {

std::string colour_of(topology::LinkKind kind);
std::string gbytes(double bytes);  // "46 GB/s"

// Below what is drawn already: the inside of the first node, its GPUs between
// NVLink above and PCIe below (svg_node.cpp).
void draw_node(const TopologyView& view, Canvas& canvas);

// A torus, slices of its third dimension side by side (svg_torus.cpp).
void draw_torus(const TopologyView& view, Canvas& canvas);

}  // namespace orrery::report
