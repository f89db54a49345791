#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "models/memory/asked_sizes.h"
#include "models/memory/caching_allocator.h"
#include "models/memory/start_up.h"
#include "models/memory/traced_size.h"
#include "sim/program.h"
#include "sim/program_forms.h"

namespace orrery::models {

// How replays of the same requests in different sizes went.
class ReplayCourses {
 public:
  // A replay of what is asked for, in sizes as given.
  struct Replays {
    std::function<Bytes(std::span<const Bytes> sizes)> plain;
    std::function<TracedSize(std::span<const TracedSize> sizes)> traced;
  };

  // What comes of a replay.
  Bytes result(const std::vector<Bytes>& sizes, const Replays& replays);

 private:
  Bytes replay(const std::vector<Bytes>& sizes, const Replays& replays);

  std::vector<Bytes> sizes_;  // of the last replay
  Bytes result_;              // and what came of it
  SizeCourses courses_;
};

// What an allocator is asked for, but for sizes: all that replays hang on, if comparisons of sizes alone decide how
// they go.
struct AskedRequests {
  std::uint64_t form = 0;  // the program's (sim::ProgramForms)
  AllocatorOptions options;
  std::vector<std::uint32_t> resident;  // buffers held from before the first step that no start-up stands for
  std::vector<StartUp> starts;          // of ranks that are told apart
  AskedSizes asked;
};

// What replays of an allocator have shown, for those to come: points of a sweep mostly ask for the same in other
// sizes, and whether that goes the same way is told without a replay. Not to be shared among threads.
class ReplayMemory {
 public:
  // `forms`: of programs that others ask about too; null: its own.
  explicit ReplayMemory(std::shared_ptr<sim::ProgramForms> forms = nullptr)
      : forms_(forms ? std::move(forms) : std::make_shared<sim::ProgramForms>()) {}

  // A program's requests, or those of one that is alike; `sizes` are the program's own.
  struct Found {
    const AskedRequests& requests;
    std::vector<Bytes> sizes;
    ReplayCourses& courses;
  };
  // Good until the next is looked for.
  Found find(const sim::Program& program, const std::vector<std::vector<Bytes>>& tensors,
             const AllocatorOptions& options, std::vector<std::uint32_t> resident, std::vector<StartUp> starts);

 private:
  struct Shape {
    std::uint64_t hash = 0;
    std::vector<std::int64_t> shape;
    std::shared_ptr<ReplayCourses> courses;
  };
  struct Known {
    AskedRequests requests;
    std::shared_ptr<ReplayCourses> courses;
  };
  std::shared_ptr<ReplayCourses> courses_of(std::vector<std::int64_t> shape);

  std::shared_ptr<sim::ProgramForms> forms_;
  std::list<Known> known_;   // the one asked for last is last: stages of a layout come up in turn
  std::list<Shape> shapes_;  // the one asked for last is first
};

}  // namespace orrery::models
