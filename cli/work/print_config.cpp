#include "cli/work/print_config.h"

#include <algorithm>
#include <ostream>
#include <vector>

namespace orrery::cli {
namespace {

constexpr std::size_t kOriginColumn = 48;

struct Line {
  std::string key, value, origin;
};
struct Section {
  std::string name;
  std::vector<Line> lines;
  Line scalar;  // where the section is one value: "model: llama-3.1-70b"
};

std::string origin_of(const Where& where) {
  if (where.file.starts_with("--set")) return "--set";
  return where.line > 0 ? where.file + ":" + std::to_string(where.line) : where.file;
}

Section& section(std::vector<Section>& all, const std::string& name) {
  const auto at = std::find_if(all.begin(), all.end(), [&](const Section& s) { return s.name == name; });
  if (at != all.end()) return *at;
  all.push_back({name, {}, {}});
  return all.back();
}

void add_written(const Node& root, std::vector<Section>& all) {
  for (const Node::Entry& entry : root.entries) {
    Section& to = section(all, entry.key);
    if (!entry.value.is_map()) {
      to.scalar = {entry.key, flow_text(entry.value), origin_of(entry.value.where)};
      continue;
    }
    for (const Node::Entry& key : entry.value.entries)
      to.lines.push_back({key.key, flow_text(key.value), origin_of(key.value.where)});
  }
}

// "layout.cp = 1", or "training.attention = flash (software megatron-core-2025)".
void add_default(const std::string& text, std::vector<Section>& all) {
  const std::size_t dot = text.find('.'), equals = text.find(" = ");
  if (dot == std::string::npos || equals == std::string::npos || dot > equals) return;
  std::string value = text.substr(equals + 3), origin = "default";
  if (const std::size_t from = value.find(" ("); from != std::string::npos && value.ends_with(')')) {
    origin = value.substr(from + 2, value.size() - from - 3);
    value.resize(from);
  }
  section(all, text.substr(0, dot)).lines.push_back({text.substr(dot + 1, equals - dot - 1), value, origin});
}

bool is_written(const Section& section, const std::string& key) {
  return std::any_of(section.lines.begin(), section.lines.end(), [&](const Line& line) { return line.key == key; });
}

// Some defaults are for the eye alone: those that only words can tell, those inside a
// mapping that stands there already, and zero where fsdp says it.
bool can_be_read(const Section& section, const Line& line) {
  const bool is_words = line.value.find(' ') != std::string::npos && !line.value.starts_with('[') &&
                        !line.value.starts_with('{') && !line.value.starts_with('"');
  const bool is_inside = line.key.find('.') != std::string::npos;
  return !is_words && !is_inside && !(line.key == "zero" && is_written(section, "fsdp"));
}

void write(std::ostream& out, std::string text, const std::string& origin) {
  text.resize(std::max(text.size() + 2, kOriginColumn), ' ');
  out << text << "# " << origin << '\n';
}

void write(std::ostream& out, const Section& section) {
  const bool has_scalar = !section.scalar.key.empty();
  if (has_scalar && section.lines.empty())
    return write(out, section.name + ": " + section.scalar.value, section.scalar.origin);
  out << section.name << ":\n";
  if (has_scalar) write(out, "  preset: " + section.scalar.value, section.scalar.origin);
  for (const Line& line : section.lines)
    write(out, (can_be_read(section, line) ? "  " : "  # ") + line.key + ": " + line.value, line.origin);
}

}  // namespace

void print_config(std::ostream& out, const Node& root, const models::Scenario& scenario) {
  std::vector<Section> all;
  add_written(root, all);
  for (const std::string& text : scenario.defaults_used) add_default(text, all);
  for (const Section& one : all) write(out, one);
}

}  // namespace orrery::cli
