#include "sim/alike.h"

#include <gtest/gtest.h>

#include <functional>
#include <span>

#include "sim/program_forms.h"

namespace orrery::sim {
namespace {

// One of everything that a program has.
Program program() {
  ProgramBuilder b("stage");
  const StreamIndex main = b.add_stream("main"), side = b.add_stream("side");
  const std::uint32_t label = b.label("x");
  b.resident(b.buffer({100}, 0, label));
  const auto from = b.mark();
  const std::uint32_t made = b.buffer({200}, 1, label);
  b.allocate(main, made);
  b.kernel(main, Duration::us(1), 0, KernelClass::compute_bound, label);
  b.collective(main, {TransferKind::all_gather, 0, 0, {64}}, 1, label);
  b.free(main, made);
  const std::uint32_t block = *b.block(from, made, made);
  b.call({block, made, made}, label);
  b.wait(side, b.send(side, {TransferKind::point_to_point, 1, 2, {32}}, 2, label));
  b.wait(main, b.last(side));
  b.kernel(main, Duration::us(2), 0, KernelClass::memory_bound, label);
  b.marker(main, {.kind = Marker::Kind::step_end});
  return std::move(b).finish();
}

using Change = std::function<void(Program&)>;

bool is_alike_after(const Change& change) {
  Program other = program();
  change(other);
  return alike(program(), other);
}

TEST(Alike, AreProgramsThatDifferInSizesAndTimes) {
  EXPECT_TRUE(is_alike_after([](Program&) {}));
  EXPECT_TRUE(is_alike_after([](Program& p) { p.streams.edit()[0].ops[1].payload = 77; }));
  EXPECT_TRUE(is_alike_after([](Program& p) { p.blocks.edit()[0].ops[1].payload = 77; }));
  EXPECT_TRUE(is_alike_after([](Program& p) { p.buffers.edit()[1].bytes = {7}; }));
  EXPECT_TRUE(is_alike_after([](Program& p) { p.transfers[0].bytes = {7}; }));
  EXPECT_TRUE(is_alike_after([](Program& p) { p.labels.edit()[0] = "y"; }));
}

TEST(Alike, AreNoOthers) {
  const std::vector<Change> changes = {
      [](Program& p) { p.streams.edit().emplace_back(); },
      [](Program& p) { p.streams.edit()[0].ops.pop_back(); },
      [](Program& p) { p.streams.edit()[0].ops[0].payload = 1; },
      [](Program& p) { p.streams.edit()[0].ops[1].category = 1; },
      [](Program& p) { p.streams.edit()[0].ops[1].flags = 0; },
      [](Program& p) { p.streams.edit()[0].ops[1].after = 7; },
      [](Program& p) { p.streams.edit()[0].ops[1].after_stream = kNoStream; },
      [](Program& p) { p.streams.edit()[0].ops[1].kind = OpKind::wait; },
      [](Program& p) { p.blocks.edit()[0].ops[0].payload = 1; },
      [](Program& p) { p.blocks.edit()[0].notes.pop_back(); },
      [](Program& p) { p.calls[0].made = 0; },
      [](Program& p) { p.resident.push_back(1); },
      [](Program& p) { p.markers.edit()[0].kind = Marker::Kind::point; },
      [](Program& p) { p.buffers.edit()[0].cause = 1; },
      [](Program& p) { p.buffers.edit()[0].parts = 1; },
      [](Program& p) { p.buffers.edit().pop_back(); },
      [](Program& p) { p.transfers[0].kind = TransferKind::all_reduce; },
      [](Program& p) { p.transfers[1].role = 0; },
      [](Program& p) { p.transfers[1].tag = 0; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) EXPECT_FALSE(is_alike_after(changes[i])) << i;
}

// Where buffers repeat, others than the first are looked at as far as they do not.
TEST(Alike, AreNoProgramsOfWhichOneRepeatsOtherwise) {
  ProgramBuilder b("stage");
  b.add_stream("main");
  for (int i = 0; i < 10; ++i) b.buffer({100 + i}, 1, b.label("x"));
  for (int round = 1; round < 20; ++round) b.buffers_again(0, 10);
  const Program program = std::move(b).finish();
  const ListRepeats repeats{std::span(program.buffers)};
  ASSERT_EQ(repeats.stretches(), 1u);
  for (std::size_t i = 0; i < program.buffers.size(); ++i) {
    const auto changed = [&](Bytes bytes, std::uint8_t cause) {
      Program other = program;
      other.buffers.edit()[i].bytes = bytes;
      other.buffers.edit()[i].cause = cause;
      return other;
    };
    EXPECT_TRUE(alike(program, changed({7}, 1), repeats)) << i;
    EXPECT_FALSE(alike(program, changed({-7}, 1), repeats)) << i;
    EXPECT_FALSE(alike(program, changed({7}, 2), repeats)) << i;
  }
}

// Stages share them.
TEST(Alike, BlocksAreComparedOnce) {
  const Program some = program();
  Program others = program(), none = program();
  others.blocks.edit()[0].ops[1].payload = 77;
  none.blocks.edit()[0].ops[0].payload = 1;
  AlikeBlocks known;
  EXPECT_TRUE(alike(some, others, {}, &known));
  EXPECT_FALSE(alike(some, none, {}, &known));
  EXPECT_TRUE(known.some.data() == some.blocks.data() && known.others.data() == others.blocks.data());
  known = {some.blocks, none.blocks};  // a lie
  EXPECT_TRUE(alike(some, none, {}, &known));
}

// One of them is sound, the other is not.
TEST(Alike, AreNoProgramsOfWhichOneHasLessThanNothing) {
  EXPECT_FALSE(is_alike_after([](Program& p) { p.streams.edit()[0].ops[1].payload = -1; }));
  EXPECT_FALSE(is_alike_after([](Program& p) { p.blocks.edit()[0].ops[1].payload = -1; }));
  EXPECT_FALSE(is_alike_after([](Program& p) { p.buffers.edit()[0].bytes = {-1}; }));
  EXPECT_FALSE(is_alike_after([](Program& p) { p.transfers[0].bytes = {-1}; }));
}

TEST(ProgramForms, AreEqualWhereProgramsAreAlike) {
  ProgramForms forms;
  Program longer = program(), other = program();
  longer.streams.edit()[0].ops[1].payload = 77;
  other.resident.push_back(1);
  const std::uint64_t form = forms.of(program());
  EXPECT_EQ(forms.of(longer), form);
  EXPECT_NE(forms.of(other), form);
  EXPECT_EQ(forms.of(program()), form);
  EXPECT_EQ(forms.of(longer), form);
}

// Copies share lists, but one of them may be changed.
TEST(ProgramForms, KnowAProgramAgainUnlessItWasChanged) {
  ProgramForms forms;
  const Program first = program();
  const std::uint64_t form = forms.of(first);
  Program copy = first;
  EXPECT_EQ(forms.of(copy), form);
  copy.calls[0].kept = 0;
  EXPECT_NE(forms.of(copy), form);
}

// Whoever adds a program answers for it: nobody looks.
TEST(ProgramForms, TakeAProgramThatIsAddedToBeAlike) {
  ProgramForms forms;
  const std::uint64_t form = forms.of(program());
  Program other = program();
  other.resident.push_back(1);  // a lie
  forms.add(form, other);
  EXPECT_EQ(forms.of(other), form);
  EXPECT_EQ(forms.compared(), 0u);
  forms.add(form + 1, program());  // nothing is known of that one
  EXPECT_NE(forms.of(program()), form);
  EXPECT_EQ(forms.compared(), 1u);
}

}  // namespace
}  // namespace orrery::sim
