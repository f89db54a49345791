#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <utility>

#include "models/compile/known/known_stage.h"
#include "models/compile/known/stage_setting.h"
#include "sim/program_forms.h"

namespace orrery::models {

// Programs of stages of scenarios compiled before, for those that differ from them in sizes and times alone. Keeps
// those of the settings that came up last. Not to be shared among threads.
class KnownStages {
 public:
  // Of one setting; and with more than those none is begun.
  static constexpr std::size_t kMostStages = 64;

  // Those of one setting, the last one of every rank.
  class Setting {
   public:
    Setting(const Scenario& scenario, const Schedule& schedule, sim::ProgramForms& forms)
        : setting_(scenario, schedule), forms_(forms) {}

    bool is_of(const Scenario& s, const Schedule& schedule) const { return setting_.is_of(s, schedule); }
    void come_up() { ++times_; }
    std::size_t size() const { return stages_.size(); }
    // The program that the stage of `context` would be given.
    std::optional<StageProgram> find(const StageContext& context, const Chunks& chunks);
    // That one was given, if the setting has come up before: many come up once.
    void keep(const StageContext& context, Chunks chunks, const StageProgram& written);
    std::size_t found() const { return found_; }

   private:
    struct Kept {
      KnownStage stage;
      std::uint64_t form;  // of all its programs
    };

    StageSetting setting_;
    sim::ProgramForms& forms_;
    std::list<Kept> stages_;
    TimedBlocks blocks_;
    std::size_t times_ = 0, found_ = 0;
  };

  // `forms`: of programs that others ask about too, who are told which ones are alike; null: its own.
  explicit KnownStages(std::shared_ptr<sim::ProgramForms> forms = nullptr)
      : forms_(forms ? std::move(forms) : std::make_shared<sim::ProgramForms>()) {}

  // Null: nothing is kept of such a scenario.
  Setting* of(const Scenario& scenario, const Schedule& schedule, Form form);
  // Programs that were not written, so far, in the settings that are kept.
  std::size_t found() const;
  // Programs that are kept.
  std::size_t size() const;

 private:
  std::shared_ptr<sim::ProgramForms> forms_;
  std::list<Setting> settings_;  // the one asked for last is last
};

}  // namespace orrery::models
