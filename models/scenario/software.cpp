// Software presets: a stack's habits as data (scenarios/software).
#include <algorithm>
#include <memory>
#include <utility>

#include "models/scenario/reader.h"
#include "models/scenario/reading.h"

namespace orrery::models {
namespace {

// A chain of inheritance longer than this goes round in a circle.
constexpr int kLongestChain = 8;

struct Loaded {
  Node habits;           // inherited keys below, own keys on top
  std::string inherits;  // the preset named by the file itself
};

Node without(const Node& map, std::string_view key) {
  Node rest = map;
  std::erase_if(rest.entries, [&](const Node::Entry& entry) { return entry.key == key; });
  return rest;
}

// Habits `own` over those of `base`: they hold where there are stages too, unless they say otherwise themselves.
Node over(Node base, const Node& own) {
  for (Node::Entry& entry : base.entries)
    if (entry.key == "with_stages")
      std::erase_if(entry.value.entries, [&](const Node::Entry& habit) { return own.find(habit.key) != nullptr; });
  return merged(base, own);
}

Result<Loaded> load(const std::string& name, const Where& asked_at, const SearchPath& path, int depth = 0) {
  Error circle;
  circle.where = asked_at;
  circle.what = "software presets inherit from each other in a circle";
  if (depth > kLongestChain) return circle;
  const Result<std::string> file = path.find("software", name, asked_at);
  if (!file) return file.errors();
  Result<Node> own = read_document(*file);
  if (!own) return std::move(own).errors();
  const Node* inherits = own->find("inherits");
  if (!inherits || !inherits->is_scalar()) return Loaded{std::move(*own), {}};

  Result<Loaded> below = load(inherits->text, inherits->where, path, depth + 1);
  if (!below) return below;
  Node base = without(below->habits, "worked_out");
  return Loaded{over(std::move(base), *own), inherits->text};
}

void read_kernels(Fields& fields, Stack& stack) {
  const std::pair<const char*, bool*> flags[] = {{"fused_bias_activation", &stack.fused_bias_activation},
                                                 {"fused_bias_dropout_add", &stack.fused_bias_dropout_add},
                                                 {"fused_softmax", &stack.fused_softmax},
                                                 {"fused_rope", &stack.fused_rope},
                                                 {"whole_qkv", &stack.whole_qkv},
                                                 {"fused_norm", &stack.fused_norm},
                                                 {"fused_cross_entropy", &stack.fused_cross_entropy},
                                                 {"chunked_loss", &stack.chunked_loss},
                                                 {"fused_wgrad_accumulation", &stack.fused_wgrad_accumulation},
                                                 {"gradient_casts", &stack.gradient_casts},
                                                 {"whole_gradients", &stack.whole_gradients},
                                                 {"dummy_weight_gradients", &stack.dummy_weight_gradients},
                                                 {"experts_launched_one_by_one", &stack.experts_launched_one_by_one},
                                                 {"weighs_expert_outputs", &stack.weighs_expert_outputs},
                                                 {"fp8_dispatch", &stack.fp8_dispatch},
                                                 {"fp8_activation_inputs", &stack.fp8_activation_inputs},
                                                 {"fp32_logits", &stack.fp32_logits}};
  for (const auto& [key, target] : flags) *target = fields.flag(key).value_or(*target);
  const std::pair<const char*, int*> copies[] = {{"logit_copies", &stack.logit_copies},
                                                 {"logit_gradient_copies", &stack.logit_gradient_copies},
                                                 {"split_logit_copies", &stack.split_logit_copies}};
  for (const auto& [key, target] : copies) *target = static_cast<int>(fields.count(key, 0, 16).value_or(*target));
  const std::pair<const char*, double*> slowdowns[] = {{"gemm_slowdown", &stack.slowdown.gemm},
                                                       {"attention_slowdown", &stack.slowdown.attention},
                                                       {"memory_bound_slowdown", &stack.slowdown.memory_bound}};
  for (const auto& [key, target] : slowdowns) *target = fields.number(key, 0.01, 100).value_or(*target);
  stack.exchange_sms = static_cast<int>(fields.count("exchange_sms", 0, 64).value_or(stack.exchange_sms));
  stack.attention_kernel = fields.text("attention_kernel").value_or(stack.attention_kernel);
}

void read_host(Fields& fields, Stack& stack) {
  stack.launch = fields.duration("launch").value_or(stack.launch);
  stack.host_sync = fields.duration("host_sync").value_or(stack.host_sync);
  stack.step_overhead = fields.duration("step_overhead").value_or(stack.step_overhead);
  stack.cuda_graphs = fields.flag("cuda_graphs").value_or(stack.cuda_graphs);
  stack.blocking_launches = fields.flag("blocking_launches").value_or(stack.blocking_launches);
  stack.pipeline_sync = fields.flag("pipeline_sync").value_or(stack.pipeline_sync);
}

void read_parallelism(Fields& fields, Stack& stack) {
  const std::pair<const char*, bool*> flags[] = {{"async_tp_dgrad", &stack.async_tp_dgrad},
                                                 {"regather_inputs", &stack.regather_inputs},
                                                 {"loss_average_per_micro_batch", &stack.loss_average_per_micro_batch},
                                                 {"stages_by_cost", &stack.stages_by_cost},
                                                 {"scatter_gather", &stack.scatter_gather},
                                                 {"deallocate_outputs", &stack.deallocate_outputs},
                                                 {"clip_gradients", &stack.clip_gradients},
                                                 {"check_overflow", &stack.check_overflow},
                                                 {"optimizer_fused", &stack.optimizer_fused},
                                                 {"reduce_in_fp32", &stack.reduce_in_fp32},
                                                 {"fills_buckets", &stack.fills_buckets},
                                                 {"gradient_bucket_copies", &stack.gradient_bucket_copies},
                                                 {"all_reduces_split_gradients", &stack.all_reduces_split_gradients},
                                                 {"shards_each_parameter", &stack.shards_each_parameter}};
  for (const auto& [key, target] : flags) *target = fields.flag(key).value_or(*target);
  stack.gather_buffers = static_cast<int>(fields.count("gather_buffers", 0, 16).value_or(stack.gather_buffers));
  stack.gather_copies = static_cast<int>(fields.count("gather_copies", 0, 16).value_or(stack.gather_copies));
  stack.collective_delay = fields.duration("collective_delay").value_or(stack.collective_delay);
}

void read_memory(Fields& fields, Stack& stack) {
  stack.runtime = fields.bytes("runtime").value_or(stack.runtime);
  stack.expandable_segments = fields.flag("expandable_segments").value_or(stack.expandable_segments);
  const auto tensors = fields.choice("state_tensors", {"one", "each", "buffers"});
  if (tensors == "each") stack.state_tensors = Stack::StateTensors::each;
  if (tensors == "buffers") stack.state_tensors = Stack::StateTensors::buffers;
}

void read_habits(Fields& fields, Stack& stack) {
  read_kernels(fields, stack);
  read_host(fields, stack);
  read_parallelism(fields, stack);
  read_memory(fields, stack);
}

void read_with_stages(const Node& habits, Stack& stack, Errors& errors) {
  Fields fields(habits, "software.with_stages", errors);
  read_habits(fields, stack);
  fields.finish();
}

// `preset`, `inherits` and `defaults` are not habits and are read elsewhere.
Stack read_stack(const Node& node, Errors& errors) {
  Stack stack;
  Fields fields(node, "software", errors);
  for (const char* key : {"inherits", "defaults"}) fields.node(key);
  if (const Node* others = fields.node("with_stages")) {
    Stack only_checked;
    read_with_stages(*others, only_checked, errors);
  }
  read_habits(fields, stack);
  // Who only inherits has not been worked out, unless the file says otherwise.
  stack.worked_out = fields.flag("worked_out").value_or(!fields.has("inherits"));
  fields.finish();
  return stack;
}

Stack finish(const Loaded& loaded, const std::string& name, Errors& errors) {
  Stack stack = read_stack(loaded.habits, errors);
  stack.name = name;
  stack.inherits = loaded.inherits;
  return stack;
}

// A preset as it stands by itself, with what is wrong in it.
struct Preset {
  Loaded loaded;
  Stack stack;
  Errors faults;
};

Result<std::shared_ptr<const Preset>> preset_of(const Node& name, const SearchPath& path) {
  return remembered(key_along("software " + name.text, path), [&]() -> Result<std::shared_ptr<const Preset>> {
    Result<Loaded> loaded = load(name.text, name.where, path);
    if (!loaded) return std::move(loaded).errors();
    const auto preset = std::make_shared<Preset>(Preset{std::move(*loaded), {}, {}});
    preset->stack = finish(preset->loaded, name.text, preset->faults);
    return std::shared_ptr<const Preset>(preset);
  });
}

// Where the stack is known: what there is to say of it, habits with stages, and its defaults.
Node settle_habits(Reading& reading, const Node& habits) {
  const Stack& stack = reading.scenario.software;
  if (!stack.worked_out)
    reading.scenario.warnings.push_back("software " + stack.name + " is not worked out yet; the habits of " +
                                        stack.inherits + " stand for it");
  if (const Node* others = habits.find("with_stages")) reading.habits_with_stages = *others;
  const Node* defaults = habits.find("defaults");
  return defaults ? *defaults : Node();
}

}  // namespace

Result<Stack> read_software(const std::string& name, const SearchPath& path) {
  const Result<Loaded> loaded = load(name, Where(), path);
  if (!loaded) return loaded.errors();
  Errors errors;
  Stack stack = finish(*loaded, name, errors);
  if (!errors.empty()) return errors;
  return stack;
}

// They were checked as the preset was read.
void apply_habits_with_stages(Reading& reading) {
  Errors told_before;
  if (reading.habits_with_stages.is_map())
    read_with_stages(reading.habits_with_stages, reading.scenario.software, told_before);
}

Node resolve_software(Reading& reading, const Node* node) {
  const Node* preset = !node || node->is_scalar() ? node : node->find("preset");
  if (!preset || !preset->is_scalar()) {
    reading.fail(node ? node->where : Where(), "'software' must be a preset's name, or a mapping with 'preset'");
    return {};
  }
  const Result<std::shared_ptr<const Preset>> named = preset_of(*preset, reading.path);
  if (!named) {
    reading.errors.insert(reading.errors.end(), named.errors().begin(), named.errors().end());
    return {};
  }
  const auto& [loaded, stack, faults] = **named;
  if (node->is_map()) {
    const Loaded with{over(loaded.habits, without(*node, "preset")), loaded.inherits};
    reading.scenario.software = finish(with, preset->text, reading.errors);
    return settle_habits(reading, with.habits);
  }
  reading.scenario.software = stack;
  reading.errors.insert(reading.errors.end(), faults.begin(), faults.end());
  return settle_habits(reading, loaded.habits);
}

}  // namespace orrery::models
