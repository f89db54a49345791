#include <fstream>
#include <nlohmann/json.hpp>

#include "gui/model/result/result_page.h"

namespace orrery::gui {
namespace {

// Listens until a name of the outermost object decides.
class FirstNames : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool is_result() const { return is_result_; }

  bool key(string_t& name) override {
    if (depth_ != 1) return true;
    is_result_ = name == "schema_version";
    return !is_result_ && name != "traceEvents";
  }
  bool start_object(std::size_t) override { return ++depth_ > 0; }
  bool end_object() override { return --depth_ > 0; }
  // A list of events is a trace too.
  bool start_array(std::size_t) override { return ++depth_ > 1; }
  bool end_array() override { return --depth_ > 0; }
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  int depth_ = 0;
  bool is_result_ = false;
};

}  // namespace

bool is_result_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  FirstNames names;
  return file && (nlohmann::json::sax_parse(file, &names), names.is_result());
}

}  // namespace orrery::gui
