#include "validate/plan/attention_plan.h"

#include <array>

namespace orrery::validate {

Result<AttentionPlan> attention_plan(const models::AttentionShape& shape) {
  using models::Dtype;
  if (shape.dtype != Dtype::bf16 && shape.dtype != Dtype::fp16)
    return Error{{},
                 "attention in " + std::string(topology::to_string(shape.dtype)) + " is not run on a GPU yet",
                 Fault::unsupported};
  if (shape.kv_heads < 1 || shape.heads % shape.kv_heads != 0)
    return Error{{},
                 std::to_string(shape.heads) + " query heads do not share " + std::to_string(shape.kv_heads) +
                     " key heads evenly"};
  constexpr std::array<std::array<int, 2>, 3> kHeads{{{64, 64}, {128, 128}, {192, 128}}};
  for (const auto& [dim, value_dim] : kHeads) {
    if (shape.head_dim > dim || shape.value_dim > value_dim) continue;
    constexpr std::int64_t kElement = 2, kFloat = 4;
    const std::int64_t query_rows = shape.batch * shape.queries * shape.heads,
                       key_rows = shape.batch * shape.keys * shape.kv_heads;
    return AttentionPlan{dim,
                         value_dim,
                         query_rows * dim * kElement,
                         key_rows * dim * kElement,
                         key_rows * value_dim * kElement,
                         query_rows * value_dim * kElement,
                         query_rows * kFloat};
  }
  return Error{{},
               "attention with heads of " + std::to_string(shape.head_dim) + " and " + std::to_string(shape.value_dim) +
                   " is not run on a GPU yet; the widest is 192 and 128",
               Fault::unsupported};
}

int parts_of_group(const models::AttentionShape& shape, int sms) {
  constexpr std::int64_t kTile = 128;  // keys of a block where heads are 64 or 128 wide
  const std::int64_t group = shape.heads / shape.kv_heads;
  const std::int64_t blocks = shape.batch * shape.kv_heads * ((shape.keys + kTile - 1) / kTile);
  std::int64_t parts = 1;
  while (parts < group && (blocks * parts < sms || group % parts != 0)) ++parts;
  return static_cast<int>(parts);
}

}  // namespace orrery::validate
