// .et files: a stream of messages, each behind its length. The first is GlobalMetadata, the
// others are nodes (et_def.proto of MLCommons Chakra, schema 0.0.4). Numbers of fields below
// are that file's.
#include "interop/import/chakra/read/read.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "interop/import/chakra/read/order.h"
#include "interop/proto_message.h"

namespace orrery::interop::chakra {
namespace {

constexpr std::size_t kMostNodes = 1u << 20;
constexpr std::size_t kMostNeeds = 4u << 20;
constexpr std::size_t kMostName = 256;
constexpr std::int64_t kMostCount = 1'000'000'000'000'000'000;  // of a table's numbers

enum NodeField { kId = 1, kName, kType, kControl, kData, kStart, kDuration, kInputs, kOutputs, kAttribute };

// Numbers beyond what a table of layers holds are cut: they could not be simulated anyway.
std::int64_t bounded(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, kMostCount));
}

std::int64_t bounded(double value) {
  if (!(value > 0)) return 0;
  return value >= static_cast<double>(kMostCount) ? kMostCount : std::llround(value);
}

std::int64_t bounded_signed(std::uint64_t value) {
  return std::clamp(static_cast<std::int64_t>(value), -kMostCount, kMostCount);
}

// As a cell of a table holds it, which would read other signs as its own.
std::string printable(std::string_view text) {
  std::string out(text.substr(0, kMostName));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f || c == ',' || c == '"') c = ' ';
  if (out.starts_with('#')) out[0] = ' ';
  return out;
}

struct Attribute {
  std::string_view name;
  std::string text;
  std::int64_t number = 0;
  bool all_true = true;  // of a list of booleans
};

// The value of an attribute by its number in the oneof and by how it is written.
void read_value(ProtoMessage& message, Attribute& attribute) {
  enum Tag : std::uint32_t { kDouble = 3, kFloat = 5, kSint32 = 15, kSint64 = 17, kString = 29, kBools = 28 };
  using Wire = ProtoMessage::Wire;
  const std::uint32_t tag = message.tag();
  if (message.wire() == Wire::varint) {
    const std::uint64_t value = message.get_uint64();
    const bool zigzag = tag == kSint32 || tag == kSint64;
    attribute.number = bounded_signed(zigzag ? (value >> 1) ^ (~(value & 1) + 1) : value);
  } else if (message.wire() == Wire::fixed64) {
    const std::uint64_t value = message.get_fixed64();
    attribute.number = tag == kDouble ? bounded(std::bit_cast<double>(value)) : bounded_signed(value);
  } else if (message.wire() == Wire::fixed32) {
    const std::uint32_t value = message.get_fixed32();
    attribute.number = tag == kFloat ? bounded(static_cast<double>(std::bit_cast<float>(value))) : value;
  } else if (tag == kString) {
    attribute.text = printable(message.get_view());
  } else if (tag == kBools) {
    ProtoMessage list = message.get_message();
    while (list.next(1)) list.each_uint64([&](std::uint64_t value) { attribute.all_true &= value != 0; });
  } else {
    message.skip();
  }
}

Attribute read_attribute(ProtoMessage message) {
  Attribute attribute;
  while (message.next()) {
    if (message.tag() == 1)
      attribute.name = message.get_view();
    else if (message.tag() == 2)
      message.skip();
    else
      read_value(message, attribute);
  }
  return attribute;
}

// What means something only once the node's type is known, which may come behind it.
struct Pending {
  std::int64_t collective = 0, source = -1, destination = -1;
};

void take(const Attribute& attribute, TraceNode& node, Pending& pending) {
  const std::string_view name = attribute.name;
  const std::int64_t number = attribute.number;
  if (name == "is_cpu_op") node.on_cpu = number != 0;
  if (name == "comm_type") pending.collective = number;
  if (name == "comm_size") node.bytes = std::max<std::int64_t>(0, number);
  if (name == "num_ops") node.operations = std::max<std::int64_t>(0, number);
  if (name == "tensor_size") node.tensor_bytes = std::max<std::int64_t>(0, number);
  if (name == "comm_dst") pending.destination = number;
  if (name == "comm_src") pending.source = number;
  if (name == "pg_name" || name == "comm_group")
    node.group = attribute.text.empty() ? std::to_string(number) : attribute.text;
  if (name == "involved_dim") node.some_dimensions = !attribute.all_true;
}

Kind kind_of(std::uint64_t type) {
  constexpr std::uint64_t kCompute = 4, kSend = 5, kReceive = 6, kCollective = 7;
  switch (type) {
    case kCompute:
      return Kind::compute;
    case kSend:
      return Kind::send;
    case kReceive:
      return Kind::receive;
    case kCollective:
      return Kind::collective;
    default:
      return Kind::other;
  }
}

