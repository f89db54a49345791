#include "interop/proto_message.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

namespace orrery::interop {

static_assert(std::endian::native == std::endian::little, "fixed numbers are read as they lie in memory");

ProtoMessage ProtoMessage::next_of_stream() {
  wire_ = Wire::length;
  return get_message();
}

bool ProtoMessage::next(std::uint32_t tag) {
  while (next()) {
    if (tag_ == tag) return true;
    skip();
  }
  return false;
}

void ProtoMessage::skip() {
  switch (wire_) {
    case Wire::varint:
      raw_varint();
      break;
    case Wire::fixed64:
      pass(sizeof(std::uint64_t));
      break;
    case Wire::length:
      get_view();
      break;
    case Wire::fixed32:
      pass(sizeof(std::uint32_t));
      break;
  }
}

std::uint64_t ProtoMessage::long_varint() {
  constexpr int kMostBytes = 10;
  std::uint64_t value = 0;
  const char* const last = at_ + std::min<std::ptrdiff_t>(end_ - at_, kMostBytes);
  int shift = 0;
  for (const char* at = at_; at != last; shift += 7) {
    const auto byte = static_cast<unsigned char>(*at++);
    value |= std::uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return at_ = at, value;
  }
  throw ProtoFault();
}

template <class Number>
Number ProtoMessage::get_fixed(Wire wire) {
  expect(wire);
  const char* const bytes = at_;
  Number value = 0;
  pass(sizeof value);
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

std::uint64_t ProtoMessage::get_fixed64() {
  return get_fixed<std::uint64_t>(Wire::fixed64);
}

std::uint32_t ProtoMessage::get_fixed32() {
  return get_fixed<std::uint32_t>(Wire::fixed32);
}

double ProtoMessage::get_double() {
  return std::bit_cast<double>(get_fixed64());
}

}  // namespace orrery::interop
