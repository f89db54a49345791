// What cannot be scheduled is refused with the reason and the numbers.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "models/schedules/schedule.h"

namespace orrery::models {
namespace {

Errors refusal(const ScheduleRequest& request) {
  const Result<Schedule> schedule = make_schedule(request);
  return schedule ? Errors{} : schedule.errors();
}

std::string reason(const ScheduleRequest& request) {
  const Errors errors = refusal(request);
  return errors.empty() ? "accepted" : errors.front().what;
}

bool mentions(const std::string& text, std::initializer_list<const char*> parts) {
  return std::all_of(parts.begin(), parts.end(),
                     [&](const char* part) { return text.find(part) != std::string::npos; });
}

TEST(Refusal, SizesBelowOne) {
  EXPECT_TRUE(mentions(reason({"1f1b", 0, 4}), {"pp = 0"}));
  EXPECT_TRUE(mentions(reason({"gpipe", 4, 0}), {"micro-batches = 0"}));
  EXPECT_TRUE(mentions(reason({"looped-bfs", 4, 4, -1}), {"virtual_stages = -1"}));
  EXPECT_EQ(refusal({"1f1b", 0, 0, 0}).size(), 3u);  // all at once
}

TEST(Refusal, MoreThanAnyMemoryHolds) {
  EXPECT_TRUE(mentions(reason({"gpipe", 2'000'000'000, 1}), {"2000000000"}));
  EXPECT_TRUE(mentions(reason({"looped-bfs", 1'000'000, 1'000'000, 1'000'000}), {"2000000000000000000"}));
}

TEST(Refusal, NoneWithAPipeline) {
  EXPECT_TRUE(mentions(reason({"none", 4, 8}), {"pp = 4", "1f1b"}));
  EXPECT_TRUE(mentions(reason({"none", 1, 8, 2}), {"virtual_stages = 2"}));
}

TEST(Refusal, ChunksWhereOneStageIsHeld) {
  EXPECT_TRUE(mentions(reason({"1f1b", 4, 8, 2}), {"virtual_stages = 2", "interleaved-1f1b"}));
  EXPECT_TRUE(mentions(reason({"gpipe", 4, 8, 3}), {"virtual_stages = 3", "looped-bfs"}));
}

TEST(Refusal, InterleavedWithOneChunk) {
  EXPECT_TRUE(mentions(reason({"interleaved-1f1b", 4, 8, 1}), {"at least 2", "is 1"}));
}

// Megatron-LM: N <= m, and m mod N is 0 or at least p.
TEST(Refusal, GroupsThatDoNotFit) {
  EXPECT_TRUE(mentions(reason({"interleaved-1f1b", 4, 3, 2}), {"group = 4", "default", "3 micro-batches"}));
  EXPECT_TRUE(mentions(reason({"interleaved-1f1b", 4, 8, 2, 9}), {"group = 9", "8 micro-batches"}));
  EXPECT_TRUE(mentions(reason({"interleaved-1f1b", 4, 9, 2}), {"9 micro-batches", "last group of 1", "= 4"}));
  EXPECT_TRUE(mentions(reason({"interleaved-1f1b", 4, 8, 2, 5}), {"last group of 3", "= 4"}));
  EXPECT_TRUE(mentions(reason({"interleaved-1f1b", 4, 8, 2, 3}), {"last group of 2", "= 3"}));
  EXPECT_TRUE(mentions(reason({"interleaved-1f1b", 4, 8, 2, -4}), {"group = -4"}));
}

// Llama 3 (arXiv:2407.21783, section 3.3.2) runs fewer micro-batches at a time than there are ranks.
TEST(Refusal, NotForGroupsSmallerThanThePipelineThatDivide) {
  EXPECT_EQ(reason({"interleaved-1f1b", 4, 8, 2, 2}), "accepted");
  EXPECT_EQ(reason({"interleaved-1f1b", 4, 9, 2, 5}), "accepted");  // rest 4 >= p
}

TEST(Refusal, RoundsThatDoNotDivide) {
  ScheduleRequest request{"interleaved-1f1b", 4, 9, 2};
  request.rule = "rounds";
  EXPECT_TRUE(mentions(reason(request), {"= 2 rounds", "m = 9"}));
  request.micro_batches = 8, request.group = 4;
  EXPECT_TRUE(mentions(reason(request), {"group = 4", "rounds"}));
  request.rule = "round";
  EXPECT_TRUE(mentions(reason(request), {"'round'", "'rounds'"}));
}

TEST(Refusal, NegativeWarmup) {
  ScheduleRequest request{"interleaved-1f1b", 4, 8, 2};
  request.extra_warmup = -1;
  EXPECT_TRUE(mentions(reason(request), {"extra_warmup = -1"}));
}

// Rank 0 would run so far ahead that its first backward waits for its own later forward.
TEST(Refusal, WarmupThatWaitsForItself) {
  ScheduleRequest request{"interleaved-1f1b", 4, 8, 2};
  request.extra_warmup = 2;
  EXPECT_EQ(reason(request), "accepted");
  request.extra_warmup = 3;
  EXPECT_TRUE(mentions(reason(request), {"extra_warmup = 3", "groups of 4", "= 2"}));
  request.group = 8;  // one group: there is no later forward
  EXPECT_EQ(reason(request), "accepted");
}

// What a schedule does not read, it does not take in silence.
TEST(Refusal, OptionsOfOtherSchedules) {
  for (const char* name : {"none", "gpipe", "1f1b", "looped-bfs"}) {
    ScheduleRequest request{name, 1, 8, 1, 4, "rounds", 1};
    EXPECT_EQ(refusal(request).size(), 3u) << name;
  }
}

TEST(Refusal, UnknownNamesSuggestTheNearest) {
  EXPECT_TRUE(mentions(reason({"1f1d", 4, 8}), {"'1f1d'", "did you mean '1f1b'"}));
  EXPECT_EQ(refusal({"1f1d", 4, 8}).front().fault, Fault::input);
}

TEST(Refusal, ShapesOfTheVAndBidirectionalSchedules) {
  EXPECT_TRUE(mentions(reason({"zb-v", 4, 8, 1}), {"two chunks", "virtual_stages = 1"}));
  EXPECT_TRUE(mentions(reason({"dualpipe", 3, 8}), {"even pp", "3", "dualpipe-v"}));
  EXPECT_TRUE(mentions(reason({"dualpipe", 4, 9}), {"even number of micro-batches", "9"}));
  EXPECT_TRUE(mentions(reason({"dualpipe", 4, 6}), {"2 pp = 8", "6"}));
  EXPECT_TRUE(mentions(reason({"dualpipe", 4, 8, 2}), {"one stage a rank", "dualpipe-v"}));
  EXPECT_TRUE(mentions(reason({"dualpipe-v", 4, 6, 2}), {"2 pp = 8", "6"}));
  EXPECT_TRUE(mentions(reason({"chimera", 3, 6}), {"even pp", "3"}));
  EXPECT_TRUE(mentions(reason({"chimera", 4, 6}), {"units of pp = 4", "6"}));
  EXPECT_TRUE(mentions(reason({"hanayo", 4, 4, 3}), {"virtual_stages = 3", "odd"}));
  EXPECT_TRUE(mentions(reason({"pipedream-2bw", 4, 3}), {"pp = 4", "3"}));
  EXPECT_TRUE(mentions(reason({"interleaved-zb1p", 4, 9, 2}), {"2 rounds", "9"}));
  EXPECT_TRUE(mentions(reason({"interleaved-zb1p", 4, 8, 1}), {"at least 2", "zb-h1"}));
}

TEST(Refusal, MemoryLimits) {
  ScheduleRequest request{"zb-auto", 4, 8};
  request.memory = {{1, 1, 1}};
  EXPECT_TRUE(mentions(reason(request), {"memory limit of 1", "one micro-batch of 2"}));
  request.name = "zb-h1";
  EXPECT_TRUE(mentions(reason(request), {"memory limit is for zb-auto"}));
}

// Every name of the contract is known.
TEST(Names, CoverTheContract) {
  const std::set<std::string_view> names(schedule_names().begin(), schedule_names().end());
  for (const char* name : {"none",       "gpipe",      "1f1b",          "interleaved-1f1b",
                           "looped-bfs", "pipedream",  "pipedream-2bw", "interleaved-zb1p",
                           "zb-h1",      "zb-h2",      "zb-v",          "zb-v-auto",
                           "v-1f1b",     "v-half",     "v-min",         "zb-auto",
                           "dualpipe",   "dualpipe-v", "chimera",       "hanayo"})
    EXPECT_TRUE(names.contains(name)) << name;
  for (const std::string_view name : schedule_names()) {
    const int ranks = name == "none" ? 1 : 2;
    EXPECT_EQ(reason({std::string(name), ranks, 4, usual_chunks(name)}), "accepted") << name;
  }
}

}  // namespace
}  // namespace orrery::models
