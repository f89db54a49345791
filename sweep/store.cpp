#include "sweep/store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

namespace orrery::sweep {

struct Store::Database {
  SQLite::Database handle;
};

namespace {

constexpr int kSchema = 2;       // 2: the parts of the step
constexpr int kPatience = 5000;  // milliseconds to wait for another process

// Columns of points, in the order in which rows are bound and read.
struct Column {
  std::string name, type;
};

const std::vector<Column>& columns() {
  static const std::vector<Column> all = [] {
    std::vector<Column> list = {{"key", "blob primary key"},
                                {"index_no", "integer not null unique"},
                                {"config_json", "text not null"},
                                {"status", "text not null"},
                                {"reason", "text"},
                                {"gpus", "integer"},
                                {"step_time_s", "real"},
                                {"tokens_per_s", "real"},
                                {"model_tflops_per_gpu", "real"},
                                {"mfu", "real"},
                                {"bubble_fraction", "real"},
                                {"exposed_comm_s", "real"},
                                {"peak_bytes", "integer"},
                                {"reserved_bytes", "integer"},
                                {"fits", "integer"},
                                {"sim_events", "integer"},
                                {"wall_s", "real"},
                                {"attempt", "integer not null"},
                                {"finished_at", "text not null"}};
    for (const std::string_view part : kStepParts) list.push_back({std::string(part), "real"});
    return list;
  }();
  return all;
}
constexpr int kFirstPart = 19;  // column of kStepParts[0]

// The columns as SQL: name after name, each with its type or with `instead` of it all.
std::string listed(bool with_types, std::string_view instead = "") {
  std::string text;
  for (const Column& column : columns())
    text += (text.empty() ? "" : ", ") + (instead.empty() ? column.name : std::string(instead)) +
            (with_types ? " " + column.type : "");
  return text;
}

std::string tables() {
  return "create table if not exists meta(key text primary key, value text not null) without rowid;"
         "create table if not exists points(" +
         listed(true) + ") without rowid;";
}

Error fault(const std::string& path, const std::string& what) {
  return {{path, 0, 0}, what, Fault::io};
}

Error fault(const std::string& path, const SQLite::Exception& e) {
  switch (e.getErrorCode()) {
    case SQLITE_FULL:
      return fault(path, "the disk is full; what was written before is kept");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fault(path, "is cut off or no store of a sweep (" + std::string(e.what()) + ")");
    case SQLITE_CANTOPEN:
      return fault(path, "cannot be opened");
    case SQLITE_READONLY:
      return fault(path, "cannot be written");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fault(path, "is in use by another process");
    default:
      return fault(path, e.what());
  }
}

std::string hex(const Key& key) {
  std::string bytes;
  for (const std::uint64_t half : key)
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(half >> shift & 0xff);
  return bytes;
}

Key key_of(const void* blob, int size) {
  Key key{};
  const auto* bytes = static_cast<const unsigned char*>(blob);
  for (int i = 0; i < size && i < 16; ++i)
    key[static_cast<std::size_t>(i / 8)] = key[static_cast<std::size_t>(i / 8)] << 8 | bytes[i];
  return key;
}

Status status_of(const std::string& text) {
  for (const Status status : {Status::ok, Status::infeasible, Status::pruned})
    if (text == to_string(status)) return status;
  return Status::failed;
}

std::uint64_t whole(const std::string& text) {
  std::uint64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

std::string doubled(const std::string& text, char quote) {
  std::string all;
  for (const char c : text) all += c == quote ? std::string(2, c) : std::string(1, c);
  return all;
}

// A column for each swept key, so that nobody has to take JSON apart.
std::string runs_view(const std::vector<std::string>& axes) {
  std::string keys, parts;
  for (const std::string& axis : axes)
    keys += ", json_extract(config_json, '$.\"" + doubled(axis, '\'') + "\"') as \"" + doubled(axis, '"') + "\"";
  for (const std::string_view part : kStepParts) parts += ", " + std::string(part);
  return "create view if not exists runs as select index_no" + keys +
         ", status, reason, gpus, step_time_s, tokens_per_s, model_tflops_per_gpu, mfu, bubble_fraction, "
         "exposed_comm_s" +
         parts + ", peak_bytes, reserved_bytes, fits, wall_s from points order by index_no";
}

// Write-ahead logging needs a local disk; elsewhere SQLite stays with its rollback journal.
void prepare(SQLite::Database& db) {
  db.exec("pragma journal_mode = wal");
  db.exec("pragma synchronous = normal");
}

Row row_of(SQLite::Statement& s) {
  Row row;
  row.key = key_of(s.getColumn(0).getBlob(), s.getColumn(0).getBytes());
  row.index = static_cast<std::uint64_t>(s.getColumn(1).getInt64());
  row.config = s.getColumn(2).getString();
  Outcome& o = row.outcome;
  o.status = status_of(s.getColumn(3).getString());
  o.reason = s.getColumn(4).getString();
  o.gpus = s.getColumn(5).getInt();
  o.step_time_s = s.getColumn(6).getDouble();
  o.tokens_per_s = s.getColumn(7).getDouble();
  o.model_tflops_per_gpu = s.getColumn(8).getDouble();
  o.mfu = s.getColumn(9).getDouble();
  o.bubble_fraction = s.getColumn(10).getDouble();
  o.exposed_comm_s = s.getColumn(11).getDouble();
  o.peak_bytes = s.getColumn(12).getInt64();
  o.reserved_bytes = s.getColumn(13).getInt64();
  o.fits = s.getColumn(14).getInt() != 0;
  o.events = static_cast<std::uint64_t>(s.getColumn(15).getInt64());
  o.wall_s = s.getColumn(16).getDouble();
  row.attempt = s.getColumn(17).getInt();
  row.finished_at = s.getColumn(18).getString();
  for (std::size_t part = 0; part < o.parts.size(); ++part)
    o.parts[part] = s.getColumn(kFirstPart + static_cast<int>(part)).getDouble();
  return row;
}

// What is not ok has no figures.
void bind(SQLite::Statement& s, const Row& row) {
  const std::string key = hex(row.key);
  const Outcome& o = row.outcome;
  s.bind(1, key.data(), static_cast<int>(key.size()));
  s.bind(2, static_cast<std::int64_t>(row.index));
  s.bind(3, row.config);
  s.bind(4, std::string(to_string(o.status)));
  if (o.reason.empty())
    s.bind(5);
  else
    s.bind(5, o.reason);
  for (int i = 6; i <= 16; ++i) s.bind(i);
  for (std::size_t part = 0; part < o.parts.size(); ++part) {
    const int place = kFirstPart + 1 + static_cast<int>(part);
    o.status == Status::ok ? s.bind(place, o.parts[part]) : s.bind(place);
  }
  if (o.status == Status::ok) {
    s.bind(6, o.gpus);
    s.bind(7, o.step_time_s);
    s.bind(8, o.tokens_per_s);
    s.bind(9, o.model_tflops_per_gpu);
    s.bind(10, o.mfu);
    s.bind(11, o.bubble_fraction);
    s.bind(12, o.exposed_comm_s);
    s.bind(13, o.peak_bytes);
    s.bind(14, o.reserved_bytes);
    s.bind(15, o.fits ? 1 : 0);
    s.bind(16, static_cast<std::int64_t>(o.events));
  }
  s.bind(17, o.wall_s);
  s.bind(18, row.attempt);
  s.bind(19, row.finished_at);
}

}  // namespace

std::string_view to_string(Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::infeasible:
      return "infeasible";
    case Status::pruned:
      return "pruned";
    case Status::failed:
      return "failed";
  }
  return "failed";
}

Store::Store(std::string path, std::unique_ptr<Database> database)
    : path_(std::move(path)), database_(std::move(database)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::open(const std::string& path, const Meta& meta) {
  try {
    const bool exists = std::filesystem::exists(path) && std::filesystem::file_size(path) > 0;
    Store store(path, std::make_unique<Database>(
                          Database{SQLite::Database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kPatience)}));
    prepare(store.database_->handle);
    if (!exists || !store.database_->handle.tableExists("meta")) store.create(meta);
    store.meta_ = store.read_meta();
    if (!store.meta_.belongs_with(meta)) {
      const std::string why = store.meta_.engine != meta.engine ? "orrery " + store.meta_.engine
                              : store.meta_.data != meta.data ? "other presets or calibrations (their data has changed)"
                                                              : "another sweep (" + store.meta_.file + ")";
      return fault(path, "holds results of " + why + "; give another --store, or move this one away");
    }
    if (store.meta_.shard != meta.shard || store.meta_.shards != meta.shards)
      return fault(path, "holds shard " + std::to_string(store.meta_.shard) + "/" + std::to_string(store.meta_.shards) +
                             ", not " + std::to_string(meta.shard) + "/" + std::to_string(meta.shards));
    return store;
  } catch (const SQLite::Exception& e) {
    return fault(path, e);
  } catch (const std::filesystem::filesystem_error& e) {
    return fault(path, e.code().message());
  }
}

Result<Store> Store::read(const std::string& path) {
  std::error_code missing;
  if (!std::filesystem::is_regular_file(path, missing)) return fault(path, "is not there, or no file");
  try {
    Store store(path, std::make_unique<Database>(Database{SQLite::Database(path, SQLite::OPEN_READWRITE, kPatience)}));
    SQLite::Statement check(store.database_->handle, "pragma quick_check(1)");
    if (!check.executeStep() || check.getColumn(0).getString() != "ok")
      return fault(path, "is cut off or broken: " + check.getColumn(0).getString());
    if (!store.database_->handle.tableExists("meta") || !store.database_->handle.tableExists("points"))
      return fault(path, "is no store of a sweep");
    store.meta_ = store.read_meta();
    if (!store.database_->handle
             .execAndGet("select count(*) from meta where key = 'schema' and value = '" + std::to_string(kSchema) + "'")
             .getInt())
      return fault(path,
                   "holds results of orrery " + store.meta_.engine + "; run the sweep again into another --store");
    return store;
  } catch (const SQLite::Exception& e) {
    return fault(path, e);
  }
}

void Store::create(const Meta& meta) {
  SQLite::Database& db = database_->handle;
  SQLite::Transaction all(db);
  db.exec(tables());
  db.exec(runs_view(meta.axes));
  SQLite::Statement insert(db, "insert or replace into meta values (?, ?)");
  const auto set = [&](const std::string& key, const std::string& value) {
    insert.reset();
    insert.bind(1, key);
    insert.bind(2, value);
    insert.exec();
  };
  set("schema", std::to_string(kSchema));
  set("engine", meta.engine);
  set("data", meta.data);
  set("sweep", meta.sweep);
  set("file", meta.file);
  set("points", std::to_string(meta.points));
  set("shard", std::to_string(meta.shard));
  set("shards", std::to_string(meta.shards));
  std::string axes;
  for (const std::string& axis : meta.axes) axes += axis + "\n";
  set("axes", axes);
  all.commit();
}

Meta Store::read_meta() const {
  std::map<std::string, std::string> found;
  SQLite::Statement select(database_->handle, "select key, value from meta");
  while (select.executeStep()) found[select.getColumn(0).getString()] = select.getColumn(1).getString();
  Meta meta;
  meta.engine = found["engine"];
  if (found["schema"] != std::to_string(kSchema)) meta.engine += " with another schema (" + found["schema"] + ")";
  meta.data = found["data"];
  meta.sweep = found["sweep"];
  meta.file = found["file"];
  meta.points = whole(found["points"]);
  meta.shard = static_cast<std::uint32_t>(whole(found["shard"]));
  meta.shards = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, whole(found["shards"])));
  std::string axis;
  for (const char c : found["axes"]) {
    if (c != '\n') {
      axis += c;
      continue;
    }
    meta.axes.push_back(axis);
    axis.clear();
  }
  return meta;
}

