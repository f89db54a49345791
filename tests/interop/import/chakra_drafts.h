#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <sstream>

#include "interop/import/import.h"
#include "tests/interop/import/chakra_traces.h"

namespace orrery::interop::chakra_drafts {

// Traces of ranks 0, 1, … as scenarios, and the tables of those.

inline Result<Draft> imported_traces(const std::vector<std::string>& traces, const ImportOptions& options = {}) {
  std::vector<ForeignText> texts;
  for (std::size_t rank = 0; rank < traces.size(); ++rank)
    texts.push_back({"job." + std::to_string(rank) + ".et", traces[rank]});
  return import_texts(Foreign::chakra, texts, options, SearchPath({std::string(ORRERY_SOURCE_DIR) + "/scenarios"}));
}

inline Draft draft_of(const std::vector<std::string>& traces, const ImportOptions& options = {}) {
  const auto draft = imported_traces(traces, options);
  if (!draft) ADD_FAILURE() << to_string(draft.errors().front());
  return draft ? *draft : Draft{};
}

inline std::vector<std::string> alike(const TraceBytes& trace, std::size_t ranks) {
  return std::vector<std::string>(ranks, trace.bytes());
}

inline bool says(const Draft& draft, const std::string& what) {
  for (const std::string& text : draft.unresolved())
    if (text.find(what) != std::string::npos) return true;
  return false;
}

struct Row {
  std::string name;
  double operations = 0, parameters = 0, kept = 0, output = 0;
  std::string reads, makes;  // where layers are split
};

inline std::vector<Row> rows_of(const Draft& draft) {
  std::vector<Row> rows;
  std::istringstream lines(draft.table());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#") || line.starts_with("name,")) continue;
    std::replace(line.begin(), line.end(), ' ', '_');
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream cells(line);
    rows.emplace_back();
    cells >> rows.back().name >> rows.back().operations >> rows.back().parameters >> rows.back().kept >>
        rows.back().output >> rows.back().reads >> rows.back().makes;
  }
  return rows;
}

inline double sum(const std::vector<Row>& rows, double Row::*of) {
  return std::accumulate(rows.begin(), rows.end(), 0.0, [&](double all, const Row& row) { return all + row.*of; });
}

}  // namespace orrery::interop::chakra_drafts
