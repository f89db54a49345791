#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace orrery::interop {

// A protobuf message of a file that may be hostile, field by field: every length
// and every kind is checked. What is wrong is a ProtoFault.
struct ProtoFault {};

class ProtoMessage {
 public:
  enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, length = 2, fixed32 = 5 };

  ProtoMessage(const char* bytes, std::size_t size) : at_(bytes), end_(bytes + size) {}

  // To the next field, whose value is then got or skipped. False at the end.
  bool next();
  // A length and as many bytes, without a number before them: files that are a
  // stream of messages.
  ProtoMessage next_of_stream();
  bool at_end() const { return at_ == end_; }
  // To the next field of this number.
  bool next(std::uint32_t tag);
  std::uint32_t tag() const { return tag_; }
  Wire wire() const { return wire_; }
  void skip();
  // Where the next byte is read: behind the last that was understood, after a fault.
  const char* position() const { return at_; }

  bool get_bool() { return varint() != 0; }
  int get_enum() { return static_cast<int>(varint()); }
  std::int32_t get_int32() { return static_cast<std::int32_t>(varint()); }
  std::int64_t get_int64() { return static_cast<std::int64_t>(varint()); }
  std::uint32_t get_uint32() { return static_cast<std::uint32_t>(varint()); }
  std::uint64_t get_uint64() { return varint(); }
  std::uint64_t get_fixed64();
  std::uint32_t get_fixed32();
  double get_double();
  std::string_view get_view();
  std::string get_string() { return std::string(get_view()); }
  ProtoMessage get_message() {
    const std::string_view view = get_view();
    return {view.data(), view.size()};
  }
  // A repeated number, which may be packed or not: `take` is called for each.
  template <class Take>
  void each_uint64(const Take& take) {
    if (wire_ == Wire::varint) return take(get_uint64());
    ProtoMessage packed = get_message();
    while (packed.at_ != packed.end_) take(packed.raw_varint());
  }

 private:
  void expect(Wire wire) const {
    if (wire_ != wire) throw ProtoFault();
  }
  template <class Number>
  Number get_fixed(Wire wire);
  std::uint64_t varint() {
    expect(Wire::varint);
    return raw_varint();
  }
  std::uint64_t raw_varint();
  void pass(std::uint64_t bytes);

  const char *at_, *end_;
  std::uint32_t tag_ = 0;
  Wire wire_ = Wire::varint;
};

}  // namespace orrery::interop
