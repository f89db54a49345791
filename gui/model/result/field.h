#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gui/model/result/result_page.h"

namespace orrery::gui {

struct FieldMember;

// A JSON value from anybody's file: of what it is not, it has none.
struct Field {
  std::optional<double> number;  // finite
  std::optional<std::string> text;
  std::vector<Field> items;          // of a list
  std::vector<FieldMember> members;  // of an object, in its order

  // None where it is no JSON. What lies deeper than any result's values is left out.
  static std::optional<Field> parse(const std::string& json);
};

struct FieldMember {
  std::string name;
  Field value;
};

// Of an object's member; nothing, where there is no such one or it is something else.
std::optional<double> number(const Field& at, const std::string& key);
std::string text(const Field& at, const std::string& key);
const Field& object(const Field& at, const std::string& key);
const std::vector<Field>& list(const Field& at, const std::string& key);
std::vector<std::string> texts(const Field& at, const std::string& key);

// "15.74 s", or nothing.
std::string quantity(const Field& at, const std::string& key, Unit unit);

// What each kind of document adds to a page.
void add_run(const Field& run, ResultPage& page);
void add_memory(const Field& memory, ResultPage& page);
void add_validation(const Field& validation, ResultPage& page);
void add_remedies(const Field& answer, ResultPage& page);

}  // namespace orrery::gui
