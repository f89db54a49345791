#include "validate/cuda/attention/attention.h"

#include <cmath>

#include "validate/plan/attention_plan.h"

namespace orrery::validate::cuda {
namespace {

std::uint64_t bytes(std::int64_t n) {
  return static_cast<std::uint64_t>(n);
}

}  // namespace

bool Attention::reserve(const models::AttentionShape& shape, int sms) {
  const auto plan = attention_plan(shape);
  if (!plan) {
    faults_.add(plan.errors().front().what, Fault::unsupported);
    return false;
  }
  constexpr std::uint64_t kSlack = 16 << 10;  // pieces of a ring begin at round addresses
  const std::int64_t inputs = plan->q + plan->k + plan->v + (shape.backward ? 2 * plan->o + plan->row_figures : 0);
  const std::int64_t parts = shape.backward ? parts_of_group(shape, sms) : 1;
  const std::int64_t sums = (parts > 1 ? parts + 1 : 1) * (plan->k + plan->v);
  const std::int64_t outputs = shape.backward ? plan->q + sums + plan->row_figures : plan->o + plan->row_figures;
  return arena_.reserve(Fill::bf16, bytes(inputs) + kSlack, bytes(outputs) + kSlack);
}

void Attention::run(const models::AttentionShape& shape, int sms, cudaStream_t stream) {
  if (!reserve(shape, sms)) return;
  const AttentionPlan plan = *attention_plan(shape);
  const auto input = [&](std::int64_t n) { return static_cast<const Bf16*>(arena_.input(Fill::bf16, bytes(n))); };
  const auto output = [&](std::int64_t n) { return static_cast<Bf16*>(arena_.output(bytes(n))); };
  const auto figures = [](const void* memory) { return static_cast<float*>(const_cast<void*>(memory)); };
  AttentionTensors t;
  t.q = input(plan.q);
  t.k = input(plan.k);
  t.v = input(plan.v);
  t.queries = static_cast<int>(shape.queries);
  t.keys = static_cast<int>(shape.keys);
  t.heads = static_cast<int>(shape.heads);
  t.kv_heads = static_cast<int>(shape.kv_heads);
  t.window = static_cast<int>(shape.window);
  t.causal = shape.causal;
  t.scale = 1.0f / std::sqrt(static_cast<float>(shape.head_dim));
  const auto batch = static_cast<int>(shape.batch);
  if (!shape.backward) {
    t.o = output(plan.o);
    t.log_sum = figures(output(plan.row_figures));
    faults_.ok(launch_attention_forward(t, plan.dim, plan.value_dim, batch, stream), "attention");
    return;
  }
  // What the forward pass would have left: its output and the logarithms of its sums are
  // read, never written.
  t.o = const_cast<Bf16*>(input(plan.o));
  t.d_o = input(plan.o);
  t.log_sum = figures(input(plan.row_figures));
  t.delta = figures(output(plan.row_figures));
  t.dq = output(plan.q);
  t.dk = output(plan.k);
  t.dv = output(plan.v);
  t.parts = parts_of_group(shape, sms);
  if (t.parts > 1) {
    t.dk_parts = output(t.parts * plan.k);
    t.dv_parts = output(t.parts * plan.v);
  }
  faults_.ok(launch_attention_backward(t, plan.dim, plan.value_dim, batch, stream), "attention backward");
}

}  // namespace orrery::validate::cuda
