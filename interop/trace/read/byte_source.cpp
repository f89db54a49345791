#include "interop/trace/read/byte_source.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <vector>

namespace orrery::interop {
namespace {

class FileSource final : public ByteSource {
 public:
  FileSource(std::FILE* file, std::uint64_t total) : file_(file), total_(total) {
    std::setvbuf(file_, nullptr, _IONBF, 0);  // readers ask for large pieces
  }
  ~FileSource() override { std::fclose(file_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  std::size_t read(char* to, std::size_t size) override {
    errno = 0;
    const std::size_t n = std::fread(to, 1, size, file_);
    if (n < size && std::ferror(file_)) fault_ = std::string("cannot read on: ") + std::strerror(errno);
    consumed_ += n;
    return n;
  }
  std::uint64_t consumed() const override { return consumed_; }
  std::uint64_t total() const override { return total_; }
  std::optional<std::string> fault() const override { return fault_; }

 private:
  std::FILE* file_;
  std::uint64_t total_, consumed_ = 0;
  std::optional<std::string> fault_;
};

class TextSource final : public ByteSource {
 public:
  explicit TextSource(std::string_view bytes) : bytes_(bytes) {}

  std::size_t read(char* to, std::size_t size) override {
    const std::string_view piece = bytes_.substr(at_, size);
    std::copy(piece.begin(), piece.end(), to);
    at_ += piece.size();
    return piece.size();
  }
  std::uint64_t consumed() const override { return at_; }
  std::uint64_t total() const override { return bytes_.size(); }
  std::optional<std::string> fault() const override { return {}; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

// What decompressors share: input in pieces, of which the first may have been read already.
class Compressed : public ByteSource {
 public:
  Compressed(std::unique_ptr<ByteSource> raw, std::string_view first) : raw_(std::move(raw)), input_(kPieceBytes) {
    std::copy(first.begin(), first.end(), input_.begin());
    filled_ = first.size();
  }
  std::uint64_t consumed() const override { return raw_->consumed(); }
  std::uint64_t total() const override { return raw_->total(); }
  std::optional<std::string> fault() const override { return fault_ ? fault_ : raw_->fault(); }

 protected:
  static constexpr std::size_t kPieceBytes = 1 << 16;

  std::string_view waiting() const { return {input_.data() + used_, filled_ - used_}; }
  void use(std::size_t n) { used_ += n; }
  bool refill() {
    used_ = 0;
    filled_ = raw_->read(input_.data(), input_.size());
    return filled_ > 0;
  }
  void fail(std::string why) {
    fault_ = std::move(why);
    ended_ = true;
  }
  bool ended() const { return ended_; }
  void end() { ended_ = true; }

 private:
  std::unique_ptr<ByteSource> raw_;
  std::vector<char> input_;
  std::size_t used_ = 0, filled_ = 0;
  bool ended_ = false;
  std::optional<std::string> fault_;
};

class GzipSource final : public Compressed {
 public:
  GzipSource(std::unique_ptr<ByteSource> raw, std::string_view first) : Compressed(std::move(raw), first) {
    constexpr int kGzipOrZlib = 15 + 32;
    if (inflateInit2(&stream_, kGzipOrZlib) != Z_OK) fail("zlib does not start");
  }
  ~GzipSource() override { inflateEnd(&stream_); }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  std::size_t read(char* to, std::size_t size) override {
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(size);
    while (stream_.avail_out > 0 && !ended()) step();
    return size - stream_.avail_out;
  }

 private:
  void step() {
    if (waiting().empty() && !refill()) {
      if (in_member_)
        fail("the compressed file is cut off");
      else
        end();
      return;
    }
    if (!in_member_ && !next_member()) return;
    const std::string_view input = waiting();
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(input.size());
    const int state = inflate(&stream_, Z_NO_FLUSH);
    use(input.size() - stream_.avail_in);
    if (state == Z_STREAM_END)
      in_member_ = false;
    else if (state != Z_OK && state != Z_BUF_ERROR)
      fail("the compressed file is broken");
  }
  // Files may be several members one after another; zeros behind the last are padding.
  bool next_member() {
    if (waiting().front() == '\0') return end(), false;
    if (inflateReset(&stream_) != Z_OK) return fail("zlib does not start again"), false;
    return in_member_ = true;
  }

  z_stream stream_{};
  bool in_member_ = true;
};

class ZstdSource final : public Compressed {
 public:
  ZstdSource(std::unique_ptr<ByteSource> raw, std::string_view first) : Compressed(std::move(raw), first) {
    if (!stream_) fail("zstd does not start");
  }
  ~ZstdSource() override { ZSTD_freeDStream(stream_); }
  ZstdSource(const ZstdSource&) = delete;
  ZstdSource& operator=(const ZstdSource&) = delete;

  std::size_t read(char* to, std::size_t size) override {
    ZSTD_outBuffer out{to, size, 0};
    while (out.pos < out.size && !ended()) step(out);
    return out.pos;
  }

 private:
  void step(ZSTD_outBuffer& out) {
    // What the decompressor still holds comes out before more is put in.
    const std::size_t had = out.pos;
    const bool empty = waiting().empty() && !holds_back_ && !refill();
    const std::string_view input = waiting();
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    if (empty && !in_frame_) return end();
    const std::size_t state = ZSTD_decompressStream(stream_, &out, &in);
    use(in.pos);
    if (ZSTD_isError(state)) return fail(std::string("the compressed file is broken: ") + ZSTD_getErrorName(state));
    in_frame_ = state != 0;
    holds_back_ = out.pos == out.size && in_frame_;
    if (empty && out.pos == had && in_frame_) fail("the compressed file is cut off");
  }

  ZSTD_DStream* stream_ = ZSTD_createDStream();
  bool in_frame_ = false, holds_back_ = false;
};

constexpr std::size_t kMagicBytes = 4;
constexpr std::string_view kGzip = "\x1F\x8B", kZstd = "\x28\xB5\x2F\xFD";

bool is_compressed(std::string_view first) {
  return first.starts_with(kGzip) || first.starts_with(kZstd);
}

// `first` are the bytes that have been read of `raw` already.
std::unique_ptr<ByteSource> unfold(std::unique_ptr<ByteSource> raw, std::string_view first) {
  if (first.starts_with(kGzip)) return std::make_unique<GzipSource>(std::move(raw), first);
  return std::make_unique<ZstdSource>(std::move(raw), first);
}

}  // namespace

Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path) {
  const auto fail = [&](const std::string& why) { return Error{{path, 0, 0}, "cannot read: " + why, Fault::io}; };
  std::error_code fault;
  const auto status = std::filesystem::status(path, fault);
  if (std::filesystem::is_directory(status)) return fail("it is a folder");
  // A trace may be read twice: once to find where its clock starts.
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    return fail("it is no regular file");
  errno = 0;
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) return fail(std::strerror(errno));
  const auto size = std::filesystem::file_size(path, fault);
  std::unique_ptr<ByteSource> raw = std::make_unique<FileSource>(file, fault ? 0 : size);
  char magic[kMagicBytes];
  const std::string_view first(magic, std::fread(magic, 1, sizeof magic, file));
  if (is_compressed(first)) return unfold(std::move(raw), first);
  std::rewind(file);
  return raw;
}

std::unique_ptr<ByteSource> bytes_of(std::string_view bytes) {
  const std::string_view first = bytes.substr(0, kMagicBytes);
  if (is_compressed(first)) return unfold(std::make_unique<TextSource>(bytes.substr(first.size())), first);
  return std::make_unique<TextSource>(bytes);
}

std::unique_ptr<ByteSource> zlib_bytes_of(std::string_view bytes) {
  return std::make_unique<GzipSource>(std::make_unique<TextSource>(bytes), "");
}

}  // namespace orrery::interop
