#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::interop {

// Writes execution traces byte by byte, as generators of them do: each message behind its
// length, GlobalMetadata first.
class TraceBytes {
 public:
  static constexpr int kCompute = 4, kSend = 5, kReceive = 6, kCollective = 7;
  static constexpr int kAllReduce = 0, kAllGather = 2, kAllToAll = 6, kReduceScatter = 7;
  using Needs = std::vector<std::uint64_t>;

  TraceBytes() { message(text(1, "0.0.4")); }

  // A node and its id. `fields`: what comes behind name, type and dependencies.
  std::uint64_t node(const std::string& name, int type, const Needs& needs, const std::string& fields) {
    std::string body = number(1, next_) + text(2, name) + number(3, static_cast<std::uint64_t>(type));
    for (std::uint64_t need : needs) body += number(5, need);
    message(body + fields);
    return next_++;
  }
  std::uint64_t timed(const std::string& name, const Needs& needs, std::uint64_t microseconds) {
    return node(name, kCompute, needs, number(7, microseconds));
  }
  std::uint64_t counted(const std::string& name, const Needs& needs, std::uint64_t operations,
                        std::uint64_t tensor = 0) {
    return node(name, kCompute, needs, attribute("num_ops", operations) + attribute("tensor_size", tensor));
  }
  std::uint64_t collective(const std::string& name, int type, std::uint64_t bytes, const Needs& needs,
                           const std::string& group = "") {
    const std::string fields = attribute("comm_type", static_cast<std::uint64_t>(type)) + attribute("comm_size", bytes);
    return node(name, kCollective, needs, fields + (group.empty() ? "" : attribute("pg_name", group)));
  }
  std::uint64_t message_to(std::uint64_t rank, std::uint64_t bytes, const Needs& needs) {
    return node("send", kSend, needs, attribute("comm_dst", rank) + attribute("comm_size", bytes));
  }
  std::uint64_t message_from(std::uint64_t rank, std::uint64_t bytes, const Needs& needs) {
    return node("receive", kReceive, needs, attribute("comm_src", rank) + attribute("comm_size", bytes));
  }

  const std::string& bytes() const { return bytes_; }

  static std::string varint(std::uint64_t value) {
    std::string out;
    for (; value >= 128; value >>= 7) out += static_cast<char>(value | 128);
    return out + static_cast<char>(value);
  }
  static std::string number(int tag, std::uint64_t value) {
    return varint(static_cast<std::uint64_t>(tag) << 3) + varint(value);
  }
  static std::string text(int tag, std::string_view value) {
    return varint(static_cast<std::uint64_t>(tag) << 3 | 2) + varint(value.size()) + std::string(value);
  }
  static std::string attribute(const std::string& name, std::uint64_t value) {
    return text(10, text(1, name) + number(13, value));
  }
  static std::string attribute(const std::string& name, const std::string& value) {
    return text(10, text(1, name) + text(29, value));
  }

 private:
  void message(const std::string& body) { bytes_ += varint(body.size()) + body; }

  std::string bytes_;
  std::uint64_t next_ = 0;
};

}  // namespace orrery::interop
