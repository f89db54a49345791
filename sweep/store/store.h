#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/base/result.h"
#include "sweep/point.h"

namespace orrery::sweep {

// What a store belongs to. Stores of one sweep agree in all but the shard.
struct Meta {
  std::string engine;  // version of orrery
  std::string data;    // digest of the presets
  std::string sweep;   // digest of the scenario with its sweep
  std::string file;    // scenario, for people
  std::uint64_t points = 0;
  std::uint32_t shard = 0, shards = 1;
  std::vector<std::string> axes;

  // Of one sweep, by one engine and data.
  bool belongs_with(const Meta& other) const {
    return engine == other.engine && data == other.data && sweep == other.sweep && points == other.points;
  }
};

// Results of a sweep in one SQLite file, written by one process at a time. A batch that
// put() has returned from survives kill -9; an open file can be read by others meanwhile.
//
// Tables: meta(key, value); points(key, index_no, config_json, status, …), one row a point,
// and the view `runs` with a column for each swept key (docs/sweep.md).
class Store {
 public:
  // Makes the file, or goes on with it if it is of the same sweep, versions and shard.
  static Result<Store> open(const std::string& path, const Meta& meta);
  // An existing one, to be read. A file that is cut off or no store is an error that names it.
  static Result<Store> read(const std::string& path);
  // Why rows of `meta` do not belong here: another sweep, engine, data or shard.
  std::optional<Error> misfit(const Meta& meta) const;

  const Meta& meta() const { return meta_; }
  const std::string& path() const { return path_; }

  // Inserts or replaces by point. Empty: done and on disk.
  Errors put(std::span<const Row> rows);

  // In the order of points.
  Result<std::vector<Row>> rows() const;

  // Puts what the journal holds into the file itself, so that one file can be moved.
  Errors finish();

  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

 private:
  struct Database;
  Store(std::string path, std::unique_ptr<Database> database);
  void create(const Meta& meta);
  Meta read_meta() const;

  std::string path_;
  std::unique_ptr<Database> database_;
  Meta meta_;
};

}  // namespace orrery::sweep
