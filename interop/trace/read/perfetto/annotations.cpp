#include "interop/trace/read/perfetto/annotations.h"

#include <cmath>

#include "interop/trace/format/perfetto_fields.h"
#include "interop/trace/format/utf8.h"
#include "interop/trace/write/output/chrome.h"

namespace orrery::interop {
namespace {

constexpr int kMaxNesting = 16;

struct Names {
  const PerfettoSequence& sequence;
  const TraceTeller& teller;

  std::string_view of(const InternedNames& names, std::uint64_t iid) const { return teller.text(names.get(iid)); }
};

struct Annotation {
  std::string_view key;
  decltype(TraceArgument::value) value{std::string_view()};
  std::vector<ProtoMessage> entries;  // of a dictionary or a list
  bool is_dictionary = false, is_list = false;
};

Annotation parse(ProtoMessage message, const Names& names) {
  namespace field = field::annotation;
  Annotation parsed;
  while (message.next()) {
    switch (message.tag()) {
      case field::kNameIid:
        parsed.key = names.of(names.sequence.annotation_names, message.get_uint64());
        break;
      case field::kName:
        parsed.key = message.get_view();
        break;
      case field::kBool:
        parsed.value = message.get_bool();
        break;
      case field::kUint:
      case field::kPointer:
        parsed.value = static_cast<std::int64_t>(message.get_uint64());
        break;
      case field::kInt:
        parsed.value = message.get_int64();
        break;
      case field::kDouble:
        parsed.value = message.get_double();
        break;
      case field::kString:
        parsed.value = message.get_view();
        break;
      case field::kStringIid:
        parsed.value = names.of(names.sequence.annotation_strings, message.get_uint64());
        break;
      case field::kJson:
        parsed.value = TraceJson{message.get_view()};
        break;
      case field::kDictEntry:
        parsed.is_dictionary = true;
        parsed.entries.push_back(message.get_message());
        break;
      case field::kArrayValue:
        parsed.is_list = true;
        parsed.entries.push_back(message.get_message());
        break;
      default:
        message.skip();
    }
  }
  return parsed;
}

std::string json_number(double x) {
  return std::isfinite(x) ? std::to_string(x) : "null";
}

void append_json(std::string& json, const Annotation& annotation, const Names& names, int nesting);

void append_entries(std::string& json, const Annotation& annotation, const Names& names, int nesting) {
  json += annotation.is_dictionary ? '{' : '[';
  bool first = true;
  for (const ProtoMessage& entry : annotation.entries) {
    const Annotation parsed = parse(entry, names);
    if (!std::exchange(first, false)) json += ',';
    if (annotation.is_dictionary) (json += json_string(parsed.key)) += ':';
    append_json(json, parsed, names, nesting + 1);
  }
  json += annotation.is_dictionary ? '}' : ']';
}

void append_json(std::string& json, const Annotation& annotation, const Names& names, int nesting) {
  if (annotation.is_dictionary || annotation.is_list) {
    if (nesting >= kMaxNesting)
      json += "null";
    else
      append_entries(json, annotation, names, nesting);
    return;
  }
  struct Append {
    std::string& json;
    void operator()(std::int64_t n) const { json += std::to_string(n); }
    void operator()(double x) const { json += json_number(x); }
    void operator()(bool b) const { json += b ? "true" : "false"; }
    void operator()(std::string_view text) const { json += json_string(text); }
    void operator()(TraceJson nested) const { json += nested.text; }
  };
  std::visit(Append{json}, annotation.value);
}

}  // namespace

void PerfettoAnnotations::add(std::string_view field) {
  if (!parts_.empty() && parts_.back().data() + parts_.back().size() == field.data())
    parts_.back() = {parts_.back().data(), parts_.back().size() + field.size()};
  else
    parts_.push_back(field);
}

void PerfettoAnnotations::read(const PerfettoSequence& sequence) {
  if (parts_.empty() || (parts_.size() == 1 && parts_.front() == bytes_)) return;
  ++version_;
  bytes_.clear();
  arguments_.clear();
  texts_.clear();
  for (const std::string_view part : parts_) bytes_ += part;
  try {
    ProtoMessage fields(bytes_.data(), bytes_.size());
    while (fields.next()) read_one(fields.get_message(), sequence);
  } catch (const ProtoFault&) {
    forget();  // what was read of it is not all
    throw;
  }
}

void PerfettoAnnotations::read_one(ProtoMessage message, const PerfettoSequence& sequence) {
  const Names names{sequence, teller_};
  const Annotation parsed = parse(message, names);
  TraceArgument argument{is_plain(parsed.key) ? parsed.key : keep(parsed.key), parsed.value};
  if (parsed.is_dictionary || parsed.is_list) {
    std::string json;
    append_entries(json, parsed, names, 0);
    argument.value = TraceJson{keep(json)};
  } else if (const auto* text = std::get_if<std::string_view>(&parsed.value); text && !is_plain(*text)) {
    argument.value = keep(*text);
  } else if (const auto* json = std::get_if<TraceJson>(&parsed.value); json && !is_plain(json->text)) {
    argument.value = TraceJson{keep(json->text)};
  }
  arguments_.push_back(argument);
}

std::string_view PerfettoAnnotations::keep(std::string_view text) {
  std::string clean;
  append_utf8(clean, text);
  return texts_.emplace_back(std::move(clean));
}

}  // namespace orrery::interop
