#include "sim/base/read/document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <optional>
#include <streambuf>
#include <unordered_map>

#include "sim/base/text.h"

namespace orrery {
namespace {

Error fault_of(const std::string& file, std::string what, Fault fault = Fault::input) {
  Error error;
  error.where.file = file;
  error.what = std::move(what);
  error.fault = fault;
  return error;
}

// A fault after which nothing further in the text can be trusted.
struct Stop {
  Error error;
};

// Builds the tree from yaml-cpp's events rather than from its nodes: events come
// in the order of the text, show every repeated key and every alias, and can be
// stopped as soon as a limit is passed.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, const DocumentLimits& limits) : file_(file), limits_(limits) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 1) throw Stop{{where(mark), "a second document begins here; one file holds one document"}};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { put(make(Node::Kind::null, mark), anchor); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(tag, mark);
    if (wants_key()) return begin_entry(value, mark);
    Node node = make(Node::Kind::scalar, mark);
    node.text = value;
    node.quoted = tag == "!";  // how yaml-cpp marks a scalar in quotes
    put(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (wants_key()) throw Stop{{where(mark), "an alias cannot be a key"}};
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Stop{{where(mark), "an alias to a node that contains it"}};
    count(found->second.size, mark);
    if (static_cast<int>(open_.size()) + found->second.depth > limits_.max_depth) too_deep(mark);
    if (!open_.empty()) open_.back().deepest = std::max(open_.back().deepest, found->second.depth + 1);
    put(found->second.node, YAML::NullAnchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

  Node take() { return std::move(root_); }
  const Errors& errors() const { return errors_; }

 private:
  struct OpenNode {
    Node node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    bool has_key = false;                         // a key has come, its value is due
    bool dropped = false;                         // that key is a repetition
    std::unordered_map<std::string, Where> seen;  // keys so far; looked up, never walked
    std::size_t nodes_before = 0;
    int deepest = 1;
  };
  struct Anchored {
    Node node;
    std::size_t size = 0;
    int depth = 0;
  };

  Where where(const YAML::Mark& mark) const {
    return mark.is_null() ? Where{file_} : Where{file_, mark.line + 1, mark.column + 1};
  }

  Node make(Node::Kind kind, const YAML::Mark& mark) {
    if (wants_key()) throw Stop{{where(mark), "a key must be plain text, not a list, a mapping or nothing"}};
    count(1, mark);
    Node node;
    node.kind = kind;
    node.where = where(mark);
    return node;
  }

  void count(std::size_t added, const YAML::Mark& mark) {
    nodes_ += added;
    if (nodes_ > limits_.max_nodes)
      throw Stop{{where(mark),
                  "more than " + std::to_string(limits_.max_nodes) + " values (aliases counted as often as used)"}};
  }

  [[noreturn]] void too_deep(const YAML::Mark& mark) const {
    throw Stop{{where(mark), "nested deeper than " + std::to_string(limits_.max_depth) + " levels"}};
  }

  void refuse_tag(const std::string& tag, const YAML::Mark& mark) const {
    if (tag.empty() || tag == "?" || tag == "!") return;
    throw Stop{{where(mark), "tags such as '" + tag.substr(0, 40) + "' are not supported"}};
  }

  bool wants_key() const { return !open_.empty() && open_.back().node.is_map() && !open_.back().has_key; }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    refuse_tag(tag, mark);
    OpenNode frame;
    frame.nodes_before = nodes_;
    frame.node = make(kind, mark);
    frame.anchor = anchor;
    open_.push_back(std::move(frame));
    if (static_cast<int>(open_.size()) > limits_.max_depth) too_deep(mark);
  }

  void close() {
    OpenNode frame = std::move(open_.back());
    open_.pop_back();
    if (!open_.empty()) open_.back().deepest = std::max(open_.back().deepest, frame.deepest + 1);
    if (frame.anchor != YAML::NullAnchor)
      anchors_[frame.anchor] = {frame.node, nodes_ - frame.nodes_before, frame.deepest};
    put(std::move(frame.node), YAML::NullAnchor);
  }

  void begin_entry(const std::string& key, const YAML::Mark& mark) {
    OpenNode& map = open_.back();
    const Where here = where(mark);
    if (key == "<<") throw Stop{{here, "merge keys (<<) are not supported; write the keys out"}};
    const auto [first, fresh] = map.seen.emplace(key, here);
    if (!fresh) repeated(key, here, first->second);
    map.has_key = true;
    map.dropped = !fresh;
    if (fresh) map.node.entries.push_back({key, here, Node()});
  }

  void repeated(const std::string& key, const Where& here, const Where& first) {
    errors_.push_back({here, "key '" + key.substr(0, 80) + "' is repeated; it first stands at " + file_ + ":" +
                                 std::to_string(first.line) + ":" + std::to_string(first.column)});
    constexpr std::size_t kEnough = 100;
    if (errors_.size() >= kEnough) throw Stop{{here, "too many repeated keys; reading stops here"}};
  }

  void put(Node node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = {node, 1, 0};
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    OpenNode& parent = open_.back();
    if (parent.node.is_list()) {
      parent.node.items.push_back(std::move(node));
      return;
    }
    parent.has_key = false;
    if (parent.dropped) return;
    Node::Entry& entry = parent.node.entries.back();
    // "key:" with nothing behind it: the parser's mark is then of whatever comes next.
    if (node.is_null()) node.where = entry.key_where;
    entry.value = std::move(node);
  }

  const std::string& file_;
  const DocumentLimits& limits_;
  Node root_;
  Errors errors_;
  std::vector<OpenNode> open_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

// Reads from memory that somebody else owns.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // streambuf's interface; nothing is written
    setg(begin, begin, begin + text.size());
  }
};

std::string_view line_of(std::string_view text, int line) {
  for (int i = 1; i < line; ++i) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

Error syntax_error(const YAML::ParserException& fault, std::string_view text, const std::string& file) {
  Error error = fault_of(file, fault.msg);
  if (fault.mark.is_null()) return error;
  error.where.line = fault.mark.line + 1;
  error.where.column = fault.mark.column + 1;
  const std::string_view line = line_of(text, error.where.line);
  const std::string_view indent = line.substr(0, line.find_first_not_of(" \t"));
  if (indent.find('\t') != std::string_view::npos) error.what += " (tabs are not allowed for indentation)";
  return error;
}

// A word or a number by itself, as most values of overrides are: what the parser would make of it is plain.
bool is_plain_word(std::string_view text) {
  const auto is_alphanumeric = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  const auto is_inside = [&](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; };
  return !text.empty() && is_alphanumeric(text.front()) && std::ranges::all_of(text, is_inside) && text != "null" &&
         text != "Null" && text != "NULL";
}

Node plain_scalar(std::string_view text, const std::string& file) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = text;
  node.where = {file, 1, 1};
  return node;
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

Result<Node> parse_document(std::string_view text, const std::string& file, const DocumentLimits& limits) {
  if (text.size() > limits.max_bytes) return too_large(file, limits.max_bytes);
  if (is_plain_word(text) && limits.max_nodes > 0) return plain_scalar(text, file);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (const std::optional<Error> fault = check_encoding(text, file)) return *fault;

  TreeBuilder tree(file, limits);
  Errors errors;
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    bool any = false;
    while (parser.HandleNextDocument(tree)) any = true;
    if (!any) return fault_of(file, "is empty");
    errors = tree.errors();
  } catch (const Stop& stop) {
    errors = tree.errors();
    errors.push_back(stop.error);
  } catch (const YAML::ParserException& fault) {
    errors = tree.errors();
    errors.push_back(syntax_error(fault, text, file));
  } catch (const YAML::Exception& fault) {
    errors.push_back(fault_of(file, fault.what()));
  }
  if (!errors.empty()) return errors;
  return tree.take();
}

std::string flow_text(const Node& node, bool canonical) {
  std::string text;
  switch (node.kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::scalar: {
      if (!node.quoted) return node.text;
      for (const char c : node.text) text += c == '\'' ? "''" : std::string(1, c);
      return "'" + text + "'";
    }
    case Node::Kind::list:
      for (const Node& item : node.items) text += (text.empty() ? "" : ", ") + flow_text(item, canonical);
      return "[" + text + "]";
    case Node::Kind::map: {
      std::vector<const Node::Entry*> entries;
      for (const Node::Entry& entry : node.entries) entries.push_back(&entry);
      if (canonical) std::sort(entries.begin(), entries.end(), [](auto* a, auto* b) { return a->key < b->key; });
      for (const Node::Entry* entry : entries)
        text += (text.empty() ? "" : ", ") + entry->key + ": " + flow_text(entry->value, canonical);
      return "{" + text + "}";
    }
  }
  return text;
}

}  // namespace orrery
