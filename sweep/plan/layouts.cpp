#include "sweep/plan/layouts.h"

#include <cstdlib>
#include <string_view>

#include "models/schedules/schedule.h"
#include "sweep/plan/axes.h"

namespace orrery::sweep {
namespace {

// Whether a schedule is for so many stages with so many chunks each.
bool suits(const std::string& schedule, std::int64_t stages, std::int64_t chunks) {
  if ((schedule == "none") != (stages == 1)) return false;
  const int own = models::schedule_traits(schedule).chunks;
  return own == 0 ? chunks > 1 : chunks == own;
}

// Numbers of a candidate, where it or the scenario has them.
class Candidate {
 public:
  Candidate(const models::Scenario& scenario, const std::vector<models::Override>& overrides)
      : scenario_(scenario), overrides_(overrides) {}

  const std::string* value(std::string_view path) const {
    for (const models::Override& o : overrides_)
      if (o.path == path) return &o.value;
    return nullptr;
  }
  std::int64_t number(std::string_view path, std::int64_t otherwise) const {
    const std::string* text = value(path);
    return text == nullptr ? otherwise : std::atoll(text->c_str());
  }
  std::int64_t tp() const { return number("layout.tp", scenario_.layout.tp); }
  std::int64_t pp() const { return number("layout.pp", scenario_.layout.pp); }
  std::int64_t cp() const { return number("layout.cp", scenario_.layout.cp); }
  std::int64_t ep() const { return number("layout.ep", scenario_.layout.ep); }
  std::int64_t chunks() const { return number("pipeline.virtual_stages", scenario_.pipeline.virtual_stages); }
  std::int64_t micro_batch() const { return number("training.micro_batch", scenario_.training.micro_batch); }

  std::int64_t dp() const { return scenario_.cluster.gpus() / (tp() * pp() * cp()); }

  bool is_second_order() const {
    const std::string* order = value("layout.order");
    return order != nullptr && *order == kOrders.back();
  }

  // Beside the usual counts of chunks only those that this pipeline deals evenly; what the scenario has stays.
  bool has_fitting_chunks() const {
    const std::int64_t searched = number("pipeline.virtual_stages", 1);
    return is_usual_chunk_count(searched) || are_even(scenario_.model.layers, pp() * searched);
  }

  // Experts are split as the rest is, or not at all.
  bool has_fitting_experts() const {
    if (!scenario_.model.moe) return ep() == 1;
    const std::int64_t etp = number("layout.etp", 1), grid = dp() * cp() * tp();
    if (etp != 1 && etp != tp()) return false;
    return scenario_.model.moe->experts % ep() == 0 && grid % (ep() * etp) == 0;
  }

  // Fewer layers than a rank has: all of them are "full".
  bool recomputes_a_part() const {
    const std::string* recompute = value("training.recompute");
    if (recompute == nullptr || !recompute->starts_with(kLayersOfARank)) return true;
    return std::atoll(recompute->c_str() + std::string_view(kLayersOfARank).size()) * pp() < scenario_.model.layers;
  }

  bool is_possible() const {
    const std::int64_t gpus = scenario_.cluster.gpus(), grid = tp() * pp() * cp();
    if (gpus % grid != 0) return false;
    const std::int64_t batch = scenario_.training.global_batch;
    if (batch % (dp() * micro_batch()) != 0) return false;
    const std::int64_t micro_batches = batch / (dp() * micro_batch());
    if (scenario_.model.table.empty() && scenario_.model.heads % tp() != 0) return false;
    if (pp() * chunks() > scenario_.model.layers + 2) return false;
    if (!has_fitting_chunks()) return false;
    if (chunks() > 1 && (pp() == 1 || micro_batches < pp())) return false;
    if (is_second_order() && (pp() == 1 || dp() * cp() == 1)) return false;  // the same as the first
    const std::string* schedule = value("pipeline.schedule");
    if (schedule != nullptr && !suits(*schedule, pp(), chunks())) return false;
    return recomputes_a_part() && has_fitting_experts();
  }

 private:
  const models::Scenario& scenario_;
  const std::vector<models::Override>& overrides_;
};

}  // namespace

std::vector<std::vector<models::Override>> candidate_layouts(const models::Scenario& scenario,
                                                             const std::vector<Axis>& axes, bool with_schedule) {
  std::vector<std::vector<models::Override>> all;
  std::vector<std::size_t> at(axes.size(), 0);
  for (bool more = true; more;) {
    std::vector<models::Override> overrides;
    for (std::size_t a = 0; a < axes.size(); ++a) overrides.push_back({axes[a].path, axes[a].values[at[a]]});
    const Candidate candidate(scenario, overrides);
    if (candidate.is_possible()) {
      if (with_schedule && candidate.value("pipeline.schedule") == nullptr)
        overrides.push_back({"pipeline.schedule", candidate.pp() == 1      ? "none"
                                                  : candidate.chunks() > 1 ? "interleaved-1f1b"
                                                                           : "1f1b"});
      all.push_back(std::move(overrides));
    }
    more = false;
    for (std::size_t a = axes.size(); a-- > 0 && !more;) {
      more = ++at[a] < axes[a].values.size();
      if (!more) at[a] = 0;
    }
  }
  return all;
}

}  // namespace orrery::sweep
