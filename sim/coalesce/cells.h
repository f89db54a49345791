#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/coalesce/coalesce.h"
#include "sim/network/contention.h"
#include "sim/workload.h"

namespace orrery::sim {

// Which ranks meet so often that they are best seen as one: the members of the group in
// which a program's main stream has most of its collectives (a TP group; in a folded
// workload often a single rank), all of which run that program.
//
// What a cell's members do among themselves takes the same course every time, as long as
// nobody comes between. So its links must be its own:
//   - no other cell has collectives on them, and
//   - another transfer loads them only if one of the cell's members takes part in it: it
//     cannot be in progress while that member's stream (`guarded`) stands still.
// Claims of transfers that only slow its kernels are something else: they turn its course.
class Cells {
 public:
  struct Cell {
    ProgramId program;
    GroupId group;           // whose members it is
    std::uint32_t kind = 0;  // cells of a kind have the same collectives over the same links, by other names
    bool owns_links = false;
    bool has_stretches = false;
  };
  // How a program's ranks are in their cells.
  struct Inside {
    std::vector<bool> roles;           // groups that are the cell; none: they are in no cell
    std::vector<StreamIndex> streams;  // side streams that have such collectives and wait for the main stream alone
    std::vector<StreamIndex> guarded;  // other side streams that would feel the cell's work, or it theirs on its links
    bool is_left_alone = true;         // at times
    bool has_stretches = false;        // some of its cells do

    bool meets_in(const Transfer& transfer) const { return transfer.role < roles.size() && roles[transfer.role]; }
  };

  Cells(const Workload& workload, std::span<const FlatProgram> programs);

  std::size_t size() const { return cells_.size(); }
  std::uint32_t kinds() const { return kinds_; }  // of cells with stretches
  const Cell& operator[](std::uint32_t cell) const { return cells_[cell]; }
  // none() for a rank that is in no cell.
  std::uint32_t of(RankId rank) const { return cell_of_[rank]; }
  static constexpr std::uint32_t none() { return UINT32_MAX; }
  std::span<const RankId> members(std::uint32_t cell) const { return workload_.groups[cells_[cell].group].members; }
  const Inside& inside(ProgramId program) const { return inside_[program]; }
  // Of a collective among the cell's members.
  const TransferPlan& plan(std::uint32_t cell, const Transfer& transfer) const;

 private:
  void list_ranks();
  void choose_roles(ProgramId program);
  bool makes_cells(ProgramId program, std::size_t role) const;
  bool are_same_groups(ProgramId program, std::size_t role, std::size_t other) const;
  void sort_streams(ProgramId program);
  bool is_inside(ProgramId program, StreamIndex stream) const;
  void list_transfers(ProgramId program);
  void make_cells(ProgramId program, std::size_t role);
  template <class See>
  void each_own_use(std::uint32_t cell, const See& see) const;
  void own_links();
  void meet_others();
  void meet(RankId rank, const Op& op);
  void meet(const TransferPlan& plan, std::span<const RankId> ranks, std::size_t way);
  void guard_streams(ProgramId program);
  void number_kinds();
  std::vector<std::int64_t> shape_of(std::uint32_t cell) const;

  const Workload& workload_;
  std::span<const FlatProgram> programs_;
  std::vector<Cell> cells_;
  std::uint32_t kinds_ = 0;
  std::vector<std::vector<const TransferPlan*>> plans_;  // by cell: of own_
  IdVector<RankId, std::uint32_t> cell_of_;
  IdVector<ProgramId, std::vector<RankId>> ranks_of_;
  IdVector<ProgramId, Inside> inside_;
  IdVector<ProgramId, std::vector<std::uint32_t>> own_;  // transfers of the cell
  IdVector<ProgramId, std::vector<Op>> others_;          // other transfers, one op for each
  IdVector<ProgramId, std::vector<bool>> felt_;          // by way (a role, any pair, a copy): the cell feels it
  IdVector<LinkId, std::uint32_t> owner_;                // the only cell with collectives there
};

}  // namespace orrery::sim
