#include "topology/read/parts/links.h"

#include "sim/base/read/suggest.h"

namespace orrery::topology {
namespace {

// Every row of the table `key`, each a mapping read by `read_row`.
template <class Row, class ReadRow>
void read_table(Fields& file, std::string_view key, std::vector<Row>& rows, Errors& errors, ReadRow read_row) {
  const Node* table = file.node(key);
  if (!table) return;
  for (const Node::Entry& entry : table->entries) {
    Fields fields(entry.value, std::string(key) + "." + entry.key, errors);
    Row row;
    row.name = entry.key;
    read_row(fields, row);
    fields.finish();
    rows.push_back(std::move(row));
  }
}

}  // namespace

Result<LinkFacts> read_links(const SearchPath& path) {
  const Result<std::string> file = path.find("hardware", "links", {});
  if (!file) return file.errors();
  const Result<Node> document = read_document(*file);
  if (!document) return document.errors();
  Errors errors;
  LinkFacts facts;
  Fields fields(*document, "links", errors);
  fields.require({"scale_up", "pcie", "sockets", "network"});
  read_table(fields, "scale_up", facts.scale_up, errors, [](Fields& f, NvlinkFacts& row) {
    f.require({"bandwidth", "usable", "links", "compute_capability"});
    row.bandwidth = f.bandwidth("bandwidth").value_or(BytesPerSecond{1});
    row.usable = f.bandwidth("usable").value_or(BytesPerSecond{1});
    row.in_network_reduction = f.flag("in_network_reduction").value_or(false);
    row.links = static_cast<int>(f.count("links", 1, 1024).value_or(1));
    row.compute_capability = static_cast<int>(f.count("compute_capability", 10, 999).value_or(10));
  });
  const auto usable_only = [](Fields& f, PcieFacts& row) {
    f.require({"usable"});
    row.usable = f.bandwidth("usable").value_or(BytesPerSecond{1});
  };
  read_table(fields, "pcie", facts.pcie, errors, [&](Fields& f, PcieFacts& row) {
    usable_only(f, row);
    row.memory = f.bandwidth("host_memory").value_or(BytesPerSecond{1});
    row.disk = f.bandwidth("host_disk").value_or(BytesPerSecond{1});
    row.gigatransfers = f.number("gigatransfers", 1, 1000).value_or(1);
  });
  read_table(fields, "sockets", facts.sockets, errors, usable_only);
  read_table(fields, "network", facts.network, errors, [](Fields& f, NetworkFacts& row) {
    f.require({"efficiency", "latency", "switch_latency"});
    row.efficiency = f.number("efficiency", 0.01, 1).value_or(1);
    row.latency = f.duration("latency").value_or(Duration());
    row.switch_latency = f.duration("switch_latency").value_or(Duration());
    row.sharp = f.flag("sharp").value_or(false);
  });
  fields.finish();
  if (!errors.empty()) return errors;
  return facts;
}

Result<PciDevices> read_pci_devices(const SearchPath& path) {
  const Result<std::string> file = path.find("hardware", "pci_devices", {});
  if (!file) return file.errors();
  const Result<Node> document = read_document(*file);
  if (!document) return document.errors();
  PciDevices devices;
  for (const Node::Entry& entry : document->entries) devices.emplace(entry.key, entry.value.text);
  return devices;
}

template <class Row>
const Row* named(Fields& fields, std::string_view key, const std::vector<Row>& rows) {
  const std::optional<std::string> name = fields.text(key);
  if (!name) return nullptr;
  std::vector<std::string> known;
  std::string list;
  for (const Row& row : rows) {
    if (row.name == *name) return &row;
    known.push_back(row.name);
    list += (list.empty() ? "" : ", ") + row.name;
  }
  const std::string is(key);
  fields.fail(key, "'" + is + "' is '" + name->substr(0, 80) + "'; known are " + list + did_you_mean(*name, known));
  return nullptr;
}

template const NvlinkFacts* named(Fields&, std::string_view, const std::vector<NvlinkFacts>&);
template const PcieFacts* named(Fields&, std::string_view, const std::vector<PcieFacts>&);
template const NetworkFacts* named(Fields&, std::string_view, const std::vector<NetworkFacts>&);

}  // namespace orrery::topology
