#include "sweep/store/store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <utility>

#include "sweep/store/tables.h"

namespace orrery::sweep {

struct Store::Database {
  SQLite::Database handle;
};

namespace {

constexpr int kPatience = 5000;  // milliseconds to wait for another process

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

std::uint64_t whole(const std::string& text) {
  std::uint64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

// Write-ahead logging needs a local disk; elsewhere SQLite stays with its rollback journal.
void prepare(SQLite::Database& db) {
  db.exec("pragma journal_mode = wal");
  db.exec("pragma synchronous = normal");
}

}  // namespace

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
    if (const auto why = store.misfit(meta)) return *why;
    return store;
  } catch (const SQLite::Exception& e) {
    return fault(path, e);
  } catch (const std::filesystem::filesystem_error& e) {
    return fault(path, e.code().message());
  }
}

std::optional<Error> Store::misfit(const Meta& meta) const {
  if (!meta_.belongs_with(meta)) {
    const std::string why = meta_.engine != meta.engine ? "orrery " + meta_.engine
                            : meta_.data != meta.data   ? "other presets or calibrations (their data has changed)"
                                                        : "another sweep (" + meta_.file + ")";
    return fault(path_, "holds results of " + why + "; give another --store, or move this one away");
  }
  if (meta_.shard != meta.shard || meta_.shards != meta.shards)
    return fault(path_, "holds shard " + std::to_string(meta_.shard) + "/" + std::to_string(meta_.shards) + ", not " +
                            std::to_string(meta.shard) + "/" + std::to_string(meta.shards));
  return std::nullopt;
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
  db.exec(create_tables());
  db.exec(create_view(meta.axes));
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
    SQLite::Statement insert(database_->handle, insert_row()), warn(database_->handle, insert_warning());
    for (const Row& row : rows) {
      insert.reset();
      bind(insert, row);
      insert.exec();
      for (const std::string& text : row.outcome.warnings) {
        warn.reset();
        bind_warning(warn, row, text);
        warn.exec();
      }
    }
    all.commit();
  } catch (const SQLite::Exception& e) {
    return {fault(path_, e)};
  }
  return {};
}

Result<std::vector<Row>> Store::rows() const {
  try {
    std::map<Key, std::vector<std::string>> warnings;
    SQLite::Statement warned(database_->handle, select_warnings());
    while (warned.executeStep()) {
      auto [key, text] = warning_of(warned);
      warnings[key].push_back(std::move(text));
    }
    std::vector<Row> all;
    SQLite::Statement select(database_->handle, select_rows());
    while (select.executeStep()) {
      all.push_back(row_of(select));
      if (const auto of = warnings.find(all.back().key);
          of != warnings.end() && all.back().outcome.status == Status::ok)
        all.back().outcome.warnings = of->second;
    }
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

}  // namespace orrery::sweep
