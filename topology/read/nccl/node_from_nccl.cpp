#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "topology/read/files/mapping.h"
#include "topology/read/files/nearest_nics.h"
#include "topology/read/files/node_file.h"
#include "topology/read/parts/plausible.h"

namespace orrery::topology {
namespace {

const PcieFacts* pcie_of(const PcieLink& link, const LinkFacts& facts) {
  const auto row = std::find_if(facts.pcie.begin(), facts.pcie.end(),
                                [&](const PcieFacts& f) { return f.gigatransfers == link.gigatransfers; });
  return row == facts.pcie.end() ? nullptr : &*row;
}

// Usable rate of so many lanes; the table holds sixteen.
BytesPerSecond rate_of(const PcieLink& link, const PcieFacts& facts) {
  return {facts.usable.n * link.width / 16};
}

std::string element(const NcclPci& pci) {
  return "<pci busid=\"" + pci.busid + "\">";
}

class NodeMaker {
 public:
  NodeMaker(const NcclSystem& system, const std::string& file, const LinkFacts& facts, const PciDevices& devices)
      : system_(system),
        file_(file),
        facts_(facts),
        devices_(devices),
        gpus_(gpus_of(system)),
        nics_(nics_of(system)) {}

  Result<NodeFile> make() {
    node_.cluster = mapping_at(system_.where);
    note_unknown();
    if (gpus_.empty()) {
      lacks("gpus_per_node", first_unknown(), "nothing is a GPU");
    } else {
      put(node_.cluster, "gpus_per_node", std::to_string(gpus_.size()), gpus_[0].device().where);
      name_gpu();
      describe_scale_up();
    }
    describe_host();
    describe_fabric();
    if (!errors_.empty()) return errors_;
    return std::move(node_);
  }

 private:
  void assume(const std::string& what) { node_.assumptions.push_back(file_ + ": " + what); }

  // `what` completes "<pci …>: "; the platform may know.
  void lacks(const std::string& key, const Where& where, const std::string& what) {
    node_.gaps.push_back({key, {where, what + "; name the platform (cluster.preset) or write cluster." + key}});
  }

  void note_unknown() {
    for (const std::string& name : system_.unknown) assume("<" + name.substr(0, 80) + "> is not known and left out");
    const std::size_t classless = count_classless();
    if (classless > 0) assume(std::to_string(classless) + " devices without 'class' are left out");
  }

  std::size_t count_classless() const {
    std::size_t count = 0;
    for (const NcclCpu& cpu : system_.cpus)
      for (const NcclPci& pci : cpu.pci) count += is_classless(pci);
    return count;
  }

  static bool is_classless(const NcclPci& pci) {
    return pci.kind == PciClass::unknown && !pci.is_gpu() && !pci.is_nic() && pci.children.empty();
  }

  // Where somebody would have to say what a device is.
  Where first_unknown() const {
    for (const NcclCpu& cpu : system_.cpus)
      for (const NcclPci& pci : cpu.pci)
        if (is_classless(pci)) return pci.where;
    return system_.where;
  }

  void name_gpu() {
    const NcclPci& first = gpus_[0].device();
    for (const PciPath& path : gpus_)
      if (path.device().device != first.device)
        return lacks("gpu", path.device().where, element(path.device()) + " is another GPU than " + element(first));
    const auto preset = devices_.find(first.device);
    if (first.vendor == "0x10de" && preset != devices_.end())
      node_.gpu = scalar_at(preset->second, first.where);
    else
      lacks("gpu", first.where, element(first) + " has no device id that tells which GPU it is");
  }

