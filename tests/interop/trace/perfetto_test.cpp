#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <protozero/pbf_reader.hpp>

#include "tests/interop/trace/small_run.h"

namespace orrery::interop {
namespace {

using protozero::pbf_reader;

struct Box {
  std::string process, track, name, category;
  std::uint64_t start = 0, end = 0;
  auto operator<=>(const Box&) const = default;
};

// Reads back the parts of a Perfetto trace that the writer uses, by the field
// numbers of perfetto's protos.
struct Decoded {
  std::map<std::uint64_t, std::string> process_name, track_name;
  std::map<std::uint64_t, std::uint64_t> parent;
  std::map<std::uint64_t, std::int32_t> order;
  std::map<std::uint64_t, std::string> names, categories, argument_names;
  std::map<std::uint64_t, std::vector<Box>> open;
  std::vector<Box> slices;
  std::map<std::string, std::vector<std::pair<std::uint64_t, std::int64_t>>> counters;  // by track name
  std::map<std::uint64_t, std::uint64_t> flow_starts, flow_ends;                        // flow to track
  std::map<std::string, std::map<std::string, std::string>> arguments;                  // by slice name

  explicit Decoded(const std::string& trace) {
    for (pbf_reader file(trace); file.next(1);) packet(file.get_message());
  }

 private:
  void packet(pbf_reader packet) {
    std::uint64_t when = 0;
    std::vector<pbf_reader> events;  // interned data of a packet hold for its own event
    while (packet.next()) switch (packet.tag()) {
        case 8:
          when = packet.get_uint64();
          break;
        case 11:
          events.push_back(packet.get_message());
          break;
        case 12:
          interned(packet.get_message());
          break;
        case 60:
          descriptor(packet.get_message());
          break;
        default:
          packet.skip();
      }
    for (pbf_reader& e : events) event(e, when);
  }

  void interned(pbf_reader table) {
    while (table.next()) {
      auto& into = table.tag() == 1 ? categories : table.tag() == 2 ? names : argument_names;
      pbf_reader entry = table.get_message();
      std::uint64_t iid = 0;
      while (entry.next()) {
        if (entry.tag() == 1)
          iid = entry.get_uint64();
        else
          EXPECT_TRUE(into.emplace(iid, entry.get_string()).second) << "an id is given once";
      }
    }
  }

  void descriptor(pbf_reader track) {
    std::uint64_t uuid = 0;
    while (track.next()) switch (track.tag()) {
        case 1:
          uuid = track.get_uint64();
          break;
        case 2:
          track_name[uuid] = track.get_string();
          break;
        case 3:
          process(track.get_message(), uuid);
          break;
        case 5:
          parent[uuid] = track.get_uint64();
          break;
        case 12:
          order[uuid] = track.get_int32();
          break;
        default:
          track.skip();
      }
  }

  void process(pbf_reader process, std::uint64_t uuid) {
    while (process.next()) {
      if (process.tag() == 6)
        process_name[uuid] = process.get_string();
      else
        process.skip();
    }
  }

  void event(pbf_reader& event, std::uint64_t when) {
    Box box;
    int type = 0;
    std::uint64_t track = 0;
    std::map<std::string, std::string> values;
    while (event.next()) switch (event.tag()) {
        case 3:
          box.category = categories.at(event.get_uint64());
          break;
        case 4:
          argument(event.get_message(), values);
          break;
        case 9:
          type = event.get_enum();
          break;
        case 10:
          box.name = names.at(event.get_uint64());
          break;
        case 11:
          track = event.get_uint64();
          break;
        case 30:
          counters[track_name.at(track)].emplace_back(when, event.get_int64());
          break;
        case 47:
          flow_starts[event.get_fixed64()] = track;
          break;
        case 48:
          flow_ends[event.get_fixed64()] = track;
          break;
        default:
          event.skip();
      }
    if (type == 1) {
      box.start = when, box.process = process_name.at(parent.at(track)), box.track = track_name.at(track);
      arguments[box.name] = values;
      open[track].push_back(box);
    }
    if (type != 2) return;
    ASSERT_FALSE(open[track].empty());
    slices.push_back(open[track].back());
    slices.back().end = when;
    open[track].pop_back();
  }

  void argument(pbf_reader argument, std::map<std::string, std::string>& values) {
    std::string name;
    while (argument.next()) switch (argument.tag()) {
        case 1:
          name = argument_names.at(argument.get_uint64());
          break;
        case 3:
          values[name] = std::to_string(argument.get_uint64());
          break;
        case 6:
          values[name] = argument.get_string();
          break;
        default:
          argument.skip();
      }
  }
};

class Perfetto : public testing::Test {
 protected:
  Decoded decode(const SmallRun& run, const std::function<void(TraceWriter&)>& tell) {
    const std::string path = folder_.file("trace.pftrace");
    auto writer = open_trace_writer(path, run.context()).value();
    tell(*writer);
    EXPECT_TRUE(writer->close().empty());
    return Decoded(read_file(path));
  }
  Decoded decode() {
    return decode(SmallRun(), [](TraceWriter& writer) { SmallRun::tell(writer); });
  }

