#include "models/compute/calibration/reader.h"

namespace orrery::models {
namespace {

constexpr DocumentLimits kLimits{256u << 20, 16, 8'000'000};

}  // namespace

Result<Calibration> CalibrationReader::read(const Node& root) {
  Fields f(root, "calibration", errors_);
  if (!root.is_map() || !read_schema(f)) return std::move(errors_);
  f.require({"machine"});
  out_.created_utc = f.text("created_utc").value_or("");
  read_texts(f, "tool", out_.tool);
  read_machine(f);
  read_intervals(f, "conditions", out_.conditions);
  read_intervals(f, "peaks", out_.peaks);
  read_intervals(f, "launch", out_.launch);
  read_gemm(f);
  read_attention(f);
  read_memory_bound(f);
  read_collective(f);
  read_checks(f);
  read_interference(f);
  f.finish();
  refuse_repeats();
  if (!errors_.empty()) return std::move(errors_);
  return std::move(out_);
}

bool CalibrationReader::read_schema(Fields& f) {
  f.require({"schema"});
  const auto schema = f.text("schema");
  const std::string expected = "orrery-calibration/" + std::to_string(Calibration::kMajor);
  if (schema && *schema != expected)
    f.fail("schema", "schema '" + schema->substr(0, 60) + "' is not one that is read here; " + expected + " is");
  return schema == expected;
}

void CalibrationReader::read_texts(Fields& f, std::string_view key, std::map<std::string, std::string>& to) {
  const Node* node = f.node(key);
  if (!node) return;
  Fields texts(*node, std::string(key), errors_);
  for (const Node::Entry& entry : node->entries)
    if (const auto text = texts.text(entry.key)) to[entry.key] = *text;
}

void CalibrationReader::read_machine(Fields& f) {
  read_texts(f, "machine", out_.machine);
  const auto gpu = out_.machine.find("gpu");
  if (gpu == out_.machine.end()) {
    if (f.has("machine")) f.fail("machine", "'machine' needs 'gpu': the GPU file that the curves are relative to");
    return;
  }
  out_.gpu = gpu->second;
  out_.machine.erase(gpu);
}

std::optional<Interval> CalibrationReader::interval(const Node& node, const std::string& name) {
  Fields f(node, name, errors_);
  f.require({"value"});
  const auto value = f.number("value");
  const auto read = spread(f, value, 1);
  f.finish();
  return read;
}

std::optional<Interval> CalibrationReader::spread(Fields& f, std::optional<double> value, double scale) {
  const auto low = f.number("low"), high = f.number("high");
  const auto samples = f.count("samples", 1, 1'000'000'000);
  if (!value) return std::nullopt;
  const Interval out{*value * scale, low.value_or(*value) * scale, high.value_or(*value) * scale,
                     static_cast<int>(samples.value_or(1))};
  if (out.low <= out.value && out.value <= out.high) return out;
  f.fail("low", "an interval must hold its value: low <= value <= high");
  return std::nullopt;
}

std::optional<Interval> CalibrationReader::time(Fields& f) {
  f.require({"us"});
  const auto us = f.number("us", 1e-6, kLongest);
  return spread(f, us, 1e-6);
}

void CalibrationReader::read_intervals(Fields& f, std::string_view key, std::map<std::string, Interval>& to) {
  const Node* node = f.node(key);
  if (!node) return;
  Fields section(*node, std::string(key), errors_);
  for (const Node::Entry& entry : node->entries)
    if (section.node(entry.key) != nullptr)
      if (const auto read = interval(entry.value, std::string(key) + "." + entry.key)) to[entry.key] = *read;
}

Result<Calibration> parse_calibration(std::string_view text, const std::string& file) {
  const Result<Node> root = parse_document(text, file, kLimits);
  if (!root) return root.errors();
  return CalibrationReader(file).read(*root);
}

Result<Calibration> read_calibration(const std::string& path) {
  const Result<Node> root = read_document(path, kLimits);
  if (!root) return root.errors();
  return CalibrationReader(path).read(*root);
}

}  // namespace orrery::models
