#include "sweep/version.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "sim/base/digest.h"
#include "sim/base/text.h"

namespace orrery::sweep {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestPreset = 16u << 20;

// Eight bytes at a time, then how many there were.
std::uint64_t digest_of(std::string_view text, std::uint64_t seed) {
  Digest digest;
  digest.add(seed);
  for (std::size_t i = 0; i < text.size(); i += 8) {
    std::uint64_t word = 0;
    for (std::size_t b = 0; b < 8 && i + b < text.size(); ++b)
      word |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i + b])) << (8 * b);
    digest.add(word);
  }
  return digest.add(text.size()).value();
}

}  // namespace

Key key_of(std::string_view text) {
  return {digest_of(text, 1), digest_of(text, 2)};
}

std::string to_hex(const Key& key) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint64_t half : key)
    for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[half >> shift & 15];
  return text;
}

std::string data_version(const SearchPath& path) {
  std::vector<std::string> files;
  for (const std::string& root : path.roots()) {
    for (const char* folder : {"models", "hardware", "software", "calibrations"}) {
      std::error_code none;
      for (fs::recursive_directory_iterator at(fs::path(root) / folder, none), end; !none && at != end;
           at.increment(none))
        if (at->is_regular_file(none)) files.push_back(at->path().lexically_relative(root).string() + '\0' + root);
    }
  }
  std::sort(files.begin(), files.end());
  std::string all;
  for (const std::string& file : files) {
    const std::string name = file.substr(0, file.find('\0')), root = file.substr(file.find('\0') + 1);
    const Result<std::string> text = read_text_file((fs::path(root) / name).string(), kLargestPreset);
    if (text) all += name + '\n' + to_hex(key_of(*text)) + '\n';
  }
  return to_hex(key_of(all));
}

}  // namespace orrery::sweep
