#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace orrery::validate {

// Messages over one TCP connection that never blocks.
struct Message {
  enum class Kind : std::uint8_t { hello = 1, data = 2, give_up = 3 };
  Kind kind = Kind::data;
  std::string text;
};

class Wire {
 public:
  using Clock = std::chrono::steady_clock;

  Wire() = default;
  explicit Wire(int socket);
  ~Wire();
  Wire(Wire&& other) noexcept;
  Wire& operator=(Wire&& other) noexcept;

  bool is_open() const { return socket_ >= 0; }
  // False when the other side is gone or does not take it in time.
  bool send(const Message& message, Clock::time_point latest);
  // What has come, if anything; waits until `latest` for it.
  std::optional<Message> receive(Clock::time_point latest);
  void close();

 private:
  bool pull();  // reads what is there; false when nothing was
  std::optional<Message> next();

  int socket_ = -1;
  std::string buffer_;
};

}  // namespace orrery::validate
