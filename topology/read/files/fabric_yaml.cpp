#include "topology/read/files/fabric_yaml.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "sim/base/read/fields.h"
#include "sim/base/read/suggest.h"
#include "topology/read/parts/plausible.h"

namespace orrery::topology {
namespace {

// Beyond any fabric that somebody writes by hand or by script.
constexpr std::int64_t kMostNodes = 65'536, kMostNics = 64, kMostSwitches = 65'536;
constexpr std::size_t kMostLinks = 500'000;
constexpr std::size_t kMostFaults = 20;  // a row may name tens of thousands of ends, so that more is not read on

std::string shown(std::string_view text) {
  return "'" + std::string(text.substr(0, 80)) + "'";
}

bool is_name(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == ':';
  };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), fits);
}

std::optional<std::uint32_t> number_of(std::string_view digits) {
  std::uint32_t value = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = fault == std::errc() && end == digits.data() + digits.size() && !digits.empty();
  return whole ? std::optional(value) : std::nullopt;
}

// "leaf[0-7]" -> leaf0 … leaf7; a name without brackets is itself. Empty: not understood.
std::vector<std::string> expand(std::string_view text) {
  const std::size_t open = text.find('[');
  if (open == std::string_view::npos) return {std::string(text)};
  const std::size_t close = text.find(']', open), dash = text.find('-', open);
  if (close == std::string_view::npos || dash == std::string_view::npos || dash > close) return {};
  const auto first = number_of(text.substr(open + 1, dash - open - 1));
  const auto last = number_of(text.substr(dash + 1, close - dash - 1));
  if (!first || !last || *first > *last || *last - *first >= kMostNodes) return {};
  std::vector<std::string> names;
  for (std::uint32_t i = *first; i <= *last; ++i)
    names.push_back(std::string(text.substr(0, open)) + std::to_string(i) + std::string(text.substr(close + 1)));
  return names;
}

class YamlFabricReader {
 public:
  explicit YamlFabricReader(Errors& errors) : errors_(errors) {}

  FabricYaml read(const Node& document) {
    Fields f(document, "fabric", errors_);
    f.require({"nodes", "links"});
    if (const Node* nodes = f.node("nodes")) read_rows(*nodes, "nodes", true);
    if (const Node* switches = f.node("switches")) read_rows(*switches, "switches", false);
    keep_settings(f, document);
    if (const Node* links = f.node("links")) read_links(*links, f.has("link"));
    f.finish();
    if (errors_.empty()) errors_ = check_listed(fabric_, document.where);
    return {std::move(fabric_), std::move(cluster_)};
  }

 private:
  // What the readers of `cluster.fabric` understand by themselves, put where they look.
  void keep_settings(Fields& f, const Node& document) {
    Node fabric;
    fabric.kind = Node::Kind::map;
    fabric.where = document.where;
    for (std::string_view key : {"link", "network", "efficiency", "latency", "switch_latency"})
      if (const Node* value = f.node(key)) fabric.entries.push_back({std::string(key), value->where, *value});
    cluster_ = fabric;
    cluster_.entries = {{"fabric", document.where, fabric}};
  }

  // {name: leaf, count: 8}, or a list of such.
  void read_rows(const Node& rows, const std::string& key, bool nodes) {
    if (rows.is_map()) return read_row(rows, key, nodes);
    if (!rows.is_list()) {
      errors_.push_back({rows.where, "'" + key + "' must be a mapping such as {name: " + (nodes ? "node" : "leaf") +
                                         ", count: 8}, or a list of such"});
      return;
    }
    for (const Node& row : rows.items) read_row(row, key, nodes);
  }

  void read_row(const Node& row, const std::string& key, bool nodes) {
    Fields f(row, key, errors_);
    f.require({"name"});
    const std::optional<std::string> name = f.text("name");
    const std::int64_t most = nodes ? kMostNodes : kMostSwitches;
    const auto count = f.count("count", 1, most);
    if (name && !is_name(*name)) f.fail("name", "'name' is " + shown(*name) + "; letters, digits and _-.: make a name");
    if (nodes) read_nics(f);
    f.finish();
    if (!name || !is_name(*name)) return;
    std::vector<std::string>& names = nodes ? fabric_.nodes : fabric_.switches;
    if (static_cast<std::int64_t>(names.size()) + count.value_or(1) > most)
      return f.fail("", "more than " + std::to_string(most) + " " + key);
    if (!f.has("count")) return add(*name, names, nodes, row.where);
    for (std::int64_t i = 0; i < count.value_or(0); ++i) add(*name + std::to_string(i), names, nodes, row.where);
  }

  void read_nics(Fields& f) {
    const int nics = static_cast<int>(f.count("nics", 1, kMostNics).value_or(1));
    if (!fabric_.nodes.empty() && nics != fabric_.nics)
      f.fail("nics",
             "'nics' is " + std::to_string(nics) + " here and " + std::to_string(fabric_.nics) +
                 " in the first row; nodes with different numbers of NICs are not supported yet",
             Fault::unsupported);
    fabric_.nics = fabric_.nodes.empty() ? nics : fabric_.nics;
  }

