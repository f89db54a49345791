#pragma once

#include <gtest/gtest.h>

#include <string>

#include "topology/catalogue.h"
#include "topology/fabric.h"

namespace orrery::topology {

inline SearchPath presets() {
  return SearchPath({std::string(ORRERY_SOURCE_DIR) + "/scenarios"});
}

inline Node yaml(const std::string& text) {
  const Result<Node> node = parse_document(text, "test.yaml");
  if (!node) ADD_FAILURE() << to_string(node.errors().front());
  return node ? *node : Node{};
}

inline std::string told(const Errors& errors) {
  std::string text;
  for (const Error& error : errors) text += to_string(error) + "\n";
  return text;
}

inline Result<ClusterSpec> read(const std::string& text) {
  return read_cluster(yaml(text), presets());
}

inline ClusterSpec cluster(const std::string& text) {
  const Result<ClusterSpec> spec = read(text);
  if (!spec) ADD_FAILURE() << text << "\n" << told(spec.errors());
  return spec ? *spec : ClusterSpec{};
}

// What is wrong with it, as a person reads it; empty when nothing is.
inline std::string faults(const std::string& text) {
  const Result<ClusterSpec> spec = read(text);
  return spec ? "" : told(spec.errors());
}

inline Fabric fabric(const ClusterSpec& spec) {
  const Result<Fabric> built = Fabric::build(spec);
  if (!built) ADD_FAILURE() << told(built.errors());
  return built ? *built : Fabric{};
}

inline Fabric fabric(const std::string& text) {
  return fabric(cluster(text));
}

inline std::vector<LinkId> route(const Fabric& f, std::uint32_t from, std::uint32_t to) {
  std::vector<LinkId> links;
  f.route({from}, {to}, links);
  return links;
}

inline std::vector<std::string> named_route(const Fabric& f, std::uint32_t from, std::uint32_t to) {
  std::vector<std::string> names;
  for (LinkId link : route(f, from, to)) names.push_back(f.link_name(link));
  return names;
}

constexpr double gb(BytesPerSecond rate) {
  return static_cast<double>(rate.n) * 1e-9;
}

}  // namespace orrery::topology