Errors Store::put(std::span<const Row> rows) {
  if (rows.empty()) return {};
  try {
    SQLite::Transaction all(database_->handle, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement insert(
        database_->handle, "insert or replace into points(" + listed(false) + ") values (" + listed(false, "?") + ")");
    for (const Row& row : rows) {
      insert.reset();
      bind(insert, row);
      insert.exec();
    }
    all.commit();
  } catch (const SQLite::Exception& e) {
    return {fault(path_, e)};
  }
  return {};
}

Result<std::map<std::uint64_t, Status>> Store::statuses() const {
  try {
    std::map<std::uint64_t, Status> all;
    SQLite::Statement select(database_->handle, "select index_no, status from points");
    while (select.executeStep())
      all[static_cast<std::uint64_t>(select.getColumn(0).getInt64())] = status_of(select.getColumn(1).getString());
    return all;
  } catch (const SQLite::Exception& e) {
    return fault(path_, e);
  }
}

Result<std::vector<Row>> Store::rows() const {
  try {
    std::vector<Row> all;
    SQLite::Statement select(database_->handle, "select " + listed(false) + " from points order by index_no");
    while (select.executeStep()) all.push_back(row_of(select));
    return all;
  } catch (const SQLite::Exception& e) {
    return fault(path_, e);
  }
}

Errors Store::finish() {
  try {
    database_->handle.exec("pragma wal_checkpoint(truncate)");
    database_->handle.exec("pragma journal_mode = delete");
  } catch (const SQLite::Exception& e) {
    // A reader holds it open: the journal stays beside the file, which is no fault.
    if (e.getErrorCode() != SQLITE_BUSY && e.getErrorCode() != SQLITE_LOCKED) return {fault(path_, e)};
  }
  return {};
}

namespace {

// Of two rows of one point: ok before infeasible, pruned and failed, then the later.
bool is_better(const Row& a, const Row& b) {
  if (a.outcome.status != b.outcome.status) return a.outcome.status < b.outcome.status;
  return a.finished_at > b.finished_at;
}

}  // namespace

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
      errors.push_back(fault(path, "is of another sweep, engine or data than " + shards.front()));
      continue;
    }
    for (Row& row : *rows) {
      const auto [known, is_new] = best.try_emplace(row.index, row);
      if (!is_new && is_better(row, known->second)) known->second = std::move(row);
    }
  }
  if (!errors.empty() || !first) return errors;
  first->shard = 0;
  first->shards = 1;
  Result<Store> whole_sweep = Store::open(into, *first);
  if (!whole_sweep) return whole_sweep.errors();
  std::vector<Row> rows;
  for (auto& [index, row] : best) rows.push_back(std::move(row));
  if (Errors faults = whole_sweep->put(rows); !faults.empty()) return faults;
  return whole_sweep->finish();
}

}  // namespace orrery::sweep
