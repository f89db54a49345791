// How long our kernels take, by what they are launched with: laws that are easy to find again, not those of a GPU.
#include "kernels.h"

#include <algorithm>

#include "validate/cuda/kernels/arena.h"
#include "validate/cuda/kernels/attention/tensors.h"

namespace orrery::pretend {
namespace {

using validate::cuda::AttentionTensors;
using validate::cuda::Operands;

constexpr double kLaunch = 2000, kBytesPerNs = 2500;
constexpr double kAttentionFlopsPerNs = 400e3;

template <class T>
const T& argument(void** arguments, int i) {
  return *static_cast<const T*>(arguments[i]);
}

Item takes(double ns) {
  const Ns time = Machine::get().slowed(ns);
  return [time](Ns ready) { return ready + time; };
}

Item mark(const void* slot) {
  return [slot](Ns ready) { return Machine::get().marks[slot] = ready + 1000; };
}

Item hold(const void* slot, Ns time) {
  return [slot, time](Ns ready) { return std::max(ready, Machine::get().marks[slot] + time); };
}

// Bytes of one vector from each operand, whatever the operator.
Item stream(std::uint64_t units, double bytes_of_a_unit, int sms) {
  return takes(kLaunch + roofline_ns(0, 1, static_cast<double>(units) * bytes_of_a_unit, sms));
}

Item attention(const AttentionTensors& t, dim3 grid, double passes, int sms) {
  const double head_batches = grid.x;
  const double scores = 0.5 * t.queries * t.keys * head_batches;
  return takes(kLaunch + roofline_ns(passes * 4 * 128 * scores, kAttentionFlopsPerNs, 0, sms));
}

bool inside(const void* at, std::uint64_t bytes) {
  return Machine::get().holds(at, bytes);
}

Item between(void** arguments, int sms) {
  constexpr std::uint64_t kVector = 16;
  const auto vectors = argument<std::uint64_t>(arguments, 2);
  if (!inside(argument<const void*>(arguments, 0), vectors * kVector) ||
      !inside(argument<const void*>(arguments, 1), vectors * kVector))
    return nullptr;
  return stream(vectors, 2 * kVector, sms);
}

// A kernel that goes through rings: of as many bytes as their masks say.
bool rings_inside(const Operands& o) {
  return inside(o.in.base, (o.in.mask + 1) * 16) && inside(o.out.base, (o.out.mask + 1) * 16);
}

}  // namespace

double roofline_ns(double flops, double flops_per_ns, double bytes, int sms) {
  const double share = static_cast<double>(sms) / Machine::kSms;
  return std::max(flops / flops_per_ns, bytes / kBytesPerNs) / share;
}

Item kernel_item(const std::string& name, dim3 grid, dim3, void** arguments, int sms) {
  const auto is = [&name](const char* part) { return name.find(part) != std::string::npos; };
  if (is("5delay"))
    return [time = static_cast<Ns>(argument<std::uint64_t>(arguments, 0))](Ns ready) { return ready + time; };
  if (is("mark_time")) return mark(argument<const void*>(arguments, 0));
  if (is("hold_until"))
    return hold(argument<const void*>(arguments, 0), static_cast<Ns>(argument<std::uint64_t>(arguments, 1)));
  if (is("copy_into") || is("add_into")) return between(arguments, sms);
  if (is("attention_forward")) return attention(argument<AttentionTensors>(arguments, 0), grid, 1, sms);
  if (is("attention_query_gradient")) return attention(argument<AttentionTensors>(arguments, 0), grid, 1.5, sms);
  if (is("attention_key_gradient")) return attention(argument<AttentionTensors>(arguments, 0), grid, 2, sms);
  if (is("attention_") || is("fill_")) return takes(5000);
  const Operands& operands = argument<Operands>(arguments, 0);
  if (!rings_inside(operands)) return nullptr;
  if (is("4rope")) return stream(argument<std::uint64_t>(arguments, 2), 32, sms);
  const auto units = argument<std::uint64_t>(arguments, 1);
  constexpr double kRowBytes = 4096 * 2 * 2;
  return stream(units, is("rows") || is("sum_columns") ? kRowBytes : 48, sms);
}

}  // namespace orrery::pretend
