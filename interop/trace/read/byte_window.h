#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "interop/trace/read/byte_source.h"

namespace orrery::interop {

// A piece of a source that lies in memory: grows at its end, is let go at its front.
class ByteWindow {
 public:
  // `keep_going` is asked before every piece is read; false is as the end of the bytes.
  ByteWindow(ByteSource& source, std::function<bool()> keep_going)
      : source_(source), keep_going_(std::move(keep_going)) {}

  std::size_t size() const { return end_ - begin_; }
  char* data() { return buffer_.data() + begin_; }
  char& operator[](std::size_t i) { return buffer_[begin_ + i]; }
  std::string_view text() const { return {buffer_.data() + begin_, size()}; }
  // Where the window begins, in bytes of the unfolded file.
  std::uint64_t position() const { return position_; }

  void drop(std::size_t n) {
    begin_ += n;
    position_ += n;
  }
  // Reads another piece behind the window; what data() pointed to has moved. False at the end.
  bool more() {
    if (ended_ || !keep_going_()) return ended_ = true, false;
    if (begin_ > 0) {
      std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
      end_ -= begin_;
      begin_ = 0;
    }
    if (buffer_.size() < end_ + kPieceBytes) buffer_.resize(std::max(end_ + kPieceBytes, buffer_.size() * 2));
    const std::size_t n = source_.read(buffer_.data() + end_, kPieceBytes);
    end_ += n;
    return n > 0 || (ended_ = true, false);
  }
  // At least `n` bytes, unless the source ends before.
  bool want(std::size_t n) {
    while (size() < n && more()) {
    }
    return size() >= n;
  }

 private:
  static constexpr std::size_t kPieceBytes = 1 << 18;

  ByteSource& source_;
  std::function<bool()> keep_going_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t position_ = 0;
  bool ended_ = false;
};

}  // namespace orrery::interop
