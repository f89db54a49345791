#pragma once

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "models/scenario/keys/keys.h"
#include "sim/base/read/fields.h"
#include "sim/base/read/search_path.h"

namespace orrery::models {

// A scenario while it is being read: what is known so far, and every fault.
struct Reading {
  explicit Reading(SearchPath search) : path(std::move(search)) {}

  Scenario scenario;
  Errors errors;
  SearchPath path;
  std::string folder;           // of the scenario file
  bool model_is_named = false;  // a preset or a config: its own defaults are not listed
  bool has_cluster = false;     // the cluster was read without faults
  bool is_job = false;          // in another scenario's `jobs`
  Node habits_with_stages;      // the software preset's `with_stages`
  std::string attention_kind;   // as written: mha, gqa or mqa, which only name what kv_heads says

  std::set<std::string, std::less<>> broken;  // keys, or whole sections, with a fault of their own

  // Were these read without a fault? A check that leans on a broken value would
  // only tell the same fault twice.
  bool knows(std::initializer_list<std::string_view> keys) const;
  bool written(std::string_view key) const { return scenario.places.contains(std::string(key)); }
  Where at(std::string_view key) const { return scenario.at(key); }
  void fail(const Where& where, std::string what, Fault fault = Fault::input);
  void fail(std::string_view key, std::string what) { fail(at(key), std::move(what)); }
  void not_yet(const Where& where, const std::string& what);
  void defaulted(std::string_view key, std::string_view value, std::string_view by = {});
};

std::string quote(std::string_view text);

// What is remembered() of something that is looked for along a path hangs on its folders too.
std::string key_along(std::string key, const SearchPath& path);

// Reads every key of `section` from `node`; unknown keys are faults. Keys that
// are absent take their fallback and are listed.
// The sections below the top are not entered from there: reader.cpp reads them one by one.
void read_section(Reading& reading, std::string_view section, const Node& node);

// What the software preset does otherwise where there are pipeline stages.
void apply_habits_with_stages(Reading& reading);

// The contract's wording for the keys that take several shapes.
void read_precision(Reading&, const Key&, const Node&);
void read_optimizer(Reading&, const Key&, const Node&);
void read_recompute(Reading&, const Key&, const Node&);
void read_attention_kind(Reading&, const Key&, const Node&);
void read_document_lengths(Reading&, const Key&, const Node&);
void read_capacity_factor(Reading&, const Key&, const Node&);
void read_routing(Reading&, const Key&, const Node&);
void read_cp_method(Reading&, const Key&, const Node&);
void read_reshard(Reading&, const Key&, const Node&);
void read_offload(Reading&, const Key&, const Node&);
void read_zeropp(Reading&, const Key&, const Node&);
void read_order(Reading&, const Key&, const Node&);
void read_by_layers(Reading&, const Key&, const Node&);
void read_schedule(Reading&, const Key&, const Node&);
void read_memory_limit(Reading&, const Key&, const Node&);
void read_fold(Reading&, const Key&, const Node&);
void read_stragglers(Reading&, const Key&, const Node&);
void read_published(Reading&, const Key&, const Node&);
void read_jobs(Reading&, const Key&, const Node&);

// Layers of a mapping: `over` wins key by key. A mapping whose `kind` or
// `preset` differs replaces the one below it.
Node merged(const Node& base, const Node& over);

// The model as one mapping: preset, config.json or inline, overrides applied.
Result<Node> resolve_model(Reading& reading, const Node& node);

// The software preset: habits into scenario.software; its `defaults` mapping is
// returned (null when there is none).
Node resolve_software(Reading& reading, const Node* node);

// Fills keys that nobody wrote into `root` from a software preset's defaults.
void apply_software_defaults(Reading& reading, Node& root, const Node& defaults);

// `--set path=value` into the tree.
void apply_override(Node& root, const std::string& path, const std::string& value, Errors& errors);

// Loads of experts, where `model.moe.routing` names a file.
void read_loads(Reading& reading);
// A model that is a layer table, with what the section asks of any model beside it; any other one as it is.
Node with_layer_table(Reading& reading, Node model);
std::vector<int> stages_of_table(const std::vector<TableLayer>& table, int chunks);
void check_layer_table(Reading& reading);

// Rules that fill in what was left out, and what must agree with what.
void derive_model(Reading& reading);
void derive_layout(Reading& reading);
void derive_pipeline(Reading& reading);
void derive_rest(Reading& reading);
void check_model(Reading& reading);
void check_grid(Reading& reading);
void check_tensor_grid(Reading& reading);
void check_by_layers(Reading& reading);
void check_batch(Reading& reading);
void check_pipeline(Reading& reading);
void check_stage_replicas(Reading& reading);
void check_sharding(Reading& reading);
void check_hardware(Reading& reading);
void check_jobs(Reading& reading);
void tell_what_is_in_vain(Reading& reading);

}  // namespace orrery::models
