// Orders from files. First cells become actions; then the sizes, the placement and
// the completeness of the order are worked out from all of them together.
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "models/schedules/notation.h"
#include "models/schedules/rules.h"

namespace orrery::models {
namespace {

constexpr std::uintmax_t kLargestFile = 256ull << 20;
constexpr int kLargestIndex = 1'000'000;

struct Cell {
  Action action;
  Where where;
};
using Cells = std::vector<std::vector<Cell>>;  // by rank

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// What stands between compute in lowered files.
bool is_communication(std::string_view kind) {
  for (const char* name : {"SEND_F", "RECV_F", "SEND_B", "RECV_B", "UNSHARD", "RESHARD", "REDUCE_GRAD"})
    if (kind == name) return true;
  return false;
}

// Whether the older letters are used: BW somewhere, or W without any I.
bool has_older_letters(std::string_view text) {
  if (text.find("BW") != std::string_view::npos) return true;
  return text.find('W') != std::string_view::npos && text.find('I') == std::string_view::npos;
}

class Parser {
 public:
  Parser(std::string_view text, std::string file)
      : text_(text), file_(std::move(file)), older_(has_older_letters(text)) {}

  Result<Cells> parse() {
    Cells cells;
    int line = 0;
    for (std::size_t from = 0; from < text_.size(); ++line) {
      const std::size_t to = std::min(text_.find('\n', from), text_.size());
      const std::string_view row = text_.substr(from, to - from);
      if (!trimmed(row).empty()) cells.push_back(parse_row(row, line + 1));
      from = to + 1;
    }
    if (cells.empty()) errors_.push_back({{file_, 0, 0}, "the file has no line, and so no rank"});
    if (!errors_.empty()) return errors_;
    return cells;
  }

 private:
  std::vector<Cell> parse_row(std::string_view row, int line) {
    std::vector<Cell> cells;
    for (std::size_t from = 0; from <= row.size();) {
      const std::size_t to = std::min(row.find(',', from), row.size());
      const std::string_view cell = trimmed(row.substr(from, to - from));
      const Where where{file_, line, static_cast<int>(from) + 1};
      if (!cell.empty()) add(cell, where, cells);
      from = to + 1;
    }
    return cells;
  }

  void add(std::string_view cell, const Where& where, std::vector<Cell>& cells) {
    if (errors_.size() >= 20) return;  // more would not help
    constexpr std::string_view kOverlap = ")OVERLAP_F_B";
    if (cell.starts_with('(') && cell.ends_with(kOverlap)) {
      const std::string_view inside = cell.substr(1, cell.size() - 1 - kOverlap.size());
      const std::size_t middle = inside.find(';');
      if (middle != std::string_view::npos) {
        const auto f = pass(inside.substr(0, middle)), b = pass(inside.substr(middle + 1));
        if (f && b && f->type == Action::Type::forward && b->type == Action::Type::backward)
          return cells.push_back({{Action::Type::overlap, f->stage, f->micro_batch, b->stage, b->micro_batch}, where});
      }
    } else if (const auto action = pass(cell)) {
      return cells.push_back({*action, where});
    } else if (skipped_) {
      return;
    }
    errors_.push_back({where, "'" + std::string(cell.substr(0, 40)) +
                                  "' is no action: <stage><F|I|W|B><micro-batch>, or (aFx;bBy)OVERLAP_F_B"});
  }

  // <stage><letters><micro-batch>; sets skipped_ for communication.
  std::optional<Action> pass(std::string_view cell) {
    skipped_ = false;
    Action action;
    const auto stage = number(cell, action.stage);
    const std::size_t letters = cell.find_first_of("0123456789", stage);
    const std::string_view kind = cell.substr(stage, std::min(letters, cell.size()) - stage);
    if (stage == 0) return {};
    if (is_communication(kind)) {
      skipped_ = true;
      return {};
    }
    if (letters == std::string_view::npos) return {};
    const std::string_view rest = cell.substr(letters);
    if (number(rest, action.micro_batch) != rest.size()) return {};
    const auto type = type_of(kind);
    if (!type) return {};
    action.type = *type;
    return action;
  }

  // Reads a number at the beginning; returns how long it is, 0 for none.
  static std::size_t number(std::string_view text, int& n) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (problem != std::errc() || n < 0 || n >= kLargestIndex) return 0;
    return static_cast<std::size_t>(end - text.data());
  }

  std::optional<Action::Type> type_of(std::string_view kind) const {
    if (kind == "F") return Action::Type::forward;
    if (kind == "I") return Action::Type::input_gradient;
    if (kind == "W") return Action::Type::weight_gradient;
    if (kind == "BW") return Action::Type::backward;
    if (kind == "B") return older_ ? Action::Type::input_gradient : Action::Type::backward;
    return {};
  }

  std::string_view text_;
  std::string file_;
  bool older_, skipped_ = false;
  Errors errors_;
};

// From the cells of all ranks: sizes, placement, completeness.
class Assembler {
 public:
  Assembler(Cells cells, const ScheduleRequest& request) : cells_(std::move(cells)), asked_(request) {}

  Result<Schedule> assemble() {
    find_sizes();
    agree("pp", asked_.ranks, schedule_.request.ranks);
    agree("micro-batches", asked_.micro_batches, schedule_.request.micro_batches);
    agree("virtual_stages", asked_.chunks, schedule_.request.chunks);
    if (!errors_.empty()) return errors_;
    find_placement();
    if (!errors_.empty()) return errors_;
    check_complete();
    if (!errors_.empty()) return errors_;
    for (const auto& row : cells_) {
      std::vector<Action>& actions = schedule_.order.edit().emplace_back();
      for (const Cell& cell : row) actions.push_back(cell.action);
    }
    if (evaluate(schedule_, ScheduleCosts{}).makespan == ScheduleTimes::kNeverEnds)
      return Error{{asked_.name, 0, 0}, "the order deadlocks: some rank waits for a pass that comes later"};
    return std::move(schedule_);
  }

