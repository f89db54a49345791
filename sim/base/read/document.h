#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"

namespace orrery {

// A YAML or JSON text as a plain tree that remembers where everything stood.
//
// Readers walk this instead of the parser's own nodes: by the time a Document
// exists, the traps of the format are behind us (repeated keys, several
// documents, merge keys, alias bombs, deep nesting, tabs, bytes that are not
// UTF-8, files that are too large), each reported with its place. Scalars stay
// text; what a text means is the reader's business.
struct Node {
  enum class Kind { null, scalar, list, map };
  struct Entry;

  Kind kind = Kind::null;
  bool quoted = false;         // a scalar in quotes: never a number or a boolean
  std::string text;            // scalar
  std::vector<Node> items;     // list
  std::vector<Entry> entries;  // map, in the order of the file
  Where where;

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }

  // The value under `key`, or null when this is no map or has no such key.
  const Node* find(std::string_view key) const;
};

struct Node::Entry {
  std::string key;
  Where key_where;
  Node value;
};

// Limits on hostile input. Every real scenario is far below them.
struct DocumentLimits {
  std::size_t max_bytes = 16u << 20;
  int max_depth = 64;
  std::size_t max_nodes = 200'000;
};

// Reads text that came from `file` (the name only appears in messages).
Result<Node> parse_document(std::string_view text, const std::string& file, const DocumentLimits& limits = {});

// Opens and reads a file. A missing or unreadable file is a Fault::io.
Result<Node> read_document(const std::string& path, const DocumentLimits& limits = {});

// While one of these lives, read_document() parses each file once and gives copies, and remembered() makes each
// thing once, to any thread: for those who read thousands of scenarios over the same presets. A file that
// changes meanwhile stays as it was.
class DocumentCache {
 public:
  DocumentCache();
  ~DocumentCache();
  DocumentCache(const DocumentCache&) = delete;
  DocumentCache& operator=(const DocumentCache&) = delete;

  // Null: nothing of that key, or no cache lives.
  static std::shared_ptr<const void> recall(const std::string& key);
  static void remember(const std::string& key, std::shared_ptr<const void> made);
};

// What `make` gives, a Result<T>: while a DocumentCache lives, from the second time on as it was the first time. `key`
// names all that it depends on but the files that it reads, and what it is; errors are not kept.
template <class Make>
auto remembered(const std::string& key, Make make) -> decltype(make()) {
  using Made = decltype(make());
  if (const auto known = DocumentCache::recall(key)) return *static_cast<const Made*>(known.get());
  Made made = make();
  if (made.ok()) DocumentCache::remember(key, std::make_shared<const Made>(made));
  return made;
}

// A value as YAML on one line. `canonical`: keys in order of the alphabet, so that equal values are equal texts.
std::string flow_text(const Node& node, bool canonical = false);

}  // namespace orrery
