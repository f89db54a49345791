#include "interop/import/draft.h"

#include <algorithm>
#include <charconv>

namespace orrery::interop {
namespace {

// The order in which people read a scenario.
constexpr std::string_view kSections[] = {"name",     "model",   "cluster",  "training",  "layout",
                                          "pipeline", "overlap", "software", "simulation"};

std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return text;
}

// Lists and mappings of a node, in one line.
std::string flow(const Node& node) {
  if (node.is_scalar()) return yaml_text(node.text);
  std::string out;
  for (const Node& item : node.items) out += (out.empty() ? "" : ", ") + flow(item);
  if (node.is_list()) return "[" + out + "]";
  for (const Node::Entry& entry : node.entries)
    out += (out.empty() ? "" : ", ") + yaml_text(entry.key) + ": " + flow(entry.value);
  return "{" + out + "}";
}

}  // namespace

std::string yaml_text(const std::string& text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-' || c == '/' || c == ' ' || c == '+' || static_cast<unsigned char>(c) >= 0x80;
  };
  const bool bare = !text.empty() && text.front() != ' ' && text.back() != ' ' && text.front() != '-' &&
                    std::all_of(text.begin(), text.end(), plain);
  if (bare) return text;
  std::string quoted = "\"";
  for (char c : one_line(text)) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

const Draft::Value* Draft::find(std::string_view path) const {
  const auto found = std::find_if(values_.begin(), values_.end(), [&](const Value& v) { return v.path == path; });
  return found == values_.end() ? nullptr : &*found;
}

void Draft::set(std::string_view path, std::string value) {
  if (!has(path)) values_.push_back({std::string(path), std::move(value), ""});
}

void Draft::set(std::string_view path, const Node& value) {
  if (!value.is_map() || value.entries.empty()) return set(path, flow(value));
  for (const Node::Entry& entry : value.entries) set(std::string(path) + "." + entry.key, entry.value);
}

void Draft::assume(std::string_view path, std::string value, std::string why) {
  if (!has(path)) values_.push_back({std::string(path), std::move(value), one_line(std::move(why))});
}

void Draft::unresolved(std::string what) {
  unresolved_.push_back(one_line(std::move(what)));
}

bool Draft::has(std::string_view path) const {
  const std::string below = std::string(path) + ".";
  return std::any_of(values_.begin(), values_.end(),
                     [&](const Value& v) { return v.path == path || v.path.starts_with(below); });
}

std::string Draft::text(std::string_view path) const {
  const Value* value = find(path);
  return value ? value->text : "";
}

std::int64_t Draft::count(std::string_view path, std::int64_t otherwise) const {
  const std::string value = text(path);
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), number);
  return fault == std::errc() && end == value.data() + value.size() && !value.empty() ? number : otherwise;
}

std::size_t Draft::assumptions() const {
  return static_cast<std::size_t>(
      std::count_if(values_.begin(), values_.end(), [](const Value& v) { return !v.why.empty(); }));
}

// Keys directly below `prefix`, in the order in which they were said.
void Draft::print(const std::string& prefix, int indent, std::string& out) const {
  std::vector<std::string> printed;
  for (const Value& value : values_) {
    if (!value.path.starts_with(prefix)) continue;
    const std::string rest = value.path.substr(prefix.size());
    const std::string key = rest.substr(0, rest.find('.'));
    if (std::find(printed.begin(), printed.end(), key) != printed.end()) continue;
    printed.push_back(key);
    out += std::string(static_cast<std::size_t>(indent), ' ') + key + ":";
    if (key != rest) {
      out += "\n";
      print(prefix + key + ".", indent + 2, out);
    } else {
      out += " " + value.text + (value.why.empty() ? "" : "  # assumed: " + value.why) + "\n";
    }
  }
}

std::string Draft::yaml(const std::string& origin) const {
  std::string out = "# Imported from " + one_line(origin) + ".\n";
  if (assumptions() > 0) out += "# Values marked \"assumed\" are not in it: check them.\n";
  if (!unresolved_.empty()) out += "# Not resolved:\n";
  for (const std::string& what : unresolved_) out += "#   " + what + "\n";
  out += "schema_version: 1\n";
  for (std::string_view section : kSections) {
    if (const Value* value = find(section)) {
      out +=
          std::string(section) + ": " + value->text + (value->why.empty() ? "" : "  # assumed: " + value->why) + "\n";
    } else if (has(section)) {
      out += std::string(section) + ":\n";
      print(std::string(section) + ".", 2, out);
    }
  }
  return out;
}

}  // namespace orrery::interop
