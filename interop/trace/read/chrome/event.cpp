#include "interop/trace/read/chrome/event.h"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <string>
#include <vector>

#include "interop/trace/format/utf8.h"
#include "interop/trace/read/chrome/event_field.h"

namespace orrery::interop {

// Takes what RapidJSON finds. Texts are copied into one buffer, which is as large
// as the event from the start, so that views into it stay.
class ChromeEventParser::Handler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Handler> {
 public:
  std::string_view parse(std::string_view text, ChromeEvent& event) {
    text_ = text;
    texts_.clear();
    if (texts_.capacity() < 3 * text.size()) texts_.reserve(3 * text.size());  // U+FFFD is three bytes
    arguments_.clear();
    event_ = &(event = ChromeEvent());
    depth_ = 0;
    in_arguments_ = in_second_id_ = false;
    bad_time_ = false;
    rapidjson::MemoryStream stream(text.data(), text.size());
    stream_ = &stream;
    constexpr unsigned kFlags = rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseNanAndInfFlag;
    if (reader_.Parse<kFlags>(stream, *this).IsError()) return "it is no JSON";
    event.arguments = arguments_;
    return bad_time_ ? "its time is no number of microseconds" : "";
  }

  void keep_all(bool keep) { keeps_all_ = keep; }

  bool Null() { return true; }
  bool Bool(bool value) {
    if (depth_ == 2 && in_arguments_) arguments_.push_back({key_, value});
    return true;
  }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) { return take({text, size}, true); }
  bool String(const char* text, rapidjson::SizeType size, bool) { return take({text, size}, false); }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    const std::string_view key(text, size);
    if (depth_ == 1) field_ = chrome_field(key);
    if (depth_ == 2 && (in_arguments_ || in_second_id_)) key_ = in_arguments_ ? copy(key) : "";
    return true;
  }
  bool StartObject() { return open(); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool StartArray() { return open(); }
  bool EndArray(rapidjson::SizeType) { return close(); }

 private:
  // The bracket itself has been read.
  bool open() {
    if (depth_ == 1) {
      in_arguments_ = keeps_all_ && field_ == ChromeField::arguments;
      in_second_id_ = keeps_all_ && field_ == ChromeField::second_id;
    }
    if (++depth_ == 3) nested_ = stream_->Tell() - 1;
    return true;
  }
  bool close() {
    if (--depth_ == 2 && in_arguments_)
      arguments_.push_back({key_, TraceJson{copy(text_.substr(nested_, stream_->Tell() - nested_))}});
    if (depth_ == 1) in_arguments_ = in_second_id_ = false;
    return true;
  }

  bool keeps(ChromeField field) const { return field != ChromeField::other && (keeps_all_ || is_of_time(field)); }

  bool take(std::string_view text, bool is_number) {
    if (depth_ == 1 && keeps(field_) && !set_field(*event_, field_, copy(text))) bad_time_ = true;
    if (depth_ == 2 && in_second_id_) event_->id = copy(text);
    if (depth_ == 2 && in_arguments_) {
      if (is_number)
        arguments_.push_back({key_, number_argument(text)});
      else
        arguments_.push_back({key_, copy(text)});
    }
    return true;
  }

  std::string_view copy(std::string_view text) {
    const std::size_t from = texts_.size();
    if (is_plain(text))
      texts_ += text;
    else
      append_utf8(texts_, text);
    return std::string_view(texts_).substr(from);
  }

  rapidjson::Reader reader_;
  rapidjson::MemoryStream* stream_ = nullptr;
  std::string_view text_;
  std::string texts_;
  std::vector<TraceArgument> arguments_;
  ChromeEvent* event_ = nullptr;
  ChromeField field_ = ChromeField::other;
  std::string_view key_;
  bool keeps_all_ = true;
  int depth_ = 0;
  std::size_t nested_ = 0;
  bool in_arguments_ = false, in_second_id_ = false, bad_time_ = false;
};

ChromeEventParser::ChromeEventParser() : handler_(std::make_unique<Handler>()) {}
ChromeEventParser::~ChromeEventParser() = default;

void ChromeEventParser::keep_all(bool keep) {
  handler_->keep_all(keep);
}

std::string_view ChromeEventParser::parse(std::string_view text, ChromeEvent& event) {
  return handler_->parse(text, event);
}

}  // namespace orrery::interop