  // The generation follows from `sm`, the bandwidth from the number of links.
  void describe_scale_up() {
    const NcclPci* without = nullptr;
    for (const PciPath& path : gpus_)
      if (!path.device().gpu || path.device().gpu->nvlinks.empty()) without = &path.device();
    if (gpus_.size() < 2) return;
    if (without) return lacks("scale_up", without->where, element(*without) + " holds no <nvlink>");
    const NcclGpu& first = *gpus_[0].device().gpu;
    const NvlinkFacts* generation = first.sm ? generation_of(*first.sm) : nullptr;
    if (!generation)
      return lacks("scale_up", first.where, "<gpu> has no 'sm' that tells the generation of its NVLinks");
    Node scale_up = mapping_at(first.where);
    const bool switched =
        std::none_of(gpus_.begin(), gpus_.end(), [](const PciPath& p) { return !goes_to_switches(p); });
    const auto direct = direct_links();
    if (!switched && std::all_of(direct.begin(), direct.end(), [](const auto& row) { return links_in(row) == 0; }))
      return lacks("scale_up", first.where, "NVLinks lead to no other GPU");
    if (switched)
      put(scale_up, "kind", "nvswitch", first.where);
    else
      put_direct_links(scale_up, direct, first.where);
    put(scale_up, "generation", generation->name, first.where);
    if (const std::set<std::string> targets = targets_of(first); switched && targets.size() > 1)
      put(scale_up, "switches", std::to_string(targets.size()), first.where);
    describe_bandwidth(*generation, scale_up);
    put(node_.cluster, "scale_up", std::move(scale_up));
  }

  static bool goes_to_switches(const PciPath& path) {
    const auto& links = path.device().gpu->nvlinks;
    return std::all_of(links.begin(), links.end(),
                       [](const NcclNvlink& link) { return link.target_class == PciClass::nvswitch; });
  }

  static int links_in(const std::vector<int>& row) { return std::accumulate(row.begin(), row.end(), 0); }

  // Wires from each GPU to each other one.
  std::vector<std::vector<int>> direct_links() const {
    std::map<std::string, std::size_t> index;
    for (std::size_t i = 0; i < gpus_.size(); ++i) index.emplace(gpus_[i].device().busid, i);
    std::vector<std::vector<int>> links(gpus_.size(), std::vector<int>(gpus_.size(), 0));
    for (std::size_t i = 0; i < gpus_.size(); ++i)
      for (const NcclNvlink& link : gpus_[i].device().gpu->nvlinks)
        if (const auto peer = index.find(link.target); peer != index.end()) links[i][peer->second] += link.count;
    return links;
  }

  static std::set<std::string> targets_of(const NcclGpu& gpu) {
    std::set<std::string> targets;
    for (const NcclNvlink& link : gpu.nvlinks) targets.insert(link.target);
    return targets;
  }

  const NvlinkFacts* generation_of(int sm) const {
    const NvlinkFacts* newest = nullptr;  // rows rise in age
    for (const NvlinkFacts& row : facts_.scale_up)
      if (row.compute_capability <= sm) newest = &row;
    return newest;
  }

  static int links_of(const NcclGpu& gpu) {
    int count = 0;
    for (const NcclNvlink& link : gpu.nvlinks) count += link.count;
    return count;
  }

  void describe_bandwidth(const NvlinkFacts& generation, Node& scale_up) {
    const NcclGpu& first = *gpus_[0].device().gpu;
    const int links = links_of(first);
    for (const PciPath& path : gpus_) {
      const NcclGpu& gpu = *path.device().gpu;
      const int own = links_of(gpu);
      const std::string has = element(path.device()) + " lists " + std::to_string(own) + " NVLinks";
      if (generation.links > 0 && own > generation.links)
        errors_.push_back(
            {gpu.where, has + ", but a GPU of " + generation.name + " has " + std::to_string(generation.links)});
      else if (own != links)
        errors_.push_back({gpu.where, has + " and " + element(gpus_[0].device()) + " lists " + std::to_string(links)});
    }
    if (generation.links > 0 && links < generation.links)
      put(scale_up, "bandwidth", in_bytes({generation.bandwidth.n / generation.links * links}), first.where);
  }

  void describe_host() {
    Node host = mapping_at(system_.where);
    if (!system_.cpus.empty()) {
      const NcclCpu& cpu = system_.cpus.front();
      put(host, "numa", std::to_string(system_.cpus.size()), cpu.where);
      if (const std::string vendor = vendor_of(cpu); !vendor.empty()) put(host, "cpu", vendor, cpu.where);
    }
    if (!gpus_.empty()) describe_pcie(host), count_switches(host);
    if (!nics_.empty() && !gpus_.empty()) choose_nics(host);
    if (!host.entries.empty()) put(node_.cluster, "host", std::move(host));
  }

