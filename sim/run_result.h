#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/digest.h"
#include "sim/base/duration.h"
#include "sim/base/id.h"
#include "sim/base/result.h"
#include "sim/op.h"

namespace orrery::sim {

// Where the main stream of a rank spent one step: from the end of the last step
// but one to the end of the last. Every picosecond is in exactly one place.
struct RankTime {
  std::vector<Duration>
      busy;  // by category: kernels, and transfers that the main stream itself runs (from meeting to end)
  std::vector<Duration> exposed;  // by category: waiting for an op of another stream while that op is in progress
  std::vector<Duration> late;     // by category: waiting for peers to arrive, in a collective of one stage
  Duration bubble;  // waiting for the pipeline: for a send, receive or pipeline-crossing collective to be met
};

// Memory of a rank at the moment of its peak.
struct RankMemory {
  std::vector<Bytes> by_cause;  // adds up to peak
  Bytes peak;
  Time when;
  StreamIndex stream = 0;  // the allocation that made the peak
  OpIndex op = 0;
};

struct RankSummary {
  RankTime time;
  RankMemory memory;
  Time step_end;           // of the last step
  Time previous_step_end;  // of the one before (start of the run if there was one step)
  Digest digest;
};

// One summary a rank. Ranks that were simulated as one share theirs: copies for
// thousands of them would cost more than a folded run.
class RankSummaries {
 public:
  RankSummaries() = default;
  // Of the ranks behind classes. Those of a class without a summary have none.
  RankSummaries(RankSummaries of_classes, const IdVector<RankId, RankId>& class_of);

  void reserve(std::size_t n) { place_.reserve(n), distinct_.reserve(n); }
  void add(RankSummary summary);

  const RankSummary& operator[](RankId rank) const { return distinct_[place_[rank]]; }
  std::size_t size() const { return place_.size(); }
  bool empty() const { return place_.empty(); }

  // Every different summary once, with the number of ranks that it is of.
  const std::vector<RankSummary>& distinct() const { return distinct_; }
  std::vector<std::int64_t> multiplicities() const;
  // Of the ranks that `counts` says yes to.
  std::vector<std::int64_t> multiplicities(const std::function<bool(RankId)>& counts) const;

 private:
  std::vector<RankSummary> distinct_;
  IdVector<RankId, std::uint32_t> place_;  // in distinct_
};

// What a link carried over the measured step.
struct LinkLoad {
  Bytes bytes;    // connections x bytes, summed
  Duration busy;  // time with at least one activity

  bool operator==(const LinkLoad&) const = default;
};

// Links that were simulated as one.
class LinkClasses {
 public:
  // Those of no class are one behind the last.
  LinkClasses(const IdVector<LinkId, LinkId>& class_of, std::size_t classes);

  struct Class {
    LinkId first;
    std::int64_t links = 0;
    bool operator==(const Class&) const = default;
  };
  std::size_t links() const { return place_.size(); }
  std::uint32_t of(LinkId link) const { return place_[link]; }
  const std::vector<Class>& all() const { return classes_; }
  bool operator==(const LinkClasses&) const = default;

 private:
  std::vector<Class> classes_;
  IdVector<LinkId, std::uint32_t> place_;  // in classes_
};

// One load a link. Links that were simulated as one share theirs.
class LinkLoads {
 public:
  LinkLoads() = default;
  explicit LinkLoads(std::size_t links) : distinct_(links) {}
  // Of the links behind classes. Those of no class carried nothing.
  LinkLoads(LinkLoads of_classes, std::shared_ptr<const LinkClasses> classes);

  std::size_t size() const { return classes_ ? classes_->links() : distinct_.size(); }
  const LinkLoad& operator[](LinkId link) const { return distinct_[classes_ ? classes_->of(link) : link.value]; }
  // To count in. Precondition: no link shares.
  LinkLoad& own(LinkId link) { return distinct_[link.value]; }

  // Links of one load.
  struct Alike {
    LinkLoad load;
    LinkId first;
    std::int64_t links = 0;
  };
  // All links, those that share together.
  std::vector<Alike> alike() const;

 private:
  std::vector<LinkLoad> distinct_;
  std::shared_ptr<const LinkClasses> classes_;  // null: each link's own
};

struct RunResult {
  Digest digest;                // start and end of every schedule action on every rank, and of the steps
  std::vector<Time> step_ends;  // the latest rank's, by step
  RankSummaries ranks;          // of the workload that ran: classes when it was folded
  LinkLoads links;              // likewise
  std::uint64_t ops = 0;        // executed, before coalescing
  std::uint64_t events = 0;     // popped from the heap, or what stands for them in leaps
  bool interrupted = false;
  std::optional<Error> stuck;  // why nothing could go on: a chain of named ops

  // Interval between the ends of the last two steps.
  Duration step_time() const;
};

// The digest of a run: those of all ranks in order, then the ends of the steps.
Digest combine_digests(const RankSummaries& ranks, const std::vector<Time>& step_ends);

}  // namespace orrery::sim
