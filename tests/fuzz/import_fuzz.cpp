// Foreign configurations on any bytes. The first byte chooses the format, a digit; the rest
// is the file. What is accepted can be written down as YAML.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "interop/import/import.h"

namespace {

// Traces of several ranks, one behind the other with a mark between them.
std::vector<orrery::interop::ForeignText> ranks_of(std::string_view bytes) {
  constexpr std::string_view kMark = "<rank>";
  std::vector<orrery::interop::ForeignText> texts;
  for (bool more = true; more;) {
    const std::size_t end = bytes.find(kMark);
    more = end != std::string_view::npos;
    texts.push_back({"fuzz." + std::to_string(texts.size()) + ".et", std::string(bytes.substr(0, end))});
    if (more) bytes.remove_prefix(end + kMark.size());
  }
  return texts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace orrery;
  if (size == 0) return 0;
  static const SearchPath presets = SearchPath::standard("");
  const auto format = static_cast<interop::Foreign>(static_cast<std::uint8_t>(data[0] - '0') % 7);
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  interop::ImportOptions options;
  std::vector<interop::ForeignText> texts;
  if (format == interop::Foreign::chakra) {
    options.gpus = 8;  // of a trace that is alone
    texts = ranks_of(rest);
  } else {
    options.model = "llama-3.1-8b";
    texts.push_back({"fuzz", std::string(rest)});
  }
  const auto draft = interop::import_texts(format, texts, options, presets);
  if (!draft) return draft.errors().empty() ? std::abort(), 0 : 0;
  if (!parse_document(draft->yaml("fuzz"), "imported").ok()) std::abort();
  return 0;
}
