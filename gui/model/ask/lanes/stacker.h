#pragma once

#include <map>

#include "gui/model/ask/lanes/lanes.h"

namespace orrery::gui {

// Builds a list of lanes from the top down: job > group > node > rank > tracks and counters.
// The node is a level of its own where several are shown and one of them with more than one
// rank, and where ranks are grouped by it.
class Stacker {
 public:
  Stacker(const TraceModel& model, const LaneChoices& choices, const SecondTrace* second);

  // One of these.
  void pinned();
  void groups();
  void only_in_second();  // below all others

  std::vector<Lane> lanes;
  int y = 0;

 private:
  using Members = std::vector<std::uint32_t>;  // processes
  struct Node {
    std::uint32_t number = 0;
    Members members;
  };

  std::vector<std::uint32_t> in_order() const;
  std::vector<Node> nodes() const;
  bool shows_nodes() const;
  std::size_t place(const std::string& path) const;
  void push(Lane lane);
  bool is_collapsed(const std::string& path, bool by_default) const;
  bool shown(std::uint32_t process, const std::string& name) const;

  void add_nodes();
  void add_node(const Node& node);
  void add_group(std::uint32_t value, const Members& members);
  void add_process(std::uint32_t process, int depth);
  void summarise(std::uint32_t process, Lane& lane) const;
  void add_second(std::uint32_t track, Lane& lane) const;
  void pin_inside(std::uint32_t process);

  static std::string label_of(const Process& process);
  static std::string counted(std::size_t n, const char* what);  // "  (3 ranks)"
  Lane node_lane(const Node& node) const;
  Lane process_lane(std::uint32_t process, int depth) const;
  Lane second_lane(std::uint32_t index) const;
  Lane track_lane(std::uint32_t index, int depth) const;
  Lane counter_lane(std::uint32_t index, int depth) const;

  const TraceModel& model_;
  const LaneChoices& choices_;
  const SecondTrace* second_;                 // or none
  int header_;                                // height of a rank's, a node's or a group's
  std::map<std::string, std::size_t> place_;  // of choices.moved
  std::vector<std::vector<std::uint32_t>> tracks_of_, counters_of_;
  bool shows_nodes_ = false;
};

}  // namespace orrery::gui
