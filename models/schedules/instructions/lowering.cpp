#include "models/schedules/instructions/instructions.h"
#include "models/schedules/notation.h"

namespace orrery::models {
namespace {

std::vector<Action> merged(const std::vector<Action>& order) {
  std::vector<Action> result;
  for (const Action& a : order) {
    const bool completes = !result.empty() && a.type == Action::Type::weight_gradient &&
                           result.back().type == Action::Type::input_gradient && result.back().stage == a.stage &&
                           result.back().micro_batch == a.micro_batch;
    if (completes)
      result.back().type = Action::Type::backward;
    else
      result.push_back(a);
  }
  return result;
}

class Lowering {
 public:
  explicit Lowering(const Schedule& schedule)
      : schedule_(schedule),
        there_(
            2 * static_cast<std::size_t>(schedule.stages()) * static_cast<std::size_t>(schedule.request.micro_batches),
            false),
        lines_(schedule.order.size()) {
    for (const auto& order : schedule.order) orders_.push_back(merged(order));
  }

  std::string run() {
    std::vector<std::size_t> next(orders_.size(), 0);
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t r = 0; r < orders_.size(); ++r) {
        if (next[r] == orders_[r].size() || !is_ready(orders_[r][next[r]])) continue;
        append(r, to_string(orders_[r][next[r]]));
        for (const Action& pass : passes(orders_[r][next[r]])) pass_on(r, pass);
        ++next[r];
        moved = true;
      }
    }
    std::string csv;
    for (const std::string& line : lines_) csv += line + '\n';
    return csv;
  }

 private:
  void append(std::size_t rank, const std::string& cell) {
    if (!lines_[rank].empty()) lines_[rank] += ',';
    lines_[rank] += cell;
  }

  // Whether the input of a stage's forward (or backward) stands on its rank.
  std::vector<bool>::reference there(int stage, int mb, bool forward) {
    return there_[2 * (static_cast<std::size_t>(stage) * static_cast<std::size_t>(schedule_.request.micro_batches) +
                       static_cast<std::size_t>(mb)) +
                  (forward ? 0 : 1)];
  }

  bool is_ready(const Action& action) {
    for (const Action& pass : passes(action)) {
      const bool forward = pass.type == Action::Type::forward;
      if (pass.type == Action::Type::weight_gradient) continue;
      if (pass.stage == (forward ? 0 : schedule_.stages() - 1)) continue;
      if (!there(pass.stage, pass.micro_batch, forward)) return false;
    }
    return true;
  }

  void pass_on(std::size_t rank, const Action& pass) {
    const bool forward = pass.type == Action::Type::forward;
    if (!forward && !makes_input_gradient(pass.type)) return;
    const int to = pass.stage + (forward ? 1 : -1);
    if (to < 0 || to >= schedule_.stages()) return;
    there(to, pass.micro_batch, forward) = true;
    const auto receiver = static_cast<std::size_t>(schedule_.rank_of(to, pass.micro_batch));
    if (receiver == rank) return;
    const std::string what = std::string(forward ? "F" : "B") + std::to_string(pass.micro_batch);
    append(rank, std::to_string(pass.stage) + "SEND_" + what);
    append(receiver, std::to_string(to) + "RECV_" + what);
  }

  const Schedule& schedule_;
  std::vector<std::vector<Action>> orders_;
  std::vector<bool> there_;
  std::vector<std::string> lines_;
};

}  // namespace

std::string lowered_csv(const Schedule& schedule) {
  return Lowering(schedule).run();
}

}  // namespace orrery::models
