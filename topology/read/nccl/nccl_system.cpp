#include "topology/read/nccl/nccl_system.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "sim/base/read/fields.h"
#include "topology/read/nccl/nccl_checks.h"
#include "topology/read/nccl/xml.h"

namespace orrery::topology {
namespace {

constexpr std::size_t kMostLinks = 256;  // of one GPU
constexpr int kMostDevices = 4096;

std::string shown(std::string_view text) {
  return "'" + std::string(text.substr(0, 80)) + "'";
}

// "0x030200": the class, its upper 16 bits.
PciClass class_of(std::uint32_t code) {
  switch (code >> 8) {
    case 0x0302:
    case 0x0300:  // a display controller: GPUs with outputs
      return PciClass::gpu;
    case 0x0207:
      return PciClass::infiniband;
    case 0x0200:
      return PciClass::ethernet;
    case 0x0604:
      return PciClass::bridge;
    case 0x0680:
      return PciClass::nvswitch;
    default:
      return PciClass::other;
  }
}

bool is_busid_text(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
  };
  return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), fits);
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// What virtual machines put for switches that they do not show: "fffffff:ffff:ff".
bool is_hidden(std::string_view busid) {
  return busid.find_first_not_of("f:.") == std::string_view::npos;
}

class SystemReader {
 public:
  NcclSystem read(const XmlElement& root) {
    NcclSystem system;
    system.where = root.where;
    if (root.name != "system") {
      errors_.push_back({root.where, "a topology begins with <system>, not with <" + root.name.substr(0, 80) + ">"});
      return system;
    }
    for (const XmlElement& child : root.children) {
      if (child.name == "cpu")
        system.cpus.push_back(read_cpu(child));
      else
        skip(child);
    }
    system.unknown = std::move(unknown_);
    const Errors contradictions = check_nccl_system(system);
    errors_.insert(errors_.end(), contradictions.begin(), contradictions.end());
    return system;
  }

  Errors& errors() { return errors_; }

 private:
  Fields fields(const XmlElement& element) { return {element.attributes, "<" + element.name + ">", errors_}; }

  void skip(const XmlElement& element) {
    if (std::find(unknown_.begin(), unknown_.end(), element.name) == unknown_.end()) unknown_.push_back(element.name);
  }

  std::optional<int> whole(Fields& f, std::string_view key, std::int64_t low, std::int64_t high) {
    const std::optional<std::int64_t> value = f.count(key, low, high);
    return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
  }

  // "0x030200"; empty or absent is not told.
  std::optional<std::uint32_t> hexadecimal(Fields& f, std::string_view key) {
    const std::optional<std::string> text = f.text(key);
    if (!text || text->empty()) return std::nullopt;
    std::string_view digits = *text;
    if (digits.starts_with("0x")) digits.remove_prefix(2);
    std::uint32_t value = 0;
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (fault == std::errc() && end == digits.data() + digits.size() && !digits.empty()) return value;
    f.fail(key, "'" + std::string(key) + "' is " + shown(*text) + ", not a hexadecimal number such as 0x030200");
    return std::nullopt;
  }

  NcclCpu read_cpu(const XmlElement& element) {
    NcclCpu cpu;
    cpu.where = element.where;
    Fields f = fields(element);
    f.require({"numaid"});
    cpu.numaid = numa_of(f);
    cpu.arch = f.text("arch").value_or("");
    cpu.vendor = f.text("vendor").value_or("");
    for (const XmlElement& child : element.children) {
      if (child.name == "pci")
        cpu.pci.push_back(read_pci(child));
      else if (child.name == "nic")
        read_nets(child, cpu.nets);
      else
        skip(child);
    }
    return cpu;
  }

  // A virtual machine's is "-1".
  int numa_of(Fields& f) {
    const Node* node = f.node("numaid");
    if (node && node->text == "-1") return -1;
    return whole(f, "numaid", 0, kMostDevices).value_or(-1);
  }

  std::string busid(Fields& f, std::string_view key) {
    const std::string text = f.text(key).value_or("");
    if (f.has(key) && !is_busid_text(text))
      f.fail(key, "'" + std::string(key) + "' is " + shown(text) + ", not a bus id such as 0000:17:00.0");
    return lower(text);
  }

  NcclPci read_pci(const XmlElement& element) {
    NcclPci pci;
    pci.where = element.where;
    Fields f = fields(element);
    f.require({"busid"});
    pci.busid = busid(f, "busid");
    if (const auto code = hexadecimal(f, "class")) pci.kind = class_of(*code);
    pci.vendor = lower(f.text("vendor").value_or(""));
    pci.device = lower(f.text("device").value_or(""));
    pci.link = read_link(f);
    note_busid(pci);
    for (const XmlElement& child : element.children) read_pci_child(child, pci);
    check_kind(pci);
    return pci;
  }

  void read_pci_child(const XmlElement& child, NcclPci& pci) {
    if (child.name == "pci") {
      pci.children.push_back(read_pci(child));
    } else if (child.name == "nic") {
      read_nets(child, pci.nets);
    } else if (child.name == "gpu") {
      if (pci.gpu)
        errors_.push_back({child.where, "a second <gpu> in <pci busid=\"" + pci.busid + "\">"});
      else
        pci.gpu = read_gpu(child);
    } else {
      skip(child);
    }
  }

