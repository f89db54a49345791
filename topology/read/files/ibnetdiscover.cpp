#include "topology/read/files/ibnetdiscover.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "sim/base/text.h"
#include "topology/read/files/lines.h"

namespace orrery::topology {
namespace {

constexpr std::size_t kMostBytes = 64u << 20;
constexpr std::size_t kMostFaults = 100;  // beyond that the file is something else

std::optional<int> number_of(std::string_view digits, int most) {
  int value = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = fault == std::errc() && end == digits.data() + digits.size() && !digits.empty();
  return whole && value >= 0 && value <= most ? std::optional(value) : std::nullopt;
}

// Takes the text between `open` and `close` off the front of `text`.
std::optional<std::string_view> bracketed(std::string_view& text, char open, char close) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  if (!text.starts_with(open)) return std::nullopt;
  const std::size_t end = text.find(close, 1);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view inside = text.substr(1, end - 1);
  text.remove_prefix(end + 1);
  return inside;
}

// The quoted text of a comment: a description.
std::string description_in(std::string_view comment) {
  const std::size_t quote = comment.find('"');
  if (quote == std::string_view::npos) return "";
  comment.remove_prefix(quote);
  return std::string(bracketed(comment, '"', '"').value_or(""));
}

class NetDiscoverReader {
 public:
  explicit NetDiscoverReader(const std::string& file) : file_(file) {}

  IbFabric read(const std::vector<Line>& lines) {
    for (const Line& line : lines) {
      if (faults_.size() >= kMostFaults) return {};
      read_line(line);
    }
    if (fabric_.devices.empty() && faults_.empty())
      faults_.push_back({{file_, 0, 0}, "has no line of ibnetdiscover that begins with Switch or Ca"});
    if (faults_.empty()) check_links();
    return std::move(fabric_);
  }

  Errors& faults() { return faults_; }

 private:
  void fail(const Line& line, std::string_view part, const std::string& what) {
    faults_.push_back({line.at(file_, part), what});
  }

  void read_line(const Line& line) {
    const auto words = words_of(line.text);
    if (words.empty() || words[0].starts_with('#')) return;
    const std::string_view first = words[0];
    if (first == "Switch") return read_device(line, IbDevice::Kind::network_switch);
    if (first == "Ca" || first == "Hca") return read_device(line, IbDevice::Kind::adapter);
    if (first == "Rt") return read_device(line, IbDevice::Kind::router);
    if (first.starts_with('[')) return read_link(line);
    if (first.find('=') != std::string_view::npos || line.text.starts_with("DR path")) return;
    fail(line, first, "'" + std::string(first.substr(0, 80)) + "' begins no line of ibnetdiscover");
  }

