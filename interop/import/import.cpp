#include "interop/import/import.h"

#include "interop/import/chakra/read/files.h"
#include "interop/import/formats.h"
#include "models/scenario/files/hf_config.h"
#include "sim/base/text.h"

namespace orrery::interop {
namespace {

constexpr std::size_t kMostBytes = 4u << 20;
constexpr std::size_t kMostTraceBytes = 256u << 20;  // of all ranks together

Result<Imported> read_format(Foreign format, const std::vector<ForeignText>& texts, const ImportOptions& options,
                             const SearchPath& presets) {
  switch (format) {
    case Foreign::hf:
      return import_hf(texts);
    case Foreign::megatron:
      return import_megatron(texts);
    case Foreign::deepspeed:
      return import_deepspeed(texts, options);
    case Foreign::torchtitan:
      return import_torchtitan(texts, presets);
    case Foreign::nemo:
      return import_nemo(texts);
    case Foreign::chakra:
      return import_chakra(texts, options, presets);
    case Foreign::nccl_xml:
      break;
  }
  return import_nccl_xml(texts, options, presets);
}

// A fault that has no place of its own is one of the first file.
Errors placed(Errors errors, const std::string& file) {
  for (Error& error : errors)
    if (error.where.file.empty()) error.where.file = file;
  return errors;
}

}  // namespace

Errors set_hf_model(const Node& config, const std::string& file, Draft& draft) {
  std::vector<std::string> warnings;
  const Result<Node> model = models::model_from_hf(config, warnings);
  if (!model) return model.errors();
  draft.set("model", *model);
  for (const std::string& warning : warnings) draft.unresolved(file + ": " + warning);
  return {};
}

Errors set_model_beside(const std::vector<ForeignText>& texts, Draft& draft) {
  for (std::size_t i = 1; i < texts.size(); ++i) {
    const Result<Node> config = parse_document(texts[i].text, texts[i].file);
    if (!config) return config.errors();
    if (Errors errors = set_hf_model(*config, texts[i].file, draft); !errors.empty()) return errors;
  }
  return {};
}

Result<Imported> import_hf(const std::vector<ForeignText>& texts) {
  Imported imported;
  const Result<Node> config = parse_document(texts[0].text, texts[0].file);
  if (!config) return config.errors();
  if (Errors errors = set_hf_model(*config, texts[0].file, imported.draft); !errors.empty()) return errors;
  if (const Node* precision = config->find("torch_dtype"); precision && precision->text == "float16")
    imported.draft.assume("training.precision", "fp16", "the checkpoint's torch_dtype");
  return imported;
}

Result<Draft> import_texts(Foreign format, const std::vector<ForeignText>& texts, const ImportOptions& options,
                           const SearchPath& presets) {
  if (texts.empty()) return Error{{}, "no file to import"};
  Result<Imported> imported = read_format(format, texts, options, presets);
  if (!imported) return placed(std::move(imported).errors(), texts[0].file);
  if (Errors errors = complete(*imported, options); !errors.empty()) return placed(std::move(errors), texts[0].file);
  return std::move(imported->draft);
}

Result<Draft> import_files(Foreign format, const std::vector<std::string>& files, const ImportOptions& options,
                           const SearchPath& presets) {
  const bool traces = format == Foreign::chakra;
  const Result<std::vector<std::string>> found = traces ? chakra::trace_files(files) : files;
  if (!found) return found.errors();
  std::vector<ForeignText> texts;
  std::size_t left = traces ? kMostTraceBytes : kMostBytes;
  for (const std::string& file : *found) {
    Result<std::string> text = read_text_file(file, left);
    if (!text) return text.errors();
    if (traces) left -= text->size();
    texts.push_back({file, std::move(*text)});
  }
  return import_texts(format, texts, options, presets);
}

}  // namespace orrery::interop
