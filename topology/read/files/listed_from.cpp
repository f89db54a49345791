#include "topology/read/files/listed_from.h"

#include <algorithm>
#include <map>

namespace orrery::topology {
namespace {

class Converter {
 public:
  Converter(const IbFabric& fabric, const std::string& file) : fabric_(fabric), file_(file) {}

  Result<ListedFabric> convert() {
    for (const IbDevice& device : fabric_.devices) name_ends(device);
    if (listed_.nodes.empty()) return Error{{file_, 0, 0}, "lists no adapter of a host"};
    check_nics();
    if (!errors_.empty()) return errors_;
    listed_.nics = nics_.front();
    for (const IbDevice& device : fabric_.devices)
      for (const IbPort& port : device.links) add_link(device, port);
    if (Errors errors = check_listed(listed_, {file_, 0, 0}); !errors.empty()) return errors;
    return std::move(listed_);
  }

 private:
  using Port = std::pair<std::string, int>;  // a device's id and port

  void name_ends(const IbDevice& device) {
    if (device.aggregation) return;
    if (device.kind != IbDevice::Kind::adapter) {
      const ListedEnd end{true, static_cast<std::uint32_t>(listed_.switches.size()), 0};
      for (const IbPort& port : device.links) ends_[{device.id, port.number}] = end;
      listed_.switches.push_back(device.name.empty() ? device.id : device.name);
      return;
    }
    if (device.links.empty()) return;
    const auto [node, fresh] = node_of_.emplace(device.host, listed_.nodes.size());
    if (fresh) {
      listed_.nodes.push_back(device.host);
      nics_.push_back(0);
      places_.push_back(device.where);
    }
    for (const IbPort& port : device.links) {
      const auto nic = static_cast<std::uint32_t>(nics_[node->second]++);
      ends_[{device.id, port.number}] = {false, static_cast<std::uint32_t>(node->second), nic};
    }
  }

  void check_nics() {
    for (std::size_t i = 1; i < nics_.size(); ++i) {
      if (nics_[i] == nics_[0]) continue;
      errors_.push_back({places_[i],
                         "host '" + listed_.nodes[i] + "' has " + std::to_string(nics_[i]) + " cabled ports and '" +
                             listed_.nodes[0] + "' has " + std::to_string(nics_[0]) +
                             "; nodes with different numbers of NICs are not supported yet",
                         Fault::unsupported});
    }
  }

  // Every link is listed at both ends and taken at the lower one.
  void add_link(const IbDevice& device, const IbPort& port) {
    const auto here = ends_.find({device.id, port.number}), there = ends_.find({port.peer, port.peer_port});
    if (here == ends_.end() || there == ends_.end()) return;  // an aggregation node
    if (here->first > there->first) return;
    ListedLink link{here->second, there->second, port.rate, std::nullopt, 1, port.where};
    if (link.a.is_switch && link.b.is_switch) {
      const auto pair = std::minmax(link.a.index, link.b.index);
      const auto [known, fresh] = bundles_.emplace(std::pair(pair, port.rate.n), listed_.links.size());
      if (!fresh) {
        ++listed_.links[known->second].wires;
        return;
      }
    }
    listed_.links.push_back(link);
  }

  const IbFabric& fabric_;
  const std::string& file_;
  ListedFabric listed_;
  Errors errors_;
  std::vector<int> nics_;      // of each node
  std::vector<Where> places_;  // of each node
  std::map<std::string, std::size_t> node_of_;
  std::map<Port, ListedEnd> ends_;
  std::map<std::pair<std::pair<std::uint32_t, std::uint32_t>, std::int64_t>, std::size_t> bundles_;
};

}  // namespace

Result<ListedFabric> listed_from(const IbFabric& fabric, const std::string& file) {
  return Converter(fabric, file).convert();
}

}  // namespace orrery::topology