  // "32.0 GT/s PCIe", "8 GT/s"; empty and width 0 occur in real dumps.
  PcieLink read_link(Fields& f) {
    PcieLink link;
    link.width = whole(f, "link_width", 0, 32).value_or(0);
    const std::string text = f.text("link_speed").value_or("");
    if (text.empty() || text.starts_with("Unknown")) return link;
    const std::size_t unit = text.find("GT/s");
    const std::string_view number = std::string_view(text).substr(0, text.find_last_not_of(' ', unit - 1) + 1);
    const Result<double> value = parse_number(number, f.at("link_speed"));
    if (unit == std::string::npos || unit == 0 || !value || *value <= 0 || *value > 1024)
      f.fail("link_speed", "'link_speed' is " + shown(text) + ", not a speed such as '32.0 GT/s PCIe'");
    else
      link.gigatransfers = *value;
    return link;
  }

  void note_busid(const NcclPci& pci) {
    if (pci.busid.empty() || is_hidden(pci.busid)) return;
    const auto [first, fresh] = devices_.emplace(pci.busid, pci.where);
    if (!fresh)
      errors_.push_back({pci.where, "two devices with the bus id " + pci.busid + "; the first is in line " +
                                        std::to_string(first->second.line)});
  }

  void check_kind(const NcclPci& pci) {
    const std::string name = "<pci busid=\"" + pci.busid + "\"> has class " + std::string(to_string(pci.kind));
    const bool told = pci.kind != PciClass::unknown;
    if (pci.gpu && told && pci.kind != PciClass::gpu) errors_.push_back({pci.gpu->where, name + ", but holds a <gpu>"});
    if (pci.kind == PciClass::gpu && !pci.nets.empty()) errors_.push_back({pci.where, name + ", but holds a <nic>"});
    if (pci.gpu && !pci.nets.empty())
      errors_.push_back({pci.where, "<pci busid=\"" + pci.busid + "\"> holds both a <gpu> and a <nic>"});
  }

  NcclGpu read_gpu(const XmlElement& element) {
    NcclGpu gpu;
    gpu.where = element.where;
    Fields f = fields(element);
    gpu.dev = whole(f, "dev", 0, kMostDevices);
    gpu.sm = whole(f, "sm", 10, 999);
    const Node* rank = f.node("rank");
    if (!rank || rank->text != "-1") gpu.rank = whole(f, "rank", 0, 1 << 24);
    for (const XmlElement& child : element.children) {
      if (gpu.nvlinks.size() >= kMostLinks) {
        errors_.push_back({child.where, "a GPU with more than " + std::to_string(kMostLinks) + " NVLinks"});
        break;
      }
      if (child.name == "nvlink")
        gpu.nvlinks.push_back(read_nvlink(child));
      else if (child.name == "c2c")
        ++gpu.c2c;
      else
        skip(child);
    }
    return gpu;
  }

  NcclNvlink read_nvlink(const XmlElement& element) {
    NcclNvlink link;
    link.where = element.where;
    Fields f = fields(element);
    f.require({"target", "count"});
    link.target = busid(f, "target");
    link.count = whole(f, "count", 1, static_cast<std::int64_t>(kMostLinks)).value_or(0);
    if (const auto code = hexadecimal(f, "tclass")) link.target_class = class_of(*code);
    if (link.target_class == PciClass::unknown && is_hidden(link.target)) link.target_class = PciClass::nvswitch;
    return link;
  }

  void read_nets(const XmlElement& nic, std::vector<NcclNet>& nets) {
    for (const XmlElement& child : nic.children) {
      if (child.name == "net")
        nets.push_back(read_net(child));
      else
        skip(child);
    }
  }

  NcclNet read_net(const XmlElement& element) {
    NcclNet net;
    net.where = element.where;
    Fields f = fields(element);
    net.name = f.text("name").value_or("");
    net.dev = whole(f, "dev", 0, kMostDevices);
    net.megabits = read_speed(f);
    net.latency_us = f.number("latency", 0, 1e6).value_or(0);
    net.port = whole(f, "port", 0, 1024).value_or(0);
    net.guid = f.text("guid").value_or("");
    net.collnet = whole(f, "coll", 0, 1).value_or(0) == 1;
    return net;
  }

  // NCCL takes values at or below zero as 10 Gb/s: as good as not told.
  std::optional<double> read_speed(Fields& f) {
    const Node* node = f.node("speed");
    if (!node || node->text.starts_with("-")) return std::nullopt;
    const std::optional<double> speed = f.number("speed", 0, 1e9);
    return speed && *speed > 0 ? speed : std::nullopt;
  }

  Errors errors_;
  std::vector<std::string> unknown_;
  std::map<std::string, Where> devices_;
};

}  // namespace

Result<NcclSystem> parse_nccl_system(std::string_view text, const std::string& file) {
  const Result<XmlElement> root = parse_xml(text, file);
  if (!root) return root.errors();
  SystemReader reader;
  NcclSystem system = reader.read(*root);
  if (!reader.errors().empty()) return std::move(reader.errors());
  return system;
}

}  // namespace orrery::topology
