#pragma once

#include <protozero/pbf_reader.hpp>
#include <string_view>

namespace orrery::interop {

// A protobuf message of a file that may be hostile: protozero checks every length
// and takes the reader's word for the kind of a field, which this checks as well.
// What is wrong is a protozero::exception.
class ProtoMessage : private protozero::pbf_reader {
 public:
  ProtoMessage(const char* bytes, std::size_t size) : pbf_reader(bytes, size) {}

  using pbf_reader::next;
  using pbf_reader::skip;
  using pbf_reader::tag;

  bool get_bool() { return of(Wire::varint).pbf_reader::get_bool(); }
  int get_enum() { return of(Wire::varint).pbf_reader::get_enum(); }
  std::int32_t get_int32() { return of(Wire::varint).pbf_reader::get_int32(); }
  std::int64_t get_int64() { return of(Wire::varint).pbf_reader::get_int64(); }
  std::uint32_t get_uint32() { return of(Wire::varint).pbf_reader::get_uint32(); }
  std::uint64_t get_uint64() { return of(Wire::varint).pbf_reader::get_uint64(); }
  std::uint64_t get_fixed64() { return of(Wire::fixed64).pbf_reader::get_fixed64(); }
  double get_double() { return of(Wire::fixed64).pbf_reader::get_double(); }
  std::string_view get_view() {
    const protozero::data_view view = of(Wire::length_delimited).pbf_reader::get_view();
    return {view.data(), view.size()};
  }
  std::string get_string() { return std::string(get_view()); }
  ProtoMessage get_message() {
    const std::string_view view = get_view();
    return {view.data(), view.size()};
  }
  // A repeated number, which may be packed or not: `take` is called for each.
  template <class Take>
  void each_uint64(const Take& take) {
    if (wire_type() == Wire::varint) return take(get_uint64());
    for (const std::uint64_t n : of(Wire::length_delimited).get_packed_uint64()) take(n);
  }

 private:
  using Wire = protozero::pbf_wire_type;

  ProtoMessage& of(Wire wire) {
    if (wire_type() != wire) throw protozero::unknown_pbf_wire_type_exception{};
    return *this;
  }
};

}  // namespace orrery::interop