 private:
  template <class F>
  void each_pass(F f) const {
    for (std::size_t r = 0; r < cells_.size(); ++r)
      for (const Cell& cell : cells_[r])
        for (const Action& pass : passes(cell.action)) f(static_cast<int>(r), pass, cell.where);
  }

  void find_sizes() {
    schedule_.request = asked_;
    int stages = 0, micro_batches = 0;
    each_pass([&](int, const Action& pass, const Where&) {
      stages = std::max(stages, pass.stage + 1);
      micro_batches = std::max(micro_batches, pass.micro_batch + 1);
    });
    const int ranks = static_cast<int>(cells_.size());
    schedule_.request.ranks = ranks;
    schedule_.request.micro_batches = micro_batches;
    schedule_.request.chunks = std::max(1, stages / ranks);
    if (stages == 0 || stages % ranks != 0)
      fail({asked_.name, 0, 0}, "the order has " + std::to_string(stages) + " stages on " + std::to_string(ranks) +
                                    " ranks, and every rank must hold equally many");
    std::int64_t count = 0;
    each_pass([&](int, const Action&, const Where&) { ++count; });
    if (count < 2ll * stages * micro_batches)
      fail({asked_.name, 0, 0}, "the order has " + std::to_string(count) + " passes, and " + std::to_string(stages) +
                                    " stages with " + std::to_string(micro_batches) + " micro-batches need at least " +
                                    std::to_string(2ll * stages * micro_batches));
  }

  void agree(std::string_view what, int asked, int found) {
    if (asked > 1 && asked != found)
      fail({asked_.name, 0, 0},
           std::string(what) + " is " + std::to_string(asked) + ", but the order is for " + std::to_string(found));
  }

  void find_placement() {
    for (const Placement placement : {Placement::linear, Placement::loop, Placement::wave, Placement::bidirectional}) {
      if (placement == Placement::linear && schedule_.request.chunks > 1) continue;
      if (placement == Placement::bidirectional && schedule_.request.chunks > 1) continue;
      schedule_.placement = placement;
      if (placement == Placement::bidirectional) schedule_.turn = find_turn();
      if (fits()) return;
    }
    fail({asked_.name, 0, 0},
         "stages stand on ranks in no way we know: one after another, around in a loop, in waves, or from both ends");
  }
  bool fits() const {
    bool all = true;
    each_pass([&](int rank, const Action& pass, const Where&) {
      all = all && schedule_.rank_of(pass.stage, pass.micro_batch) == rank;
    });
    return all;
  }
  // The first micro-batch that enters at the far end.
  int find_turn() const {
    int turn = schedule_.request.micro_batches;
    each_pass([&](int rank, const Action& pass, const Where&) {
      if (pass.stage == 0 && rank == schedule_.request.ranks - 1) turn = std::min(turn, pass.micro_batch);
    });
    return turn;
  }

  // One forward, and one full backward or one of each half.
  void check_complete() {
    constexpr int kForward = 1, kInput = 2, kWeight = 4, kAll = 7;
    const auto m = static_cast<std::size_t>(schedule_.request.micro_batches);
    std::vector<std::uint8_t> seen(static_cast<std::size_t>(schedule_.stages()) * m, 0);
    each_pass([&](int, const Action& pass, const Where& where) {
      std::uint8_t& cell = seen[static_cast<std::size_t>(pass.stage) * m + static_cast<std::size_t>(pass.micro_batch)];
      const int what = pass.type == Action::Type::forward ? kForward
                                                          : (makes_input_gradient(pass.type) ? kInput : 0) |
                                                                (makes_weight_gradient(pass.type) ? kWeight : 0);
      if ((cell & what) != 0) fail(where, to_string(pass) + " is there twice");
      cell = static_cast<std::uint8_t>(cell | what);
    });
    for (std::size_t i = 0; i < seen.size(); ++i)
      if (seen[i] != kAll)
        fail({asked_.name, 0, 0}, "micro-batch " + std::to_string(i % m) + " of stage " + std::to_string(i / m) +
                                      " has no " +
                                      ((seen[i] & kForward) == 0 ? "forward"
                                       : (seen[i] & kInput) == 0 ? "backward"
                                                                 : "weight gradient"));
  }

  void fail(const Where& where, std::string what) {
    if (errors_.size() < 20) errors_.push_back({where, std::move(what)});
  }

  Cells cells_;
  const ScheduleRequest& asked_;
  Schedule schedule_;
  Errors errors_;
};

}  // namespace

Result<Schedule> parse_order(std::string_view text, const ScheduleRequest& request) {
  Result<Cells> cells = Parser(text, request.name).parse();
  if (!cells) return cells.errors();
  return Assembler(std::move(cells).value(), request).assemble();
}

Result<Schedule> read_order(const ScheduleRequest& request) {
  std::error_code problem;
  const auto size = std::filesystem::file_size(request.name, problem);
  std::ifstream file(request.name, std::ios::binary);
  if (problem || !file) return Error{{request.name, 0, 0}, "cannot be opened", Fault::io};
  if (size > kLargestFile) return Error{{request.name, 0, 0}, "is larger than any order (256 MiB)"};
  std::ostringstream text;
  text << file.rdbuf();
  return parse_order(text.str(), request);
}

}  // namespace orrery::models