  TemporaryFolder folder_;
};

TEST_F(Perfetto, SlicesStandOnTheTracksOfTheirRank) {
  Decoded trace = decode();
  std::sort(trace.slices.begin(), trace.slices.end());
  EXPECT_EQ(trace.slices, (std::vector<Box>{{"rank 0", "compute", "gemm qkv", "compute", 10, 20},
                                            {"rank 0", "pp", "send F3.0", "pp", 20, 40},
                                            {"rank 0", "schedule", "F3.0", "schedule", 10, 20},
                                            {"rank 1", "compute", "gemm qkv", "compute", 40, 50},
                                            {"rank 1", "pp", "recv F3.0", "pp", 30, 40}}));
  for (const auto& [track, boxes] : trace.open) EXPECT_TRUE(boxes.empty()) << trace.track_name[track];
}

TEST_F(Perfetto, StreamsAreOrdered) {
  const Decoded trace = decode();
  std::map<std::string, std::int32_t> order;
  for (const auto& [uuid, name] : trace.track_name) order[name] = trace.order.at(uuid);
  EXPECT_LT(order["schedule"], order["compute"]);
  EXPECT_LT(order["compute"], order["pp"]);
  EXPECT_LT(order["pp"], order["memory"]);
}

TEST_F(Perfetto, ArgumentsSayWhatIsMoved) {
  const Decoded trace = decode();
  EXPECT_EQ(trace.arguments.at("send F3.0").at("bytes"), "4096");
  EXPECT_EQ(trace.arguments.at("send F3.0").at("waited_ns"), "10");
  EXPECT_EQ(trace.arguments.at("F3.0").at("micro_batch"), "3");
}

TEST_F(Perfetto, MemoryIsCountedByCauseAndInSum) {
  const Decoded trace = decode();
  const std::vector<std::pair<std::uint64_t, std::int64_t>> expected = {{10, 1000}, {20, 0}};
  EXPECT_EQ(trace.counters.at("memory: activations"), expected);
  EXPECT_EQ(trace.counters.at("memory"), expected);
  EXPECT_FALSE(trace.counters.contains("memory: parameters"));
}

TEST_F(Perfetto, FlowsJoinSendsWithTheirReceives) {
  const Decoded trace = decode(SmallRun(2), [](TraceWriter& writer) {
    for (std::uint16_t step = 0; step < 3; ++step)
      for (std::uint32_t pair = 0; pair < 2; ++pair) SmallRun::tell(writer, 2 * pair, 2 * pair + 1, 100 * step, step);
  });
  EXPECT_EQ(trace.flow_starts.size(), 6u);
  EXPECT_EQ(trace.flow_ends.size(), 6u);
  const auto rank_of = [&](std::uint64_t track) { return trace.process_name.at(trace.parent.at(track)); };
  for (const auto& [flow, track] : trace.flow_starts) {
    ASSERT_TRUE(trace.flow_ends.contains(flow));
    EXPECT_EQ(rank_of(trace.flow_ends.at(flow)), rank_of(track) == "rank 0" ? "rank 1" : "rank 3");
  }
}

TEST_F(Perfetto, LinkLoadIsCounted) {
  const Decoded trace = decode(SmallRun(), [](TraceWriter& writer) {
    writer.link({{1}, at_ns(5), BytesPerSecond{50}});
    writer.link({{0}, at_ns(6), BytesPerSecond{60}});
    writer.link({{1}, at_ns(7), BytesPerSecond{0}});
  });
  EXPECT_EQ(trace.counters.at("nic link 1"), (std::vector<std::pair<std::uint64_t, std::int64_t>>{{5, 50}, {7, 0}}));
  EXPECT_EQ(trace.counters.at("nvlink link 0").size(), 1u);
}

// Both formats tell the same story.
TEST_F(Perfetto, HasTheSlicesOfTheChromeTrace) {
  const SmallRun run(3);
  const auto tell = [](TraceWriter& writer) {
    for (std::uint16_t step = 0; step < 5; ++step)
      for (std::uint32_t pair = 0; pair < 3; ++pair) SmallRun::tell(writer, 2 * pair, 2 * pair + 1, 100 * step, step);
  };
  Decoded trace = decode(run, tell);
  auto writer = open_trace_writer(folder_.file("trace.json"), run.context()).value();
  tell(*writer);
  EXPECT_TRUE(writer->close().empty());

  std::vector<Box> chrome;
  const std::vector<std::string> tracks = {"schedule", "compute", "pp"};
  const auto document = nlohmann::json::parse(read_file(folder_.file("trace.json")));
  for (const auto& event : document["traceEvents"]) {
    if (event["ph"] != "X") continue;
    const auto start = static_cast<std::uint64_t>(event["ts"].get<double>() * 1000 + 0.01);
    const auto end = static_cast<std::uint64_t>((event["ts"].get<double>() + event["dur"].get<double>()) * 1000 + 0.01);
    chrome.push_back({"rank " + event["pid"].dump(), tracks[event["tid"].get<std::size_t>()], event["name"],
                      event["cat"], start, end});
  }
  std::sort(chrome.begin(), chrome.end());
  std::sort(trace.slices.begin(), trace.slices.end());
  EXPECT_EQ(trace.slices, chrome);
}

}  // namespace
}  // namespace orrery::interop
