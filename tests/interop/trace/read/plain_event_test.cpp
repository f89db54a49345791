// The quick way through a Chrome trace says what the careful one says, or nothing.
#include "interop/trace/read/chrome/plain_event.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/base/random.h"
#include "tests/interop/trace/read/recording.h"
#include "tests/interop/trace/read/same_event.h"

namespace orrery::interop {
namespace {

// As exports of ours, PyTorch, Nsight and others have them.
const std::string kPlain[] = {
    R"({"ph":"X","pid":3,"tid":0,"ts":12.000345,"dur":2.5,"name":"layer 1 qkv","cat":"compute","args":{"step":0,"action":"F","micro_batch":7,"chunk":0}})",
    R"({"ph":"s","pid":3,"tid":1,"ts":1,"id":"0x1f","name":"transfer","cat":"flow"})",
    R"({"ph":"f","pid":3,"tid":1,"ts":-0.5,"id":17,"name":"transfer","cat":"flow","bp":"e"})",
    R"({"ph": "X", "cat": "cpu_op", "name": "aten::mm", "pid": 4037, "tid": 23695, "ts": 1682725898237110, "dur": 33.0, "args": {"External id": 41548, "Ev Idx": 27211, "Input Dims": [[2048, 1], [], {"a": null}], "Input type": ["float", "float"]}})",
    "{\n    \"ph\": \"X\", \"name\": \"void at::native<float, 4>(char*)\", \"pid\": 0, \"tid\": \"7\",\n    \"ts\": "
    "1682725898237110.125, \"dur\": 3,\n    \"args\": {\n      \"queued\": 0, \"deep\": {}, \"on\": true, \"off\": "
    "false, \"est. occupancy %\": 12.75\n    }\n  }",
    R"_({"ph":"C","pid":0,"tid":0,"ts":3,"name":"memory (bytes)","args":{"parameters":123456789012,"zero":-0}})_",
    R"({"ph":"M","pid":0,"tid":0,"name":"process_name","args":{"name":"rank 0"},"other":[1,{"x":"]"}],"more":null})",
    R"({"ph":"b","cat":"c","id2":"0x1","name":"n","pid":1,"ts":7})",
    R"({})",
};

TEST(PlainEvent, TakesWhatNearlyAllEventsAre) {
  for (const std::string& event : kPlain)
    for (const bool keep_all : {true, false}) EXPECT_EQ(taken_alike(event + ", {", keep_all), event.size()) << event;
}

TEST(PlainEvent, LeavesTheRestToTheCarefulParser) {
  const std::string deep(64, '[');
  for (const std::string& event :
       {std::string(R"({"ph":"X","ts":1e3})"), std::string(R"({"ph":"X","ts":01})"), std::string(R"({"ts":1.})"),
        std::string(R"({"ph":"X","name":"a\"b"})"), std::string("{\"name\":\"\xC3\xA9\"}"),
        std::string("{\"name\":\"a\tb\"}"), std::string(R"({"ts":"soon"})"), std::string(R"({"a":1,})"),
        std::string(R"({"args":[1]})"), std::string(R"({"id2":{"local":"0x1"}})"), std::string(R"({"a":nul})"),
        std::string(R"({"args":{"a":NaN}})"), std::string(R"({"ph":"X")"), std::string(R"({"ph")"), std::string("{"),
        std::string(), "{\"a\":" + deep + std::string(64, ']') + "}", "{\"args\":{\"a\":" + deep})
    EXPECT_EQ(taken_alike(event, true), 0u) << event;
}

// Whatever one to three wrong bytes make of an event.
TEST(PlainEvent, NeverSaysSomethingElse) {
  const std::string_view bytes = "{}[]\",:\\ \n\t0123456789.-+eEtrufalsn_\x01\x7F\xC3";
  std::size_t taken = 0;
  for (std::uint64_t round = 0; round < 20'000; ++round) {
    const KeyedRandom random(round);
    std::string event = kPlain[random.bits(0) % std::size(kPlain)];
    for (std::uint64_t i = 0; i <= round % 3; ++i)
      event[random.bits(2 * i + 1) % event.size()] = bytes[random.bits(2 * i + 2) % bytes.size()];
    const auto length = taken_alike(event, round % 2 == 0);
    ASSERT_TRUE(length) << event;
    if (*length > 0) ++taken;
  }
  EXPECT_GT(taken, 2'000u);
}

// Events that lie across the pieces in which a file is read are the careful parser's.
TEST(PlainEvent, IsTakenWhereverAPieceEnds) {
  std::string text = "[";
  constexpr std::int64_t kEvents = 20'000;  // eight pieces
  for (std::int64_t i = 0; i < kEvents; ++i)
    text += (i > 0 ? ",{" : "{") + std::string(R"("ph":"X","pid":1,"tid":1,"dur":1,"ts":)") + std::to_string(2 * i) +
            R"(,"name":"x","args":{"number":)" + std::to_string(i) + R"(,"dims":[1,2]}})";
  Recording told;
  ASSERT_TRUE(read_bytes(text + "]", told).ok());
  ASSERT_EQ(told.slices.size(), static_cast<std::size_t>(kEvents));
  for (std::int64_t i = 0; i < kEvents; ++i) {
    const Recording::Slice& slice = told.slices[static_cast<std::size_t>(i)];
    ASSERT_EQ(slice.start_ps, 2 * i * 1'000'000);
    ASSERT_EQ(slice.arguments.at("number"), std::to_string(i));
  }
}

}  // namespace
}  // namespace orrery::interop
