// docs/scenario.md and the JSON Schema, from the table of keys.
#include <nlohmann/json.hpp>
#include <string>

#include "models/scenario/keys/keys.h"
#include "models/scenario/reader.h"

namespace orrery::models {
namespace {

using Json = nlohmann::ordered_json;

std::string in_table(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string shape_text(const Key& key) {
  switch (key.shape) {
    case Shape::count:
      return "count";
    case Shape::number:
      return "number";
    case Shape::flag:
      return "true or false";
    case Shape::text:
      return key.values.empty() ? "text" : in_table(key.values);
    case Shape::choice:
      return in_table(key.values);
    case Shape::counts:
      return "list of counts";
    case Shape::section:
      return "mapping";
    case Shape::special:
      return "see text";
    case Shape::elsewhere:
      return "see hardware.md";
  }
  return "";
}

std::string fallback_text(const Key& key) {
  if (key.required) return "**required**";
  if (key.fallback.empty()) return "";
  return key.computed ? in_table(key.fallback) : "`" + in_table(key.fallback) + "`";
}

std::string status_text(const Key& key) {
  if (key.supported == "all") return "";
  if (key.supported == "none") return "Not supported yet.";
  return "Supported so far: " + in_table(key.supported) + ".";
}

std::string row(const Key& key) {
  std::string doc = in_table(key.doc);
  if (const std::string status = status_text(key); !status.empty()) doc += " " + status;
  return "| `" + std::string(key.path) + "` | " + shape_text(key) + " | " + fallback_text(key) + " | " + doc + " |\n";
}

constexpr std::string_view kHead = R"(# The scenario file: every key

Generated from the reader's own table of keys (`models/scenario/keys*.cpp`); the JSON Schema,
`scenarios/scenario.schema.json`, comes from the same table. Name it in the first line of a scenario and editors complete and check:

    # yaml-language-server: $schema=<path to>/scenario.schema.json

## Rules of reading

- Quantities carry units: `400Gb/s`, `900 GB/s`, `80GiB`, `1.5us`, `989 TFLOP/s`. `b` is bits, `B` is bytes; `k K M G T P` are
  powers of 1000, `Ki Mi Gi Ti Pi` of 1024. A bare number where a unit is needed is an error. Counts take no unit but may
  carry a prefix (`40Mi`) or an exponent (`5e8`). Bandwidths are per direction.
- A name where a mapping may stand is a preset: `model: llama-3.1-405b` is `scenarios/models/llama-3.1-405b.yaml`. `model:`
  also takes the path of a Hugging Face `config.json`. A preset can be overridden key by key:
  `model: {preset: llama-3.1-8b, layers: 16}`; so can `software`. Presets are looked for beside the scenario, then in
  `$ORRERY_PATH` (colon-separated folders), then in the installed data.
- Precedence: `--set`, then the scenario, then its `software` preset, then the defaults below. What was defaulted is listed in
  the result (`defaults_used`) and by `orrery explain`.
- `--set path=value` sets any key: `--set layout.tp=4`, `--set 'layout.order=[tp, dp, cp, pp]'`, `--set model.layers=16` (also where
  `model` is a preset's name), `--set published.0.value=1`.
- Unknown and repeated keys, wrong types and units, keys without a value, and contradictions are errors, all told in one run, each
  with its place. `yes`, `on`, `010`, `nan`, merge keys, tags and several documents in a file are refused; JSON is read as YAML.
- A key whose mechanism is not built yet is refused by name ("not supported yet"), never accepted and ignored.

## Keys

)";

constexpr std::string_view kTail = R"(
## What must agree

- tp·cp·pp·dp is the number of GPUs; `dp` left out is what remains.
- tp divides heads and ffn; kv_heads and tp divide one way or the other (fewer key heads than ranks are copied). Of a layer table, it
  divides what is split ([models](models.md#any-other-network)).
- The global batch is dp·micro_batch times a whole number, m. The sequence divides by tp under sequence parallelism, and by cp.
- A vocabulary that tp does not divide is padded, and listed.
- **Layers to stages**: with n = pp·virtual_stages chunks and no `stage_layers`: if n divides the layers, each chunk gets layers/n.
  Otherwise embedding and head count as one layer each: every chunk gets ⌊(layers+2)/n⌋ units, and the r left over go one each to
  the middle chunks, ⌊(n−r)/2⌋ onward. n is at most layers + 2. `stage_layers` counts transformer layers only. A software preset may deal by
  what layers multiply instead ([software presets](models.md#software-presets)).
- **Expert grid**: attention uses tp·cp·dp·pp, experts etp·ep·edp·pp over the same GPUs, so etp·ep divides tp·cp·dp; ep divides the experts.
- Interleaved schedules: group N ≤ m, and m mod N is 0 or at least min(pp, N). Several chunks a rank need pp > 1 and a schedule that has them.
- `stage_replicas`: pp entries whose sum times tp is the number of GPUs; dp is 1, and the micro-batches of a step are a multiple of each.
- `zero` and `fsdp` exclude each other.
- The GPU has a peak for the precision asked for.
- `sequence_parallel: true` at tp 1 is switched off with a warning, as frameworks do.

## What a software preset may set

Any key of training, layout, pipeline and overlap except sizes and degrees, under `defaults:` in `scenarios/software/NAME.yaml`.
`overlap.pipeline: interleaved` there means true for interleaved schedules only, `{fp16: A, bf16: B}` A or B by the precision; `auto` takes an inherited habit
back. A habit of sends that wait yields to schedules that would deadlock so. The other keys of such a file are the stack's habits (`models/software/stack.h`). A preset that only inherits says so in the result's warnings.

What comes out of a run, key by key, stands in [report](report.md); the conventions of its FLOPs in [flops](flops.md).
)";

// A count may be a plain integer, or text with a prefix or an exponent.
Json count_schema(const Key& key) {
  Json integer{{"type", "number"}, {"minimum", static_cast<std::int64_t>(key.low)}};
  if (key.high < 1e15) integer["maximum"] = static_cast<std::int64_t>(key.high);
  Json prefixed{{"type", "string"},
                {"pattern", "^[0-9][0-9_]*(\\.[0-9]+)?([eE][+]?[0-9]+)? ?(k|K|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$"}};
  return {{"anyOf", {integer, prefixed}}};
}

Json number_schema(const Key& key) {
  Json number{{"type", "number"}, {"minimum", key.low}};
  if (key.high < 1e15) number["maximum"] = key.high;
  return number;
}

Json value_schema(const Key& key) {
  switch (key.shape) {
    case Shape::count:
      return count_schema(key);
    case Shape::number:
      return number_schema(key);
    case Shape::flag:
      return {{"type", "boolean"}};
    case Shape::text:
      return {{"type", "string"}};
    case Shape::counts:
      return {{"type", "array"}, {"items", count_schema(key)}};
    case Shape::special:
      return Json::parse(key.schema);
    case Shape::choice:
      if (key.values == "1") return {{"const", 1}};
      return {{"enum", split_values(key.values)}};
    case Shape::section:
      break;
    case Shape::elsewhere:
      return Json::object();  // described by the hardware's own reader
  }
  return Json::object();
}

Json described(const Key& key, Json schema) {
  std::string text(key.doc);
  if (key.supported == "none") text += " Not supported yet.";
  schema["description"] = text;
  return schema;
}

Json section_schema(std::string_view section) {
  Json properties = Json::object(), required = Json::array();
  bool preset = false;
  for (const Key* key : keys_in(section)) {
    const std::string name(key->name());
    Json value = key->shape == Shape::section ? section_schema(key->path) : value_schema(*key);
    // A name may stand where the model's mapping may.
    if (key->path == "model") value = {{"anyOf", {Json{{"type", "string"}}, value}}};
    properties[name] = described(*key, std::move(value));
    // A preset may bring the experts and the scenario change one number of them.
    if (key->required && section != "model.moe") required.push_back(name);
    preset = preset || name == "preset";
  }
  Json schema{{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
  // With a preset, what it says need not be said again.
  if (preset && !required.empty())
    schema["anyOf"] = {Json{{"required", {"preset"}}}, Json{{"required", required}}};
  else if (!required.empty())
    schema["required"] = required;
  return schema;
}

}  // namespace

std::string scenario_reference_markdown() {
  std::string page(kHead);
  for (const Key* top : keys_in("")) {
    if (top->shape != Shape::section) continue;
    page += "### `" + std::string(top->path) + "`\n\n" + std::string(top->doc) +
            "\n\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n";
    const std::string prefix = std::string(top->path) + ".";
    for (const Key& key : all_keys())
      if (key.path.starts_with(prefix)) page += row(key);
    page += "\n";
  }
  page += "### At the top\n\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n";
  for (const Key* top : keys_in(""))
    if (top->shape != Shape::section) page += row(*top);
  return page + std::string(kTail);
}

std::string scenario_json_schema() {
  Json schema = section_schema("");
  schema["$schema"] = "http://json-schema.org/draft-07/schema#";
  schema["title"] = "Orrery scenario";
  return schema.dump(2) + "\n";
}

}  // namespace orrery::models
