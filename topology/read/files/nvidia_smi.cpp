#include "topology/read/files/nvidia_smi.h"

#include <algorithm>
#include <charconv>

#include "sim/base/text.h"
#include "topology/read/files/lines.h"

namespace orrery::topology {
namespace {

constexpr std::size_t kMostBytes = 1u << 20;
constexpr std::size_t kMostDevices = 512;

// A terminal's underlining, as in "\x1b[4mGPU0\x1b[0m".
std::string without_escapes(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\x1b' && at + 1 < text.size() && text[at + 1] == '[')
      while (at + 1 < text.size() && !(text[at] >= 'a' && text[at] <= 'z')) ++at;
    else
      plain.push_back(text[at]);
  }
  return plain;
}

bool is_gpu(std::string_view word) {
  return word.starts_with("GPU") && word.size() > 3 &&
         word.find_first_not_of("0123456789", 3) == std::string_view::npos;
}

std::optional<SmiPath> path_of(std::string_view word) {
  using Kind = SmiPath::Kind;
  constexpr std::pair<std::string_view, Kind> kNames[] = {{"X", Kind::self},  {"PIX", Kind::pix},   {"PXB", Kind::pxb},
                                                          {"PHB", Kind::phb}, {"NODE", Kind::node}, {"SYS", Kind::sys},
                                                          {"SOC", Kind::sys}};  // the old name of SYS
  for (const auto& [name, kind] : kNames)
    if (word == name) return SmiPath{kind, 0};
  if (!word.starts_with("NV")) return std::nullopt;
  word.remove_prefix(2);
  int links = 0;
  const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), links);
  if (fault != std::errc() || end != word.data() + word.size() || links < 1 || links > 1024) return std::nullopt;
  return SmiPath{Kind::nvlink, links};
}

std::string name_of(const SmiPath& path) {
  constexpr const char* kNames[] = {"X", "NV", "PIX", "PXB", "PHB", "NODE", "SYS"};
  const std::string name = kNames[static_cast<std::size_t>(path.kind)];
  return path.kind == SmiPath::Kind::nvlink ? name + std::to_string(path.nvlinks) : name;
}

class MatrixReader {
 public:
  explicit MatrixReader(const std::string& file) : file_(file) {}

  SmiTopology read(const std::vector<Line>& lines) {
    std::size_t at = 0;
    while (at < lines.size() && !is_header(lines[at])) ++at;
    if (at == lines.size()) {
      errors_.push_back({{file_, 0, 0}, "has no matrix of 'nvidia-smi topo -m': no line begins with GPU0"});
      return {};
    }
    read_header(lines[at]);
    for (++at; at < lines.size() && topology_.devices.size() < columns_.size(); ++at) read_row(lines[at]);
    if (topology_.devices.size() != columns_.size() && errors_.empty())
      errors_.push_back({{file_, lines.back().number, 1},
                         "the matrix ends after " + std::to_string(topology_.devices.size()) + " of " +
                             std::to_string(columns_.size()) + " rows"});
    if (errors_.empty()) check_mirror();
    return std::move(topology_);
  }

  Errors& errors() { return errors_; }

 private:
  static bool is_header(const Line& line) {
    const auto words = words_of(line.text);
    return !words.empty() && is_gpu(words[0]) && (words.size() == 1 || !path_of(words[1]));
  }

  // Devices up to "CPU Affinity"; then, by tabs, where "NUMA Affinity" stands.
  void read_header(const Line& line) {
    for (std::string_view word : words_of(line.text)) {
      if (word == "CPU" || word == "NUMA") break;
      columns_.emplace_back(word);
    }
    if (columns_.size() > kMostDevices) {
      errors_.push_back({line.at(file_, line.text), "more than " + std::to_string(kMostDevices) + " devices"});
      columns_.clear();
    }
    tells_numa_ = line.text.find("NUMA Affinity") != std::string_view::npos;
    tells_cpu_ = line.text.find("CPU Affinity") != std::string_view::npos;
  }

