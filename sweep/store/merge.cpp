#include "sweep/store/merge.h"

#include <optional>

#include "sweep/store/store.h"

namespace orrery::sweep {
namespace {

// Of two rows of one point: ok before infeasible, pruned, timeout and failed, then the later.
bool is_better(const Row& a, const Row& b) {
  if (a.outcome.status != b.outcome.status) return a.outcome.status < b.outcome.status;
  return a.finished_at > b.finished_at;
}

}  // namespace

void keep_better(std::map<std::uint64_t, Row>& best, std::vector<Row> rows) {
  for (Row& row : rows) {
    const auto [known, is_new] = best.try_emplace(row.index, row);
    if (!is_new && is_better(row, known->second)) known->second = std::move(row);
  }
}

Errors merge(const std::string& into, const std::vector<std::string>& shards, bool skip_broken,
             std::vector<std::string>& skipped) {
  Errors errors;
  std::map<std::uint64_t, Row> best;
  std::optional<Meta> first;
  for (const std::string& path : shards) {
    const Result<Store> shard = Store::read(path);
    Result<std::vector<Row>> rows = shard ? shard->rows() : Result<std::vector<Row>>(Errors(shard.errors()));
    if (!rows) {
      if (skip_broken)
        skipped.push_back(path);
      else
        errors.insert(errors.end(), rows.errors().begin(), rows.errors().end());
      continue;
    }
    if (!first) first = shard->meta();
    if (!first->belongs_with(shard->meta())) {
      errors.push_back({{path, 0, 0}, "is of another sweep, engine or data than " + shards.front(), Fault::io});
      continue;
    }
    keep_better(best, std::move(*rows));
  }
  if (!errors.empty() || !first) return errors;
  first->shard = 0;
  first->shards = 1;
  Result<Store> whole_sweep = Store::open(into, *first);
  if (!whole_sweep) return whole_sweep.errors();
  Result<std::vector<Row>> before = whole_sweep->rows();
  if (!before) return before.errors();
  keep_better(best, std::move(*before));
  std::vector<Row> rows;
  for (auto& [index, row] : best) rows.push_back(std::move(row));
  if (Errors faults = whole_sweep->put(rows); !faults.empty()) return faults;
  return whole_sweep->finish();
}

}  // namespace orrery::sweep
