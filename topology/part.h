#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/id.h"
#include "topology/hardware.h"

namespace orrery::topology {

// One direction of a wire, or of a bundle of wires that balanced routing loads evenly.
struct FabricLink {
  LinkKind kind = LinkKind::nvlink;
  bool gpus_own = false;  // PCIe of a GPU that no NVLink joins to others
  BytesPerSecond capacity;

  // Whether GPUs of a node are joined by it as kernels reach it, and not shared with anything beyond.
  bool joins_gpus() const { return kind == LinkKind::nvlink || gpus_own; }
};
using Links = IdVector<LinkId, FabricLink>;

// A vertex of a part: one of the endpoints that it joins, or a switch of its own.
struct Vertex {
  bool inner = false;
  std::uint32_t index = 0;
};

// A part of a fabric that owns links: the NVLinks, the hosts, the network. Links
// come in pairs, out (or up) before in (or down); a pair's number is counted in
// the part, so ids are computed from coordinates and back.
class Part {
 public:
  Part() = default;
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  virtual ~Part() = default;

  // Appends its links, the first at the next free id. Once.
  void place(Links& links);
  bool owns(LinkId link) const { return link.value >= first_ && link.value - first_ < 2 * pairs_; }
  std::uint32_t pairs() const { return pairs_; }
  LinkId out(std::uint32_t pair) const { return {first_ + 2 * pair}; }
  LinkId in(std::uint32_t pair) const { return {first_ + 2 * pair + 1}; }
  std::uint32_t pair_of(LinkId link) const { return (link.value - first_) / 2; }

  // "node3/gpu5 nvlink", "leaf2-spine1"; the words for its two directions.
  virtual std::string name(std::uint32_t pair) const = 0;
  virtual std::pair<std::string_view, std::string_view> directions(std::uint32_t) const { return {"out", "in"}; }
  virtual std::pair<Vertex, Vertex> ends(std::uint32_t pair) const = 0;  // below, above

  // Switches of its own, for graphs and drawings: the lowest first.
  virtual std::uint32_t switches() const { return 0; }
  virtual std::string switch_name(std::uint32_t index) const { return "switch" + std::to_string(index); }
  virtual int tier(std::uint32_t) const { return 1; }  // 1: next to the endpoints

  // Where a link is a bundle: how many wires, and what each is called.
  virtual int wires(std::uint32_t) const { return 1; }
  virtual std::string wire_name(std::uint32_t pair, int) const { return name(pair); }

 protected:
  virtual void add_pairs(Links& links) const = 0;
  static void add_pair(Links& links, LinkKind kind, BytesPerSecond capacity, bool gpus_own = false) {
    links.add({.kind = kind, .gpus_own = gpus_own, .capacity = capacity});
    links.add({.kind = kind, .gpus_own = gpus_own, .capacity = capacity});
  }

 private:
  std::uint32_t first_ = 0, pairs_ = 0;
};

// A part with routes between its endpoints.
class Interconnect : public Part {
 public:
  // Whether a route exists within this part.
  virtual bool joins(std::uint32_t, std::uint32_t) const { return true; }

  // Links crossed, appended in order. `path` tells flows of one pair apart where
  // routing is hashed; elsewhere it changes nothing.
  virtual void route(std::uint32_t from, std::uint32_t to, std::uint32_t path, std::vector<LinkId>& links) const = 0;

  virtual int switches_passed(std::uint32_t from, std::uint32_t to) const = 0;

  // Where the endpoints of every domain are joined alike: how much higher the links of a
  // route are numbered in the next domain. 0 if there is no such number.
  virtual std::uint32_t links_a_domain() const { return 0; }

  // The switch that an endpoint hangs on, where ways between endpoints are those between their switches.
  virtual std::optional<std::uint32_t> leaf_of(std::uint32_t) const { return std::nullopt; }

  // Of the route, where its links have latencies of their own; else switches are counted.
  virtual std::optional<Duration> own_latency(std::uint32_t, std::uint32_t) const { return std::nullopt; }
};

}  // namespace orrery::topology
