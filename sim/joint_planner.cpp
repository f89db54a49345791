#include "sim/joint_planner.h"

#include <algorithm>
#include <unordered_map>

#include "sim/fold/planner.h"

namespace orrery::sim {
namespace {

bool same_claims(const std::vector<Claim>& a, const std::vector<Claim>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Claim& x, const Claim& y) {
    return x.name == y.name && x.slowdown_permille == y.slowdown_permille;
  });
}

// Who plans for which ranks. Ranks of a request are of one job.
class JobPlanners {
 public:
  void add(std::shared_ptr<const TransferPlanner> planner, const std::vector<RankId>& gpu_of, std::size_t moved) {
    for (const RankId gpu : gpu_of) {
      gpu_of_.add(gpu);
      job_of_.add(jobs_.size());
    }
    jobs_.push_back({std::move(planner), static_cast<std::uint8_t>(moved), {}, {}});
  }

  const TransferPlan& plan(const TransferRequest& request) const {
    const Job& job = job_of(request.ranks);
    const std::vector<RankId> gpus = gpus_of(request.ranks);
    const TransferPlan& own = job.planner->plan({request.kind, gpus, request.bytes});
    if (job.moved == 0 || own.claim == 0) return own;
    const auto [at, is_new] = job.plans.try_emplace(&own, own);
    if (is_new) at->second.claim = moved_claim(job, own.claim);
    return at->second;
  }
  std::span<const Draft> drafts(std::span<const RankId> ranks, std::span<const Wanted> wanted) const {
    const Job& job = job_of(ranks);
    const std::vector<RankId> gpus = gpus_of(ranks);
    const std::span<const Draft> own = dynamic_cast<const DraftingPlanner&>(*job.planner).drafts(gpus, wanted);
    if (job.moved == 0) return own;
    job.drafts.assign(own.begin(), own.end());
    for (Draft& draft : job.drafts)
      if (draft.claim > 0) draft.claim = moved_claim(job, draft.claim);
    return job.drafts;
  }
  std::string algorithm_name(std::uint32_t algorithm) const { return jobs_.front().planner->algorithm_name(algorithm); }
  bool all_draft() const {
    return std::all_of(jobs_.begin(), jobs_.end(), [](const Job& job) {
      return dynamic_cast<const DraftingPlanner*>(job.planner.get()) != nullptr;
    });
  }

 private:
  struct Job {
    std::shared_ptr<const TransferPlanner> planner;
    std::uint8_t moved = 0;  // its claims, among those of all
    // What it plans, with the claims of all: a planner keeps its plans where they are.
    mutable std::unordered_map<const TransferPlan*, TransferPlan> plans;
    mutable std::vector<Draft> drafts;
  };

  static std::uint8_t moved_claim(const Job& job, std::uint8_t claim) {
    return static_cast<std::uint8_t>(claim + job.moved);
  }
  const Job& job_of(std::span<const RankId> ranks) const { return jobs_[ranks.empty() ? 0 : job_of_[ranks.front()]]; }
  std::vector<RankId> gpus_of(std::span<const RankId> ranks) const {
    std::vector<RankId> gpus;
    gpus.reserve(ranks.size());
    for (const RankId rank : ranks) gpus.push_back(gpu_of_[rank]);
    return gpus;
  }

  std::vector<Job> jobs_;
  IdVector<RankId, RankId> gpu_of_;
  IdVector<RankId, std::size_t> job_of_;
};

class JointPlanner : public TransferPlanner {
 public:
  explicit JointPlanner(JobPlanners jobs) : jobs_(std::move(jobs)) {}
  const TransferPlan& plan(const TransferRequest& request) const override { return jobs_.plan(request); }
  std::string algorithm_name(std::uint32_t algorithm) const override { return jobs_.algorithm_name(algorithm); }

 private:
  JobPlanners jobs_;
};

class JointDraftingPlanner : public DraftingPlanner {
 public:
  explicit JointDraftingPlanner(JobPlanners jobs) : jobs_(std::move(jobs)) {}
  const TransferPlan& plan(const TransferRequest& request) const override { return jobs_.plan(request); }
  std::string algorithm_name(std::uint32_t algorithm) const override { return jobs_.algorithm_name(algorithm); }
  std::span<const Draft> drafts(std::span<const RankId> ranks, std::span<const Wanted> wanted) const override {
    return jobs_.drafts(ranks, wanted);
  }

 private:
  JobPlanners jobs_;
};

}  // namespace

JointClaims joint_claims(std::span<const PlacedJob> jobs) {
  JointClaims joint{jobs.front().workload->claims, {0}};
  for (std::size_t j = 1; j < jobs.size(); ++j) {
    const std::vector<Claim>& own = jobs[j].workload->claims;
    const auto alike = std::find_if(jobs.begin(), jobs.begin() + static_cast<std::ptrdiff_t>(j),
                                    [&](const PlacedJob& job) { return same_claims(job.workload->claims, own); });
    if (const auto i = static_cast<std::size_t>(alike - jobs.begin()); i < j) {
      joint.moved.push_back(joint.moved[i]);
      continue;
    }
    joint.moved.push_back(joint.all.size() - 1);
    joint.all.insert(joint.all.end(), own.begin() + 1, own.end());
  }
  return joint;
}

std::shared_ptr<const TransferPlanner> joint_planner(std::span<const PlacedJob> jobs, const JointClaims& claims) {
  JobPlanners planners;
  for (std::size_t j = 0; j < jobs.size(); ++j)
    planners.add(jobs[j].workload->planner, jobs[j].gpu_of, claims.moved[j]);
  if (planners.all_draft()) return std::make_shared<const JointDraftingPlanner>(std::move(planners));
  return std::make_shared<const JointPlanner>(std::move(planners));
}

}  // namespace orrery::sim
