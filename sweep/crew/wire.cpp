#include "sweep/crew/wire.h"

#include <nlohmann/json.hpp>

namespace orrery::sweep {

namespace {

using nlohmann::json;

json packed(const Row& row) {
  const Outcome& o = row.outcome;
  return json::array({row.index,
                      row.key,
                      row.config,
                      row.attempt,
                      row.finished_at,
                      static_cast<int>(o.status),
                      o.reason,
                      o.gpus,
                      o.step_time_s,
                      o.tokens_per_s,
                      o.model_tflops_per_gpu,
                      o.mfu,
                      o.bubble_fraction,
                      o.exposed_comm_s,
                      o.parts,
                      o.peak_bytes,
                      o.reserved_bytes,
                      o.fits,
                      o.events,
                      o.wall_s,
                      o.warnings});
}

Row unpacked(const json& fields) {
  std::size_t next = 0;
  const auto take = [&](auto& field) { fields.at(next++).get_to(field); };
  Row row;
  Outcome& o = row.outcome;
  int status = 0;
  take(row.index), take(row.key), take(row.config), take(row.attempt), take(row.finished_at), take(status);
  take(o.reason), take(o.gpus), take(o.step_time_s), take(o.tokens_per_s), take(o.model_tflops_per_gpu), take(o.mfu);
  take(o.bubble_fraction), take(o.exposed_comm_s), take(o.parts), take(o.peak_bytes), take(o.reserved_bytes),
      take(o.fits);
  take(o.events), take(o.wall_s), take(o.warnings);
  o.status = static_cast<Status>(status);
  return row;
}

}  // namespace

std::string pack(std::span<const Row> rows) {
  json all = json::array();
  for (const Row& row : rows) all.push_back(packed(row));
  return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<std::vector<Row>> unpack(const std::string& text) {
  std::vector<Row> rows;
  try {
    for (const json& fields : json::parse(text)) rows.push_back(unpacked(fields));
  } catch (const json::exception& e) {
    return Error{{}, std::string("rows of another process cannot be read: ") + e.what(), Fault::io};
  }
  return rows;
}

}  // namespace orrery::sweep
