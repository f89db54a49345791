#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/read/document.h"

namespace orrery::topology {

// An XML text as plain elements that remember where they stood, as Node does for
// YAML. Attributes are a mapping of scalars, so that Fields reads them.
struct XmlElement {
  std::string name;
  Node attributes;
  std::vector<XmlElement> children;
  Where where;

  const Node* attribute(std::string_view key) const { return attributes.find(key); }
};

// Limits on hostile input; a dump of the largest node is a tenth of them.
struct XmlLimits {
  std::size_t max_bytes = 4u << 20;
  int max_depth = 32;
  std::size_t max_elements = 20'000;
  std::size_t max_attributes = 64;  // of one element
};

// One root element. A document type is refused (no entity is ever expanded), so
// are repeated attributes and text between elements. `file` only appears in messages.
Result<XmlElement> parse_xml(std::string_view text, const std::string& file, const XmlLimits& limits = {});

}  // namespace orrery::topology
