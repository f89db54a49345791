// Foreign configurations on any bytes. The first byte chooses the format; the rest is
// the file. What is accepted can be written down as YAML.
#include <cstdint>
#include <cstdlib>

#include "interop/import/import.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace orrery;
  if (size == 0) return 0;
  static const SearchPath presets = SearchPath::standard("");
  const auto format = static_cast<interop::Foreign>(data[0] % 6);
  const interop::ForeignText text{"fuzz", std::string(reinterpret_cast<const char*>(data) + 1, size - 1)};
  interop::ImportOptions options;
  options.model = "llama-3.1-8b";
  const auto draft = interop::import_texts(format, {text}, options, presets);
  if (!draft) return draft.errors().empty() ? std::abort(), 0 : 0;
  if (!parse_document(draft->yaml("fuzz"), "imported").ok()) std::abort();
  return 0;
}
