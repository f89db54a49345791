#include "models/layout/context_split.h"

#include <cstdio>

namespace orrery::models {

ContextSplit context_split(const LayoutSpec& layout) {
  ContextSplit split;
  const std::string& method = layout.cp_method;
  if (method == "ulysses") {
    split.ulysses = layout.cp;
  } else if (std::sscanf(method.c_str(), "ulysses:%d,ring:%d", &split.ulysses, &split.ring) != 2) {
    split.ring = layout.cp;
    split.kind = method == "ring"         ? ContextSplit::Ring::plain
                 : method == "all_gather" ? ContextSplit::Ring::gather
                                          : ContextSplit::Ring::zigzag;
  }
  return split;
}

}  // namespace orrery::models
