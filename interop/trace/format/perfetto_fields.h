#pragma once

#include <cstdint>

// Field numbers and values of Perfetto's protobuf messages, as far as they are
// written or read here. Source: perfetto, protos/perfetto/trace/ (trace,
// trace_packet, trace_packet_defaults, clock_snapshot, track_event/*,
// interned_data), read 2026-11.
namespace orrery::interop {
namespace field {
constexpr int kTracePacket = 1;
namespace packet {
constexpr int kClockSnapshot = 6, kTimestamp = 8, kSequence = 10, kTrackEvent = 11, kInterned = 12, kSequenceFlags = 13,
              kStateCleared = 41, kThreadDescriptor = 44, kCompressedPackets = 50, kTimestampClock = 58, kDefaults = 59,
              kTrackDescriptor = 60;
}
namespace defaults {
constexpr int kTrackEvent = 11, kTimestampClock = 58;
constexpr int kTrack = 11;  // of the track event's
}  // namespace defaults
namespace clocks {
constexpr int kClocks = 1;
constexpr int kId = 1, kTimestamp = 2, kIncremental = 3, kMultiplier = 4;
}  // namespace clocks
namespace track {
constexpr int kUuid = 1, kName = 2, kProcess = 3, kThread = 4, kParent = 5, kCounter = 8, kStaticName = 10,
              kChildOrdering = 11, kOrderRank = 12, kAtraceName = 13, kSiblingMerge = 15;
}
namespace process {
constexpr int kPid = 1, kName = 6, kLabels = 8;
}
namespace thread {
constexpr int kPid = 1, kTid = 2, kName = 5;
}
namespace counter {
constexpr int kUnit = 3, kMultiplier = 4, kIncremental = 5, kUnitName = 6;
}
namespace event {
constexpr int kCategoryIid = 3, kAnnotation = 4, kLegacy = 6, kType = 9, kNameIid = 10, kTrack = 11, kCategory = 22,
              kName = 23, kCounterValue = 30, kFlowOld = 36, kEndsFlowOld = 42, kDoubleCounterValue = 44, kFlow = 47,
              kEndsFlow = 48;
}
namespace legacy {
constexpr int kNameIid = 1, kPhase = 2, kDurationUs = 3;
}
namespace annotation {
constexpr int kNameIid = 1, kBool = 2, kUint = 3, kInt = 4, kDouble = 5, kString = 6, kPointer = 7, kJson = 9,
              kName = 10, kDictEntry = 11, kArrayValue = 12, kStringIid = 17;
}
namespace interned {
constexpr int kCategories = 1, kNames = 2, kAnnotationNames = 3, kAnnotationStrings = 29;
constexpr int kIid = 1, kName = 2;
}  // namespace interned
}  // namespace field

constexpr int kBegin = 1, kEnd = 2, kInstant = 3, kCounterEvent = 4;
constexpr int kUnitTimeNs = 1, kSizeBytes = 3;
constexpr int kExplicitOrder = 3, kNeverMerged = 2;
constexpr std::uint32_t kStateCleared = 1, kNeedsState = 2;

}  // namespace orrery::interop