  void read_row(const Line& line) {
    const auto words = words_of(line.text);
    if (words.empty()) return;
    const std::string& expected = columns_[topology_.devices.size()];
    SmiDevice device;
    device.where = line.at(file_, words[0]);
    device.name = std::string(words[0]);
    device.gpu = is_gpu(words[0]);
    if (device.name != expected) {
      errors_.push_back({device.where, "row '" + device.name.substr(0, 80) + "' where the header has '" +
                                           expected.substr(0, 80) + "'"});
      columns_.resize(topology_.devices.size());  // nothing further lines up
      return;
    }
    if (words.size() < columns_.size() + 1)
      return fault_row(std::move(device), "has " + std::to_string(words.size() - 1) + " entries for " +
                                              std::to_string(columns_.size()) + " devices");
    for (std::size_t i = 1; i <= columns_.size(); ++i) read_entry(line, words[i], device);
    read_numa(words, device);
    topology_.devices.push_back(std::move(device));
  }

  void fault_row(SmiDevice device, const std::string& what) {
    errors_.push_back({device.where, "row '" + device.name.substr(0, 80) + "' " + what});
    topology_.devices.push_back(std::move(device));
  }

  void read_entry(const Line& line, std::string_view word, SmiDevice& device) {
    const std::optional<SmiPath> path = path_of(word);
    if (!path)
      errors_.push_back({line.at(file_, word),
                         "'" + std::string(word.substr(0, 80)) + "' is none of X, NV#, PIX, PXB, PHB, NODE, SYS"});
    device.paths.push_back(path.value_or(SmiPath{}));
    const bool own = device.paths.size() == topology_.devices.size() + 1;
    if (path && own != (path->kind == SmiPath::Kind::self))
      errors_.push_back({line.at(file_, word), own ? "'" + std::string(word) + "' where a device meets itself"
                                                   : "'X' where two devices meet"});
  }

  // Behind the matrix: "0-47,96-143  0  N/A". CPUs come first where the header has them.
  void read_numa(const std::vector<std::string_view>& words, SmiDevice& device) const {
    const std::size_t at = columns_.size() + 1 + (tells_cpu_ ? 1 : 0);
    if (!tells_numa_ || at >= words.size()) return;
    int numa = -1;
    const auto [end, fault] = std::from_chars(words[at].data(), words[at].data() + words[at].size(), numa);
    if (fault == std::errc() && numa >= 0 && numa < 4096) device.numa = numa;
  }

  void check_mirror() {
    const auto& devices = topology_.devices;
    for (std::size_t i = 0; i < devices.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) {
        const std::string here = name_of(devices[i].paths[j]), there = name_of(devices[j].paths[i]);
        if (here != there)
          errors_.push_back({devices[i].where,
                             devices[i].name + " to " + devices[j].name + " is " + here + ", but back it is " + there});
      }
  }

  const std::string& file_;
  SmiTopology topology_;
  std::vector<std::string> columns_;
  bool tells_numa_ = false, tells_cpu_ = false;
  Errors errors_;
};

}  // namespace

std::vector<std::size_t> SmiTopology::gpus() const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < devices.size(); ++i)
    if (devices[i].gpu) found.push_back(i);
  return found;
}

std::vector<std::size_t> SmiTopology::nics() const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < devices.size(); ++i)
    if (!devices[i].gpu) found.push_back(i);
  return found;
}

Result<SmiTopology> parse_nvidia_smi(std::string_view text, const std::string& file) {
  if (text.size() > kMostBytes) return too_large(file, kMostBytes);
  const std::string plain = without_escapes(text);
  if (const std::optional<Error> fault = check_encoding(plain, file)) return *fault;
  MatrixReader reader(file);
  SmiTopology topology = reader.read(lines_of(plain));
  if (!reader.errors().empty()) return std::move(reader.errors());
  return topology;
}

}  // namespace orrery::topology
