#pragma once

#include "sim/base/read/fields.h"
#include "topology/hardware.h"
#include "topology/read/parts/links.h"

namespace orrery::topology {

// The parts of a cluster's mapping, one file each. `cluster` is the whole mapping;
// what nobody wrote goes to `spec.defaults_used`, every fault to `errors`.

void read_scale_up(Fields& cluster, const LinkFacts& links, Errors& errors, ClusterSpec& spec);  // scale_up.cpp
void read_host(Fields& cluster, const LinkFacts& links, Errors& errors, ClusterSpec& spec);      // host.cpp
void read_fabric(Fields& cluster, const LinkFacts& links, Errors& errors, ClusterSpec& spec);    // network.cpp
void read_faults(Fields& cluster, Errors& errors, ClusterSpec& spec);                            // faults.cpp
void read_nccl(Fields& cluster, Errors& errors, ClusterSpec& spec);                              // nccl.cpp

// What they share.

using Names = std::initializer_list<std::string_view>;
bool is_one_of(std::string_view name, Names names);

// A key that its neighbour `beside` gives no meaning is not taken in silence. One
// that a preset left behind is: whoever changed `beside` did not write it.
void refuse_idle(Fields& f, std::string_view key, std::string_view beside = "kind");

// `dimensions: [4, 4, 8]`, or how many of them; of `vertices` altogether.
std::vector<int> read_dimensions(Fields& f, int vertices, const std::string& of_what);

// A row that is taken where nobody names one.
template <class Row>
const Row* usual(const std::vector<Row>& rows, std::string_view name) {
  for (const Row& row : rows)
    if (row.name == name) return &row;
  return nullptr;
}

}  // namespace orrery::topology
