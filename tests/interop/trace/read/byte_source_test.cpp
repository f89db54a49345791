#include "interop/trace/read/byte_source.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/interop/trace/read/recording.h"

namespace orrery::interop {
namespace {

std::string gzipped(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(const std::string& bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
  return out;
}

struct Unfolded {
  std::string bytes;
  bool broken = false;
};
Unfolded unfold(const std::string& bytes, std::size_t piece = 1000) {
  const auto source = bytes_of(bytes);
  Unfolded unfolded;
  std::string buffer(piece, '\0');
  while (const std::size_t n = source->read(buffer.data(), buffer.size())) unfolded.bytes.append(buffer, 0, n);
  unfolded.broken = source->fault().has_value();
  EXPECT_LE(source->consumed(), source->total() + 4);
  return unfolded;
}

std::string sample() {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919) + ",";
  return text;
}

TEST(ByteSource, UnfoldsWhatWasFolded) {
  const std::string text = sample();
  for (const std::string& bytes :
       {text, gzipped(text), zstd(text), gzipped(text.substr(0, 99)) + gzipped(text.substr(99)),
        zstd(text.substr(0, 99)) + zstd(text.substr(99)), gzipped(text) + std::string(512, '\0')}) {
    for (const std::size_t piece : {1u, 1000u, 1u << 20}) {
      const Unfolded unfolded = unfold(bytes, piece);
      EXPECT_EQ(unfolded.bytes, text);
      EXPECT_FALSE(unfolded.broken);
    }
  }
}

TEST(ByteSource, GivesWhatThereIsOfABrokenFileAndSaysSo) {
  const std::string text = sample();
  for (const std::string& whole : {gzipped(text), zstd(text)}) {
    for (const std::size_t length : {5ul, 100ul, whole.size() / 2, whole.size() - 1}) {
      const Unfolded unfolded = unfold(whole.substr(0, length));
      EXPECT_TRUE(unfolded.broken) << length;
      EXPECT_EQ(unfolded.bytes, text.substr(0, unfolded.bytes.size()));
    }
    std::string wrong = whole;
    wrong[wrong.size() / 2] = static_cast<char>(wrong[wrong.size() / 2] ^ 0x55);
    EXPECT_TRUE(unfold(wrong).broken);
  }
}

// 64 MiB of blanks in a few kilobytes: read through, never held.
TEST(ByteSource, ABombUnfoldsPieceByPiece) {
  std::string bomb = zstd("[" + std::string(1 << 26, ' '));
  Recording told;
  const auto read = read_bytes(bomb, told);
  EXPECT_FALSE(read.ok());
  EXPECT_GT(told.asked, 200u);  // a piece a time
}

}  // namespace
}  // namespace orrery::interop
