#include "sweep/store/tables.h"

#include <SQLiteCpp/SQLiteCpp.h>

namespace orrery::sweep {
namespace {

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

std::string doubled(const std::string& text, char quote) {
  std::string all;
  for (const char c : text) all += c == quote ? std::string(2, c) : std::string(1, c);
  return all;
}

}  // namespace

std::string create_tables() {
  return "create table if not exists meta(key text primary key, value text not null) without rowid;"
         "create table if not exists points(" +
         listed(true) +
         ") without rowid;"
         "create table if not exists warnings(key blob not null, text text not null, primary key (key, text)) "
         "without rowid;";
}

std::string create_view(const std::vector<std::string>& axes) {
  std::string keys, parts;
  for (const std::string& axis : axes)
    keys += ", json_extract(config_json, '$.\"" + doubled(axis, '\'') + "\"') as \"" + doubled(axis, '"') + "\"";
  for (const std::string_view part : kStepParts) parts += ", " + std::string(part);
  return "create view if not exists runs as select index_no" + keys +
         ", status, reason, gpus, step_time_s, tokens_per_s, model_tflops_per_gpu, mfu, bubble_fraction, "
         "exposed_comm_s" +
         parts + ", peak_bytes, reserved_bytes, fits, wall_s from points order by index_no";
}

std::string insert_row() {
  return "insert or replace into points(" + listed(false) + ") values (" + listed(false, "?") + ")";
}

std::string select_rows() {
  return "select " + listed(false) + " from points order by index_no";
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

std::string insert_warning() {
  return "insert or ignore into warnings(key, text) values (?, ?)";
}

std::string select_warnings() {
  return "select key, text from warnings order by key, text";
}

void bind_warning(SQLite::Statement& insert, const Row& row, const std::string& text) {
  const std::string key = hex(row.key);
  insert.bind(1, key.data(), static_cast<int>(key.size()));
  insert.bind(2, text);
}

std::pair<Key, std::string> warning_of(SQLite::Statement& select) {
  return {key_of(select.getColumn(0).getBlob(), select.getColumn(0).getBytes()), select.getColumn(1).getString()};
}

Status status_of(const std::string& text) {
  for (const Status status : {Status::ok, Status::infeasible, Status::pruned, Status::timeout})
    if (text == to_string(status)) return status;
  return Status::failed;
}

}  // namespace orrery::sweep
