#include "topology/read/nccl/xml.h"

#include <pugixml.hpp>

#include "sim/base/text.h"

namespace orrery::topology {
namespace {

// Turns pugixml's nodes into ours. The parser worked in place, so a name's address
// is its place in the text.
class Converter {
 public:
  Converter(const std::string& buffer, const TextPlaces& places, const XmlLimits& limits)
      : buffer_(buffer), places_(places), limits_(limits) {}

  XmlElement convert(const pugi::xml_node& node, int depth) {
    XmlElement element;
    element.name = node.name();
    element.where = place(node.name());
    element.attributes.kind = Node::Kind::map;
    element.attributes.where = element.where;
    if (++elements_ > limits_.max_elements)
      return stop(element, "more than " + std::to_string(limits_.max_elements) + " elements");
    if (depth > limits_.max_depth)
      return stop(element, "elements lie more than " + std::to_string(limits_.max_depth) + " deep");
    read_attributes(node, element);
    for (const pugi::xml_node& child : node.children()) {
      if (stopped_) break;
      if (child.type() == pugi::node_element)
        element.children.push_back(convert(child, depth + 1));
      else if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
        errors_.push_back(
            {element.where, "text inside <" + element.name.substr(0, 80) + ">, which holds only elements"});
    }
    return element;
  }

  Errors& errors() { return errors_; }

 private:
  Where place(const char* name) const { return places_.at(static_cast<std::size_t>(name - buffer_.data())); }

  XmlElement stop(XmlElement& element, std::string what) {
    errors_.push_back({element.where, std::move(what)});
    stopped_ = true;
    return std::move(element);
  }

  void read_attributes(const pugi::xml_node& node, XmlElement& element) {
    for (const pugi::xml_attribute& attribute : node.attributes()) {
      Node::Entry entry;
      entry.key = attribute.name();
      entry.key_where = place(attribute.name());
      entry.value.kind = Node::Kind::scalar;
      entry.value.text = attribute.value();
      entry.value.where = entry.key_where;
      if (element.attribute(entry.key))
        errors_.push_back({entry.key_where, "attribute '" + entry.key.substr(0, 80) + "' is given twice"});
      else if (element.attributes.entries.size() < limits_.max_attributes)
        element.attributes.entries.push_back(std::move(entry));
      else
        return errors_.push_back(
            {entry.key_where, "an element with more than " + std::to_string(limits_.max_attributes) + " attributes"});
    }
  }

  const std::string& buffer_;
  const TextPlaces& places_;
  const XmlLimits& limits_;
  Errors errors_;
  std::size_t elements_ = 0;
  bool stopped_ = false;
};

// The root, or what stands beside it that must not.
Result<pugi::xml_node> root_of(const pugi::xml_document& document, const TextPlaces& places) {
  pugi::xml_node root;
  for (const pugi::xml_node& node : document.children()) {
    if (node.type() == pugi::node_doctype) return Error{places.whole(), "has a DOCTYPE, which is not read: remove it"};
    if (node.type() != pugi::node_element) continue;
    if (root)
      return Error{places.at(static_cast<std::size_t>(node.offset_debug())),
                   "a second root element <" + std::string(node.name()).substr(0, 80) + ">"};
    root = node;
  }
  if (!root) return Error{places.whole(), "holds no XML element"};
  return root;
}

}  // namespace

Result<XmlElement> parse_xml(std::string_view text, const std::string& file, const XmlLimits& limits) {
  if (text.size() > limits.max_bytes) return too_large(file, limits.max_bytes);
  if (const std::optional<Error> fault = check_encoding(text, file)) return *fault;
  const TextPlaces places(text, file);
  std::string buffer(text);
  pugi::xml_document document;
  const unsigned options = pugi::parse_default | pugi::parse_doctype;
  const pugi::xml_parse_result parsed =
      document.load_buffer_inplace(buffer.data(), buffer.size(), options, pugi::encoding_utf8);
  if (!parsed) {
    const auto offset = std::min(static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, parsed.offset)), text.size());
    return Error{places.at(offset), std::string("not XML: ") + parsed.description()};
  }
  const Result<pugi::xml_node> root = root_of(document, places);
  if (!root) return root.errors();
  Converter converter(buffer, places, limits);
  XmlElement element = converter.convert(*root, 1);
  if (!converter.errors().empty()) return std::move(converter.errors());
  return element;
}

}  // namespace orrery::topology
