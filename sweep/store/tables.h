#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sweep/point.h"

namespace SQLite {
class Statement;
}

namespace orrery::sweep {

// The tables of a store as SQL, and rows in them.

inline constexpr int kSchema = 3;  // 2: the parts of the step; 3: warnings

// Makes `meta`, `points` and `warnings`, where they are not there.
std::string create_tables();
// Makes the view `runs`, with a column for each swept key, so that nobody has to take JSON apart.
std::string create_view(const std::vector<std::string>& axes);

// A row of `points` goes in through bind(), and comes out through row_of(), in the order of points.
std::string insert_row();
std::string select_rows();
void bind(SQLite::Statement& insert, const Row& row);
Row row_of(SQLite::Statement& select);

// Its warnings go into a table of their own, a line each; equal keys have equal ones. They come out by key.
std::string insert_warning();
std::string select_warnings();
void bind_warning(SQLite::Statement& insert, const Row& row, const std::string& text);
std::pair<Key, std::string> warning_of(SQLite::Statement& select);

// Of the text in the column `status`.
Status status_of(const std::string& text);

}  // namespace orrery::sweep
