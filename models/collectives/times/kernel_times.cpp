#include "models/collectives/times/kernel_times.h"

#include "sim/base/read/fields.h"

namespace orrery::models {
namespace {

class Reader {
 public:
  Reader(const Node& node, const std::string& nccl, Errors& errors)
      : fields_(node, "collectives", errors), errors_(errors), nccl_(nccl) {}

  KernelTimes read() {
    fields_.require({"ring", "exchange", "send", "ring_network_hop", "tree_network_hop"});
    section("ring", [this](Fields& f) {
      for (Protocol protocol : {Protocol::ll, Protocol::ll128, Protocol::simple})
        if (const Node* node = f.node(to_string(protocol)))
          ring(*node, f.name() + "." + std::string(to_string(protocol)),
               times_.ring[static_cast<std::size_t>(protocol)]);
    });
    section("nvls", [this](Fields& f) { nvls(f, times_.nvls); });
    section("nvls_tree", [this](Fields& f) { nvls(f, times_.nvls_tree); });
    section("exchange", [this](Fields& f) { exchange(f, times_.exchange); });
    section("exchange_before", [this](Fields& f) { exchange_before(f); });
    section("send", [this](Fields& f) {
      time(f, "base", times_.send_base);
      share(f, "bandwidth", times_.send_bandwidth);
    });
    share(fields_, "int8_share", times_.int8_share);
    share(fields_, "int8_channel", times_.int8_channel);
    section("ring_network_hop", [this](Fields& f) { by_protocol(f, times_.ring_network_hop); });
    section("tree_network_hop", [this](Fields& f) { by_protocol(f, times_.tree_network_hop); });
    fields_.finish();
    return times_;
  }

 private:
  template <class Read>
  void section(std::string_view key, Read read) {
    const Node* node = fields_.node(key);
    if (!node) return;
    Fields f(*node, fields_.name() + "." + std::string(key), errors_);
    read(f);
    f.finish();
  }

  static void time(Fields& f, std::string_view key, double& microseconds) {
    if (const std::optional<Duration> value = f.duration(key)) microseconds = value->seconds() * 1e6;
  }
  static void share(Fields& f, std::string_view key, double& value) {
    if (const std::optional<double> number = f.number(key, 1e-4, 1e4)) value = *number;
  }

  void ring(const Node& node, const std::string& name, RingTimes& times) {
    Fields f(node, name, errors_);
    f.require({"base", "hop", "bandwidth", "own_share"});
    time(f, "base", times.base);
    time(f, "hop", times.hop);
    time(f, "full_base", times.full_base);
    time(f, "full_hop", times.full_hop);
    time(f, "queue", times.queue);
    share(f, "bandwidth", times.bandwidth);
    share(f, "ports", times.ports);
    share(f, "channel", times.channel);
    share(f, "own_share", times.own_share);
    times.own_copy = times.own_share;
    share(f, "own_copy", times.own_copy);
    if (const std::optional<double> ramp = f.number("ramp", 0, 1000)) times.ramp = *ramp;
    times.tree_hop = times.hop;
    time(f, "tree_hop", times.tree_hop);
    times.tree_bandwidth = times.bandwidth;
    share(f, "tree_bandwidth", times.tree_bandwidth);
    share(f, "tree_channel", times.tree_channel);
    f.finish();
  }

  static void nvls(Fields& f, NvlsTimes& times) {
    f.require({"base", "fill", "bandwidth", "chunk"});
    time(f, "base", times.base);
    time(f, "fill", times.fill);
    share(f, "bandwidth", times.bandwidth);
    if (const std::optional<double> chunk = f.number("chunk", 0, 1e6)) times.chunk = *chunk;
  }

  static void exchange(Fields& f, ExchangeTimes& times) {
    f.require({"ll_base", "ll_step", "ll_bandwidth", "base", "step", "bandwidth", "own_share"});
    time(f, "ll_base", times.ll_base);
    time(f, "ll_step", times.ll_step);
    share(f, "ll_bandwidth", times.ll_bandwidth);
    share(f, "ll_links", times.ll_links);
    share(f, "ll_ports", times.ll_ports);
    if (const std::optional<double> until = f.number("ll_until", 0, 1e6)) times.ll_until = *until;
    time(f, "base", times.base);
    time(f, "step", times.step);
    share(f, "bandwidth", times.bandwidth);
    share(f, "own_share", times.own_share);
    if (const std::optional<double> ramp = f.number("ramp", 0, 1000)) times.ramp = *ramp;
    time(f, "full_step", times.full_step);
    if (const std::optional<double> full = f.number("full", 0, 1e6)) times.full = *full;
  }

  // All-to-alls of versions before one: `version`, and what `exchange` says of those from then on.
  void exchange_before(Fields& f) {
    f.require({"version"});
    const bool is_this = is_older(nccl_, f.text("version").value_or(""));
    ExchangeTimes other;
    exchange(f, is_this ? times_.exchange : other);
  }

  static void by_protocol(Fields& f, ByProtocol& times) {
    for (Protocol protocol : {Protocol::ll, Protocol::ll128, Protocol::simple})
      time(f, to_string(protocol), times[static_cast<std::size_t>(protocol)]);
  }

  Fields fields_;
  Errors& errors_;
  std::string nccl_;
  KernelTimes times_;
};

}  // namespace

namespace {

// Volta has no public sweep: Ampere's stand in. Nor has Hopper on PCIe: there Blackwell's do, which is Gen5 too.
std::string file_of(Generation generation, bool pcie) {
  if (generation == Generation::volta) generation = Generation::ampere;
  if (pcie && generation == Generation::hopper) generation = Generation::blackwell;
  return std::string(to_string(generation)) + (pcie ? "-pcie" : "");
}

}  // namespace

Result<KernelTimes> read_kernel_times(const SearchPath& path, Generation generation, const std::string& nccl,
                                      bool pcie) {
  const std::string name = file_of(generation, pcie);
  const Result<std::string> file = path.find("hardware/collectives", name, {name, 0, 0});
  if (!file) return file.errors();
  const Result<Node> node = read_document(*file);
  if (!node) return node.errors();
  Errors errors;
  const KernelTimes times = Reader(*node, nccl, errors).read();
  if (!errors.empty()) return errors;
  return times;
}

}  // namespace orrery::models
