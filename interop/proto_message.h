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
  [[gnu::always_inline]] bool next() {
    if (at_ == end_) return false;
    const std::uint64_t key = raw_varint();
    constexpr std::uint64_t kMostTag = UINT32_MAX;
    constexpr unsigned kKnownWires = 0b100111;  // a bit for each Wire
    if (key > kMostTag || key >> 3 == 0 || (kKnownWires >> (key & 7) & 1) == 0) throw ProtoFault();
    tag_ = static_cast<std::uint32_t>(key >> 3);
    wire_ = static_cast<Wire>(key & 7);
    return true;
  }
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
  std::string_view get_view() {
    expect(Wire::length);
    const std::uint64_t size = raw_varint();
    const char* const bytes = at_;
    pass(size);
    return {bytes, static_cast<std::size_t>(size)};
  }
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
  // Most are one byte long: keys, lengths, small numbers.
  [[gnu::always_inline]] std::uint64_t raw_varint() {
    if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) return static_cast<unsigned char>(*at_++);
    return long_varint();
  }
  std::uint64_t long_varint();
  void pass(std::uint64_t bytes) {
    if (bytes > static_cast<std::uint64_t>(end_ - at_)) throw ProtoFault();
    at_ += bytes;
  }

  const char *at_, *end_;
  std::uint32_t tag_ = 0;
  Wire wire_ = Wire::varint;
};

}  // namespace orrery::interop
