#include "validate/processes/wire.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace orrery::validate {
namespace {

constexpr std::size_t kHead = 1 + sizeof(std::uint64_t);
constexpr std::uint64_t kLargest = std::uint64_t{1} << 36;  // no message of ours is longer: somebody else talks

int milliseconds_until(Wire::Clock::time_point latest) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(latest - Wire::Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

bool wait_for(int socket, short what, Wire::Clock::time_point latest) {
  for (;;) {
    pollfd entry{socket, what, 0};
    const int left = milliseconds_until(latest);
    const int ready = ::poll(&entry, 1, left);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
    if (ready == 0 && Wire::Clock::now() >= latest) return false;
  }
}

}  // namespace

Wire::Wire(int socket) : socket_(socket) {
  ::fcntl(socket_, F_SETFL, ::fcntl(socket_, F_GETFL) | O_NONBLOCK);
  ::fcntl(socket_, F_SETFD, FD_CLOEXEC);
}

Wire::~Wire() {
  close();
}

Wire::Wire(Wire&& other) noexcept : socket_(std::exchange(other.socket_, -1)), buffer_(std::move(other.buffer_)) {}

Wire& Wire::operator=(Wire&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(buffer_, other.buffer_);
  return *this;
}

void Wire::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

bool Wire::send(const Message& message, Clock::time_point latest) {
  std::string bytes(kHead, '\0');
  const std::uint64_t length = message.text.size();
  bytes[0] = static_cast<char>(message.kind);
  std::memcpy(bytes.data() + 1, &length, sizeof length);
  bytes += message.text;
  for (std::size_t sent = 0; sent < bytes.size() && is_open();) {
    const ssize_t n = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n > 0) {
      sent += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait_for(socket_, POLLOUT, latest)) return false;
    } else if (errno != EINTR) {
      close();
    }
  }
  return is_open();
}

std::optional<Message> Wire::next() {
  if (buffer_.size() < kHead) return std::nullopt;
  std::uint64_t length = 0;
  std::memcpy(&length, buffer_.data() + 1, sizeof length);
  if (length > kLargest) return close(), std::nullopt;
  if (buffer_.size() - kHead < length) return std::nullopt;
  Message message{static_cast<Message::Kind>(buffer_[0]), buffer_.substr(kHead, length)};
  buffer_.erase(0, kHead + length);
  return message;
}

bool Wire::pull() {
  std::array<char, 1 << 16> piece{};
  const ssize_t n = ::recv(socket_, piece.data(), piece.size(), 0);
  if (n > 0) return buffer_.append(piece.data(), static_cast<std::size_t>(n)), true;
  if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) close();
  return false;
}

std::optional<Message> Wire::receive(Clock::time_point latest) {
  for (;;) {
    if (auto message = next()) return message;
    if (!is_open()) return std::nullopt;
    if (pull()) continue;
    if (!is_open()) continue;  // what came before the end counts
    if (Clock::now() >= latest || !wait_for(socket_, POLLIN, latest)) return std::nullopt;
  }
}

}  // namespace orrery::validate
