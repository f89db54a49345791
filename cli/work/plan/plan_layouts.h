#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/work/plan/layer_choices.h"
#include "models/scenario/reader.h"
#include "report/result.h"
#include "sweep/plan/search.h"

namespace orrery::cli {

// "layout.tp=8 layout.pp=4".
std::string in_words(const Layout& layout);

// What of a GPU a layout may hold.
struct Room {
  bool any = false;        // as much as it needs
  Bytes limit{INT64_MAX};  // no more than this, nor than the GPU has,
  int percent = 100;       // were that so many hundredths of what it has
};

// What a plan is asked to search.
struct PlanScope {
  std::string file;
  std::vector<models::Override> overrides;
  std::vector<std::string> keep, also;  // keys that stay as they are; that are searched too
  std::optional<int> gpus = {};         // of a cluster of another size than the file's
  Room room = {};
  sweep::SearchOptions search = {};  // threads, and when to stop
  std::string solver = {};           // of a choice for every layer; needed if `also` has layout.by_layers
  std::function<void(std::size_t done, std::size_t of)> choosing = {};  // hears of those choices
};

// The layouts of a plan: a scenario with its layout left to the search, and what there is to say of each.
class PlanLayouts {
 public:
  explicit PlanLayouts(PlanScope scope) : scope_(std::move(scope)) {}

  // Reads the scenario: as it was written, or under a layout that it can have, for what its model and cluster are.
  Result<models::Scenario> open();
  // open(), and lists the layouts.
  Result<models::Scenario> list();

  std::size_t count() const { return layouts_.size(); }
  std::uint64_t combinations() const { return combinations_; }  // of all values

  // What makes the file that layout: keys to set, also those of the file that the search replaced, and
  // keys that it must not have.
  struct Told {
    Layout set;
    std::vector<std::string> without;
  };
  Told told(std::uint64_t i) const;

  // Ruled out, or what its step takes at least: without its programs; and by them, which is known better and takes
  // longer.
  sweep::Look look(std::uint64_t i) const;
  sweep::Look look_closer(std::uint64_t i) const;
  // Simulated; nothing if it does not fit after all.
  std::optional<report::Result> work_out(std::uint64_t i) const;

  // The best of layouts `of`, or of all, found as sweep::search does, with their results. Candidates of what is found
  // are layouts.
  struct Best {
    sweep::SearchResult search;
    std::vector<report::Result> results;
  };
  Best best(sweep::SearchOptions options, const std::vector<std::uint64_t>& of) const;
  Best best(const sweep::SearchOptions& options) const;

  const PlanScope& scope() const { return scope_; }
  const Layout& layout(std::uint64_t i) const { return layouts_[i]; }
  // Candidates that were looked at and hold too much.
  std::vector<std::uint64_t> too_large() const;
  // The same layouts in another room.
  PlanLayouts in(const Room& room) const;
  // The scenario under a layout; errors as of models::read_scenario.
  Result<models::Scenario> read(const Layout& layout) const;
  // Simulated; nothing if it is impossible, or does not fit.
  std::optional<report::Result> run(const Layout& layout) const;

 private:
  void resize();
  void tell_size(const models::Scenario& scenario, Told& told) const;
  bool is_searched(const char* key) const;
  void take_out(std::string_view path);
  void take_out_derived();
  std::optional<models::Scenario> under_another_layout() const;
  Layout plain_layout(int tp, int pp) const;
  void add_balanced();
  void add_layered();
  std::vector<std::uint64_t> quickest_bases(bool recompute) const;
  sweep::Look glance_at(const Layout& layout, bool any_memory) const;
  sweep::Look look_at(const Layout& layout, bool any_memory) const;
  bool fits(const Layout& layout) const;

  PlanScope scope_;
  Node root_;
  std::set<std::string> fixed_, taken_out_;  // keys that stay; keys of the file that do not
  std::vector<Layout> layouts_;
  mutable std::vector<char> too_large_;  // by layout, once it was looked at; threads write different ones
  std::uint64_t combinations_ = 1;
};

}  // namespace orrery::cli
