#pragma once

#include <set>
#include <string>
#include <vector>

#include "gui/model/ask/compare/second_trace.h"
#include "gui/model/ask/lanes/grouping.h"
#include "gui/model/store/trace_model.h"

namespace orrery::gui {

// What a person chose to see. Survives a new model: things go by name.
struct LaneChoices {
  Grouping grouping = Grouping::none;
  std::string filter;               // of process and track names; fuzzy no, part of the name yes
  std::set<std::string> collapsed;  // paths, as of Lane::path
  std::set<std::string> expanded;   // those that are collapsed by default
  std::set<std::string> pinned;     // of all but groups
  std::vector<std::string> moved;   // paths, in this order before their siblings that are not named
  int row_height = 18;              // both in pixels
  int name_width = 190;             // of the names beside the lanes
};

// One strip of the picture, from top to bottom.
struct Lane {
  enum class Is : std::uint8_t { group, node, process, track, counter, second };  // second: a track that only that has

  Is is = Is::process;
  std::uint32_t index = 0;  // of the process, track or counter; a node's number
  int y = 0, height = 0;    // y from the top of all lanes
  int depth = 0;
  bool collapsed = false, can_collapse = false, pinned = false;
  std::string path;   // "rank 3/compute": who it is from model to model
  std::string label;  // for people
  // The rows it draws, and how high each is.
  std::uint32_t first_row = 0, rows = 0;
  int row_height = 0;
  // Of a second trace: its rows, and what of row_height the first's take above them.
  std::uint32_t second_row = 0, second_rows = 0;
  int first_height = 0;

  // One that others are below.
  bool is_head() const { return is == Is::group || is == Is::node || is == Is::process; }
  // Where a row is, from the lane's top.
  int top_of(std::uint32_t row) const { return 1 + static_cast<int>(row - first_row) * row_height; }
  int top_of_second(std::uint32_t row) const {
    return 1 + static_cast<int>(row - second_row) * row_height + first_height;
  }
  int second_height() const { return row_height - first_height; }
};

// The strips that those choices make of a model.
class Lanes {
 public:
  Lanes() = default;
  // With a second trace every row has room for both.
  Lanes(const TraceModel& model, const LaneChoices& choices, const SecondTrace* second = nullptr);

  const std::vector<Lane>& pinned() const { return pinned_; }
  const std::vector<Lane>& all() const { return lanes_; }
  int pinned_height() const { return pinned_height_; }
  int height() const { return height_; }
  // The lane of `all` at a height from the top of all lanes, or -1.
  int at(int y) const;
  // Where a track stands in `all`, or -1 where it is hidden.
  int of_track(std::uint32_t track) const;
  // Tracks of which something lies between two heights; those within collapsed processes and nodes too.
  std::vector<std::uint32_t> tracks_between(const TraceModel& model, int top, int bottom) const;

 private:
  std::vector<Lane> pinned_, lanes_;
  int pinned_height_ = 0, height_ = 0;
};

// "node/3".
std::string path_of_node(std::uint32_t node);
// "rank 3/compute".
std::string path_of_track(const TraceModel& model, std::uint32_t track);

}  // namespace orrery::gui