  // Switch  41 "S-0ff08c43213b3f30"  # "name" enhanced port 0 lid 387 lmc 0
  void read_device(const Line& line, IbDevice::Kind kind) {
    const std::size_t word_end = line.text.find_first_of(" \t", line.text.find_first_not_of(" \t"));
    std::string_view rest = line.text.substr(std::min(word_end, line.text.size()));
    const auto words = words_of(rest);
    const std::optional<int> ports = words.empty() ? std::nullopt : number_of(words[0], 65'536);
    const std::size_t quote = rest.find('"');
    if (!ports || quote == std::string_view::npos)
      return fail(line, line.text, "a device needs its number of ports and its id in quotes");
    rest.remove_prefix(quote);
    const std::optional<std::string_view> id = bracketed(rest, '"', '"');
    if (!id || id->empty()) return fail(line, rest, "an id without its closing quote");
    IbDevice device;
    device.kind = kind;
    device.id = std::string(*id);
    device.ports = *ports;
    device.name = description_in(rest);
    const auto name_words = words_of(device.name);
    device.host = name_words.empty() ? device.id : std::string(name_words[0]);
    device.aggregation = device.name.find("Aggregation Node") != std::string::npos;
    device.where = line.at(file_, *id);
    const auto [known, fresh] = by_id_.emplace(device.id, fabric_.devices.size());
    if (!fresh)
      fail(line, *id,
           "a second block for '" + device.id.substr(0, 80) + "'; the first is in line " +
               std::to_string(fabric_.devices[known->second].where.line));
    fabric_.devices.push_back(std::move(device));
  }

  // [1](ff08c4321664e96)  "S-0ff08c43215bae48"[1](…)  # … lid 556 4xHDR s=4 w=2 v=3 e=4
  void read_link(const Line& line) {
    if (fabric_.devices.empty()) return fail(line, line.text, "a port before the device that it belongs to");
    std::string_view rest = line.text;
    IbPort port;
    port.where = line.at(file_, line.text);
    const auto number = number_of(bracketed(rest, '[', ']').value_or(""), 65'536);
    (void)bracketed(rest, '(', ')');
    const auto peer = bracketed(rest, '"', '"');
    const auto peer_port = number_of(bracketed(rest, '[', ']').value_or(""), 65'536);
    if (!number || !peer || !peer_port) return fail(line, line.text, "a link needs [port] \"peer\"[port]");
    port.number = *number;
    port.peer = std::string(*peer);
    port.peer_port = *peer_port;
    for (const std::string_view word : words_of(rest))
      if (const BytesPerSecond rate = infiniband_rate(word); rate.n > 0) port.rate = rate;
    if (port.rate.n == 0) fail(line, line.text, "the link names no rate such as 4xHDR");
    if (rest.find("Aggregation Node") != std::string_view::npos) aggregators_.emplace(port.peer, true);
    add_port(line, std::move(port));
  }

  void add_port(const Line& line, IbPort port) {
    IbDevice& device = fabric_.devices.back();
    if (port.number < 1 || port.number > device.ports)
      fail(line, line.text,
           "port " + std::to_string(port.number) + " of a device with " + std::to_string(device.ports) + " ports");
    const auto [known, fresh] = ports_.emplace(std::pair(fabric_.devices.size() - 1, port.number), device.links.size());
    if (!fresh)
      fail(line, line.text,
           "port " + std::to_string(port.number) + " is listed twice; first in line " +
               std::to_string(device.links[known->second].where.line));
    device.links.push_back(std::move(port));
  }

  // Both ends of a link are in the file and agree.
  void check_links() {
    for (const IbDevice& device : fabric_.devices)
      for (const IbPort& port : device.links) {
        if (faults_.size() >= kMostFaults) return;
        if (auto fault = fault_of(device, port)) faults_.push_back({port.where, *fault});
      }
  }

  std::optional<std::string> fault_of(const IbDevice& device, const IbPort& port) const {
    const auto peer = by_id_.find(port.peer);
    if (peer == by_id_.end()) {
      if (aggregators_.count(port.peer) > 0) return std::nullopt;
      return "a link to '" + port.peer.substr(0, 80) + "', which the file does not list";
    }
    const auto back = ports_.find({peer->second, port.peer_port});
    const std::string there = "port " + std::to_string(port.peer_port) + " of '" + port.peer.substr(0, 80) + "'";
    if (back == ports_.end()) return there + " does not list this link";
    const IbPort& other = fabric_.devices[peer->second].links[back->second];
    if (other.peer != device.id || other.peer_port != port.number) return there + " lists a link to somebody else";
    if (other.rate != port.rate) return there + " gives this link another rate";
    return std::nullopt;
  }

  const std::string& file_;
  IbFabric fabric_;
  std::map<std::string, std::size_t> by_id_;
  std::map<std::pair<std::size_t, int>, std::size_t> ports_;
  std::map<std::string, bool> aggregators_;
  Errors faults_;
};

}  // namespace

// Data rates of one lane: 8b/10b up to QDR, 64b/66b for FDR; from EDR on the nominal
// figures are what is counted with. Source: InfiniBand Trade Association's roadmap.
BytesPerSecond infiniband_rate(std::string_view word) {
  constexpr std::pair<std::string_view, double> kLanes[] = {
      {"SDR", 2},  {"DDR", 4},  {"QDR", 8},   {"FDR10", 10}, {"FDR", 14.0625 * 64 / 66},
      {"EDR", 25}, {"HDR", 50}, {"NDR", 100}, {"XDR", 200}};
  const std::size_t times = word.find('x');
  if (times == std::string_view::npos) return {};
  const std::optional<int> lanes = number_of(word.substr(0, times), 16);
  if (!lanes) return {};
  for (const auto& [name, gigabits] : kLanes)
    if (word.substr(times + 1) == name) return {static_cast<std::int64_t>(*lanes * gigabits * 1e9 / 8 + 0.5)};
  return {};
}

Result<IbFabric> parse_ibnetdiscover(std::string_view text, const std::string& file) {
  if (text.size() > kMostBytes) return too_large(file, kMostBytes);
  if (const std::optional<Error> fault = check_encoding(text, file)) return *fault;
  NetDiscoverReader reader(file);
  IbFabric fabric = reader.read(lines_of(text));
  if (!reader.faults().empty()) return std::move(reader.faults());
  return fabric;
}

}  // namespace orrery::topology