class Reader {
 public:
  explicit Reader(const ForeignText& text) : text_(text), file_(text.text.data(), text.text.size()) {}

  Result<RankTrace> read();

 private:
  std::size_t here() const { return static_cast<std::size_t>(file_.position() - text_.text.data()); }
  void check_metadata(ProtoMessage message);
  void read_node(ProtoMessage message, std::size_t at);
  void finish(TraceNode& node, const Pending& pending);
  void fail(std::size_t at, const std::string& what) { errors_.push_back(fault_at(text_.file, at, what)); }

  const ForeignText& text_;
  ProtoMessage file_;
  Unordered found_;
  std::size_t needs_ = 0;
  Errors errors_;
};

void Reader::finish(TraceNode& node, const Pending& pending) {
  const std::int64_t collective = pending.collective;
  if (node.kind == Kind::send) node.peer = pending.destination;
  if (node.kind == Kind::receive) node.peer = pending.source;
  const std::string which = "node " + std::to_string(node.id);
  if (node.kind == Kind::collective && (collective < 0 || collective >= kCollectives))
    return fail(node.at, which + " is a collective of comm_type " + std::to_string(collective) + "; 0 to 9 are known");
  node.collective = static_cast<Collective>(collective);
  if ((node.kind == Kind::send || node.kind == Kind::receive) && (node.peer < 0 || node.peer > INT32_MAX))
    return fail(node.at,
                which + " does not say " + (node.kind == Kind::send ? "to whom: comm_dst" : "from whom: comm_src"));
}

// Its first field is a text, a node's is a number.
void Reader::check_metadata(ProtoMessage message) {
  if (message.next() && message.tag() == kId && message.wire() == ProtoMessage::Wire::varint)
    fail(0, "the file begins with a node; a Chakra file begins with its GlobalMetadata");
}

void Reader::read_node(ProtoMessage message, std::size_t at) {
  TraceNode node;
  node.at = at;
  std::vector<std::uint64_t> control, data;
  Pending pending;
  const auto need = [&](std::vector<std::uint64_t>& of) {
    return [&](std::uint64_t id) {
      if (++needs_ <= kMostNeeds) of.push_back(id);
    };
  };
  while (message.next()) switch (message.tag()) {
      case kId:
        node.id = message.get_uint64();
        break;
      case kName:
        node.name = printable(message.get_view());
        break;
      case kType:
        node.kind = kind_of(message.get_uint64());
        break;
      case kControl:
        message.each_uint64(need(control));
        break;
      case kData:
        message.each_uint64(need(data));
        break;
      case kDuration:
        node.microseconds = bounded(message.get_uint64());
        break;
      case kAttribute:
        take(read_attribute(message.get_message()), node, pending);
        break;
      default:
        message.skip();
    }
  finish(node, pending);
  found_.nodes.push_back(std::move(node));
  found_.control.push_back(std::move(control));
  found_.data.push_back(std::move(data));
}

Result<RankTrace> Reader::read() {
  constexpr std::size_t kMostErrors = 20;
  bool first = true;
  std::size_t at = 0;
  try {
    while (!file_.at_end() && errors_.size() < kMostErrors) {
      at = here();
      const ProtoMessage message = file_.next_of_stream();
      if (first)
        check_metadata(message);
      else
        read_node(message, at);
      first = false;
      if (found_.nodes.size() > kMostNodes || needs_ > kMostNeeds) {
        fail(at, "more than a million nodes, or four million dependencies, in one file");
        break;
      }
    }
  } catch (const ProtoFault&) {
    fail(at, "this message is broken or cut short; .et files are Chakra's protobuf messages (schema 0.0.4)");
  }
  if (errors_.empty() && found_.nodes.empty())
    fail(here(), "the file ends here and holds no nodes: is it a Chakra .et file?");
  if (!errors_.empty()) return errors_;
  return ordered(std::move(found_), text_.file);
}

}  // namespace

std::string_view to_string(Collective collective) {
  constexpr std::string_view kNames[kCollectives] = {"all-reduce",     "reduce",    "all-gather", "gather",
                                                     "scatter",        "broadcast", "all-to-all", "reduce-scatter",
                                                     "reduce-scatter", "barrier"};
  return kNames[static_cast<std::size_t>(collective)];
}

Result<RankTrace> read_trace(const ForeignText& text) {
  return Reader(text).read();
}

}  // namespace orrery::interop::chakra
