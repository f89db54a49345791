#include "interop/proto_message.h"

#include <bit>
#include <cstring>
#include <protozero/exception.hpp>
#include <protozero/varint.hpp>

namespace orrery::interop {

static_assert(std::endian::native == std::endian::little, "fixed numbers are read as they lie in memory");

bool ProtoMessage::next() {
  if (at_ == end_) return false;
  constexpr std::uint64_t kMostTag = UINT32_MAX;
  const std::uint64_t key = raw_varint();
  if (key > kMostTag || key >> 3 == 0) throw ProtoFault();
  tag_ = static_cast<std::uint32_t>(key >> 3);
  switch (key & 7) {
    case 0:
    case 1:
    case 2:
    case 5:
      wire_ = static_cast<Wire>(key & 7);
      return true;
    default:
      throw ProtoFault();
  }
}

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

void ProtoMessage::pass(std::uint64_t bytes) {
  if (bytes > static_cast<std::uint64_t>(end_ - at_)) throw ProtoFault();
  at_ += bytes;
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

std::uint64_t ProtoMessage::raw_varint() {
  try {
    return protozero::decode_varint(&at_, end_);
  } catch (const protozero::exception&) {
    throw ProtoFault();
  }
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

std::string_view ProtoMessage::get_view() {
  expect(Wire::length);
  const std::uint64_t size = raw_varint();
  const char* const bytes = at_;
  pass(size);
  return {bytes, static_cast<std::size_t>(size)};
}

}  // namespace orrery::interop
