#include "gui/model/result/field.h"
#include "sim/base/result.h"

namespace orrery::gui {
namespace {

constexpr int kSchema = 1;

// Why a document has no page; nothing where it has one.
std::string refusal(const Field& document) {
  const auto schema = number(document, "schema_version");
  if (!schema) return "says no schema_version: it is no result of orrery";
  if (*schema != kSchema) return "its schema_version is not 1, which is all that this version of orrery-gui knows";
  const bool run = number(document, "step_time_s").has_value() && !object(document, "time").members.empty();
  const bool validation = !object(document, "prediction").members.empty();
  const bool memory = !object(document, "memory").members.empty();
  if (run || validation || memory) return "";
  return "is no result of orrery run, validate or memory with --format json";
}

}  // namespace

Result<ResultPage> read_result(const std::string& json, const std::string& file) {
  const std::optional<Field> parsed = Field::parse(json);
  if (!parsed) return Error{{file, 0, 0}, "is no JSON document"};
  const Field& document = *parsed;
  if (const std::string why = refusal(document); !why.empty()) return Error{{file, 0, 0}, why};
  ResultPage page;
  page.title = text(document, "scenario");
  if (page.title.empty()) page.title = file.substr(file.rfind('/') + 1);
  if (const Field& prediction = object(document, "prediction"); !prediction.members.empty()) {
    add_validation(document, page);
    add_run(prediction, page);
  } else if (number(document, "step_time_s")) {
    add_run(document, page);
  } else {
    add_memory(object(document, "memory"), page);
    add_remedies(document, page);
  }
  return page;
}

}  // namespace orrery::gui
