// What is wrong with a trace, or has no model, is told with its file and byte.
#include <gtest/gtest.h>

#include "interop/import/import.h"
#include "tests/interop/import/chakra_traces.h"

namespace orrery::interop {
namespace {

std::string refusal_of(const std::vector<ForeignText>& texts, const ImportOptions& options = {}) {
  const SearchPath presets({std::string(ORRERY_SOURCE_DIR) + "/scenarios"});
  const auto draft = import_texts(Foreign::chakra, texts, options, presets);
  std::string told;
  if (!draft)
    for (const Error& error : draft.errors()) told += to_string(error) + "\n";
  return told;
}

std::string refusal_of(const TraceBytes& trace) {
  return refusal_of({{"t.0.et", trace.bytes()}});
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TraceBytes small() {
  TraceBytes trace;
  const auto forward = trace.timed("a_fwd", {}, 100);
  trace.collective("g", TraceBytes::kAllReduce, 4000, {trace.timed("a_bwd", {forward}, 200)});
  return trace;
}

TEST(ChakraFaults, OneCollectiveIsAQuestionOfItsOwn) {
  TraceBytes trace;
  trace.collective("all_reduce", TraceBytes::kAllReduce, 1 << 20, {});
  const std::string bytes = trace.bytes();
  const std::string told = refusal_of({{"t.0.et", bytes}, {"t.1.et", bytes}, {"t.2.et", bytes}, {"t.3.et", bytes}});
  EXPECT_TRUE(holds(told, "no compute")) << told;
  EXPECT_TRUE(holds(told, "\n  orrery collective all-reduce --cluster dgx-h100 --gpus 4 --bytes 1048576\n")) << told;
}

TEST(ChakraFaults, CollectivesOfSomeRanksNameThem) {
  std::vector<ForeignText> texts;
  for (int rank = 0; rank < 12; ++rank) {
    TraceBytes trace;
    trace.collective("x", TraceBytes::kAllToAll, 4096, {}, std::to_string(rank % 4));
    texts.push_back({"t." + std::to_string(rank) + ".et", trace.bytes()});
  }
  ImportOptions options;
  options.cluster = "dgx-a100";
  EXPECT_TRUE(
      holds(refusal_of(texts, options),
            "orrery collective all-to-all --cluster dgx-a100 --gpus 12 --gpus-per-node 4 --ranks 0-8:4 --bytes 4096"));
}

// Cut anywhere but between two messages, a file is told to be broken, where its last message begins.
TEST(ChakraFaults, CutFilesAreTold) {
  const std::string whole = small().bytes();
  int broken = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string told = refusal_of({{"t.0.et", whole.substr(0, size)}});
    if (!holds(told, "broken or cut short")) continue;
    ++broken;
    EXPECT_TRUE(told.starts_with("t.0.et: at byte ")) << told;
  }
  EXPECT_EQ(broken, static_cast<int>(whole.size()) - 4);  // empty, and behind 3 of 4 messages
}

TEST(ChakraFaults, LengthsAndNumbersThatRunAway) {
  const std::string metadata = TraceBytes().bytes();
  const auto at = "t.0.et: at byte " + std::to_string(metadata.size()) + ": this message is broken";
  EXPECT_TRUE(holds(refusal_of({{"t.0.et", metadata + std::string(11, '\xff')}}), at));
  EXPECT_TRUE(holds(refusal_of({{"t.0.et", metadata + TraceBytes::varint(UINT64_MAX)}}), at));
  EXPECT_TRUE(holds(refusal_of({{"t.0.et", metadata + "\x02\x12\x7f"}}), at));  // a name longer than its node
}

TEST(ChakraFaults, CyclesAndRepeatedIds) {
  TraceBytes cycle;
  cycle.timed("first", {}, 1);
  const std::size_t at = cycle.bytes().size();
  cycle.timed("second", {2}, 1);
  cycle.timed("third", {1}, 1);
  const std::string told = refusal_of(cycle);
  EXPECT_TRUE(holds(told, "at byte " + std::to_string(at) + ": node 1 waits for itself")) << told;

  const std::string bytes = small().bytes();
  const std::string metadata = TraceBytes().bytes();
  EXPECT_TRUE(holds(refusal_of({{"t.0.et", bytes + bytes.substr(metadata.size())}}), "a second node of id 0"));
}

TEST(ChakraFaults, ManyEmptyNodesEndSoon) {
  const std::string told = refusal_of({{"t.0.et", TraceBytes().bytes() + std::string(3 << 20, '\0')}});
  EXPECT_TRUE(holds(told, "more than a million nodes")) << told;
}

TEST(ChakraFaults, RanksAreAllThereOnce) {
  const std::string bytes = small().bytes();
  EXPECT_TRUE(holds(refusal_of({{"t.0.et", bytes}, {"t.1.et", bytes}, {"t.3.et", bytes}}),
                    "t.3.et: the trace of rank 2 is missing"));
  EXPECT_TRUE(holds(refusal_of({{"t.0.et", bytes}, {"u.0.et", bytes}}), "u.0.et: is a second trace of rank 0"));
  EXPECT_TRUE(holds(refusal_of({{"t.0.et", bytes}, {"other", bytes}}), "other: the name says no rank"));
}

TEST(ChakraFaults, CollectivesOfAGroupAgree) {
  TraceBytes other;
  const auto forward = other.timed("a_fwd", {}, 100), backward = other.timed("a_bwd", {forward}, 200);
  const std::size_t at = other.bytes().size();
  other.collective("g", TraceBytes::kAllReduce, 5000, {backward});
  const std::string told = refusal_of({{"t.0.et", small().bytes()}, {"t.1.et", other.bytes()}});
  EXPECT_TRUE(holds(told, "t.1.et: at byte " + std::to_string(at) +
                              ": the all-reduce of 5000 bytes (node 2) has no partner in t.0.et"))
      << told;
}

TEST(ChakraFaults, MessagesArrive) {
  TraceBytes sends, quiet;
  const auto work = sends.timed("a_fwd", {}, 100);
  sends.message_to(1, 64, {work});
  quiet.timed("b_fwd", {}, 100);
  EXPECT_TRUE(holds(refusal_of({{"t.0.et", sends.bytes()}, {"t.1.et", quiet.bytes()}}),
                    "rank 0 sends 1 messages to rank 1, which receives 0"));
  TraceBytes far;
  far.message_to(7, 64, {far.timed("a_fwd", {}, 100)});
  EXPECT_TRUE(holds(refusal_of({{"t.0.et", far.bytes()}, {"t.1.et", quiet.bytes()}}), "rank 7, but there are 2 ranks"));
  TraceBytes nowhere;
  nowhere.node("send", TraceBytes::kSend, {}, TraceBytes::attribute("comm_size", 64));
  EXPECT_TRUE(holds(refusal_of(nowhere), "does not say to whom: comm_dst"));
}

TEST(ChakraFaults, NodesComeBehindTheMetadata) {
  const std::string bytes = small().bytes();
  EXPECT_TRUE(holds(refusal_of({{"t.0.et", bytes.substr(TraceBytes().bytes().size())}}), "begins with a node"));
}

TEST(ChakraFaults, UnknownCollectives) {
  TraceBytes trace;
  trace.collective("g", 77, 64, {});
  EXPECT_TRUE(holds(refusal_of(trace), "comm_type 77"));
}

}  // namespace
}  // namespace orrery::interop