  static std::string vendor_of(const NcclCpu& cpu) {
    if (cpu.arch == "arm64" || cpu.arch == "aarch64") return "arm";
    if (cpu.vendor == "GenuineIntel") return "intel";
    return cpu.vendor == "AuthenticAMD" ? "amd" : "";
  }

  void describe_pcie(Node& host) {
    const NcclPci& gpu = gpus_[0].device();
    const PcieFacts* facts = pcie_of(gpu.link, facts_);
    if (!facts) return;
    put(host, "pcie", facts->name, gpu.where);
    if (gpu.link.width > 0 && gpu.link.width != 16)
      put(host, "pcie_bandwidth", in_bytes(rate_of(gpu.link, *facts)), gpu.where);
  }

  // Bridges right below a root complex that GPUs hang on; left open where some hang on it directly.
  void count_switches(Node& host) const {
    std::set<const NcclPci*> bridges;
    for (const PciPath& gpu : gpus_) {
      if (gpu.devices.size() < 2) return;
      bridges.insert(gpu.devices.front());
    }
    put(host, "pcie_switches", std::to_string(bridges.size()), gpus_[0].devices.front()->where);
  }

  void choose_nics(Node& host) {
    std::vector<std::vector<int>> distance;
    for (const PciPath& gpu : gpus_) {
      distance.emplace_back();
      for (const PciPath& nic : nics_) distance.back().push_back(static_cast<int>(path_between(gpu, nic)));
    }
    std::vector<double> megabits;
    for (const PciPath& nic : nics_) megabits.push_back(megabits_of(nic.device()));
    NearestNics nearest = nearest_nics(distance, megabits);
    for (const std::string& assumption : nearest.assumptions) assume(assumption);
    used_ = std::move(nearest.used);
    std::size_t ports = 0;
    for (std::size_t n : used_) ports += std::max<std::size_t>(1, nics_[n].device().nets.size());
    put(host, "nics", std::to_string(ports), nics_[used_.front()].device().where);
  }

  // Of one port; 0 where not told.
  static double megabits_of(const NcclPci& nic) {
    double most = 0;
    for (const NcclNet& net : nic.nets) most = std::max(most, net.megabits.value_or(0));
    return most;
  }

  void describe_fabric() {
    Node fabric = mapping_at(system_.where);
    double slowest = 0, latency = 0;
    const NcclPci* nic = nullptr;
    for (std::size_t n : used_) {
      const NcclPci& device = nics_[n].device();
      const double rate = port_rate(device);
      if (rate > 0 && (slowest == 0 || rate < slowest)) slowest = rate, nic = &device;
      for (const NcclNet& net : device.nets) latency = std::max(latency, net.latency_us);
    }
    if (nic) put(fabric, "link", in_bits({static_cast<std::int64_t>(slowest * 1e6 / 8)}), nic->where);
    if (nic && latency > 0) put(fabric, "latency", std::to_string(latency) + "us", nic->where);
    if (!fabric.entries.empty()) put(node_.cluster, "fabric", std::move(fabric));
  }

  // Megabits a second: the port's, or its PCIe link's where that is slower.
  double port_rate(const NcclPci& nic) {
    const double port = megabits_of(nic);
    const PcieFacts* facts = pcie_of(nic.link, facts_);
    if (port == 0 || !facts || nic.link.width == 0) return port;
    const double lanes = static_cast<double>(rate_of(nic.link, *facts).n) * 8e-6 /
                         static_cast<double>(std::max<std::size_t>(1, nic.nets.size()));
    if (lanes >= port) return port;
    assume(element(nic) + " is a NIC that its PCIe link holds to " +
           in_bits({static_cast<std::int64_t>(lanes * 1e6 / 8)}));
    return lanes;
  }

  const NcclSystem& system_;
  const std::string& file_;
  const LinkFacts& facts_;
  const PciDevices& devices_;
  std::vector<PciPath> gpus_, nics_;
  std::vector<std::size_t> used_;  // NICs
  NodeFile node_;
  Errors errors_;
};

}  // namespace

Result<NodeFile> node_from(const NcclSystem& system, const std::string& file, const LinkFacts& facts,
                           const PciDevices& devices) {
  return NodeMaker(system, file, facts, devices).make();
}

}  // namespace orrery::topology