  void add(std::string name, std::vector<std::string>& names, bool nodes, const Where& where) {
    const ListedEnd end{!nodes, static_cast<std::uint32_t>(names.size()), 0};
    if (!ends_.emplace(name, end).second) errors_.push_back({where, "two things are called " + shown(name)});
    names.push_back(std::move(name));
  }

  void read_links(const Node& links, bool has_rate) {
    if (!links.is_list()) {
      errors_.push_back({links.where, "'links' must be a list of mappings such as {from: leaf0, to: spine0}"});
      return;
    }
    for (const Node& link : links.items) {
      read_link(link, has_rate);
      if (errors_.size() >= kMostFaults || full_) return;
    }
  }

  void read_link(const Node& node, bool has_rate) {
    Fields f(node, "links", errors_);
    f.require({"from", "to"});
    const std::vector<ListedEnd> from = ends_of(f, "from"), to = ends_of(f, "to");
    const std::optional<BytesPerSecond> rate = f.bandwidth("rate");
    ListedLink link;
    link.latency = f.duration("latency");
    link.wires = static_cast<int>(f.count("wires", 1, 1024).value_or(1));
    link.where = node.where;
    if (rate && rate->n > 0) check_nic(f, *rate, "rate");
    if (rate && rate->n <= 0) f.fail("rate", "a link that carries nothing; leave it out");
    if (!f.has("rate") && !has_rate) f.fail("", "a link needs 'rate', or the file a 'link' for all of them");
    link.rate = rate.value_or(BytesPerSecond{});
    const bool pairs = f.flag("pairs").value_or(false);
    f.finish();
    if (pairs && from.size() != to.size())
      return f.fail("pairs", "'pairs' joins the first of 'from' with the first of 'to' and so on, but they are " +
                                 std::to_string(from.size()) + " and " + std::to_string(to.size()));
    add_links(link, from, to, pairs);
  }

  void add_links(ListedLink link, const std::vector<ListedEnd>& from, const std::vector<ListedEnd>& to, bool pairs) {
    const std::size_t added = pairs ? from.size() : from.size() * to.size();
    if (fabric_.links.size() + added > kMostLinks) {
      errors_.push_back({link.where, "more than " + std::to_string(kMostLinks) + " links"});
      full_ = true;
      return;
    }
    for (std::size_t i = 0; i < from.size(); ++i)
      for (std::size_t j = pairs ? i : 0; j < (pairs ? i + 1 : to.size()); ++j) {
        link.a = from[i];
        link.b = to[j];
        fabric_.links.push_back(link);
      }
  }

  // Everything that "node[0-3]/nic[0-7]" or "leaf[0-7]" names.
  std::vector<ListedEnd> ends_of(Fields& f, std::string_view key) {
    const std::optional<std::string> text = f.text(key);
    if (!text) return {};
    const std::size_t slash = text->find('/');
    const std::vector<std::string> names = expand(std::string_view(*text).substr(0, slash));
    std::vector<std::string> nics = {""};
    if (slash != std::string::npos) nics = expand(std::string_view(*text).substr(slash + 1));
    if (names.empty() || nics.empty() || names.size() * nics.size() > kMostLinks) {
      f.fail(key, "'" + std::string(key) + "' is " + shown(*text) + ", not a name or a range such as leaf[0-7]");
      return {};
    }
    std::vector<ListedEnd> ends;
    for (const std::string& name : names)
      for (const std::string& nic : nics) {
        const std::optional<ListedEnd> end = end_of(f, key, name, nic);
        if (!end) return {};
        ends.push_back(*end);
      }
    return ends;
  }

  std::optional<ListedEnd> end_of(Fields& f, std::string_view key, const std::string& name, const std::string& nic) {
    const auto found = ends_.find(name);
    if (found == ends_.end()) {
      std::vector<std::string> known = fabric_.nodes;
      known.insert(known.end(), fabric_.switches.begin(), fabric_.switches.end());
      if (known.size() > 1000) known.resize(1000);
      f.fail(key, "no node or switch is called " + shown(name) + did_you_mean(name, known));
      return std::nullopt;
    }
    ListedEnd end = found->second;
    if (end.is_switch && nic.empty()) return end;
    if (!end.is_switch && nic.empty() && fabric_.nics == 1) return end;
    const auto number = nic.starts_with("nic") ? number_of(std::string_view(nic).substr(3)) : std::nullopt;
    if (end.is_switch || !number || static_cast<int>(*number) >= fabric_.nics) {
      f.fail(key, end.is_switch ? shown(name) + " is a switch; it has no NICs"
                                : shown(name) + " has NICs nic0 to nic" + std::to_string(fabric_.nics - 1) +
                                      "; write " + name.substr(0, 64) + "/nic0");
      return std::nullopt;
    }
    end.nic = *number;
    return end;
  }

  Errors& errors_;
  ListedFabric fabric_;
  Node cluster_;
  bool full_ = false;
  std::unordered_map<std::string, ListedEnd> ends_;  // looked up only
};

}  // namespace

Result<FabricYaml> read_fabric_yaml(const Node& document) {
  Errors errors;
  FabricYaml fabric = YamlFabricReader(errors).read(document);
  if (!errors.empty()) return errors;
  return fabric;
}

}  // namespace orrery::topology
