#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/scenario/reader.h"
#include "sim/base/read/document.h"

namespace orrery::gui {

// One key of the scenario, as a form shows it.
struct FormField {
  std::string path, section, name;  // "training.global_batch", "training", "global_batch"
  std::string doc, value_kind, fallback;
  bool required = false;
  std::vector<std::string> completions;  // names of a choice, presets, true and false
  std::string written;                   // what the file says, as YAML on one line; empty: nothing
};

// A scenario's file as a form of every key in the reader's table, and what a person
// changed in it. The file stays as it is: changes are what `--set` would say.
class ScenarioForm {
 public:
  ScenarioForm() = default;
  // A fault where the file cannot be read as a document at all. `changes`: made already.
  static Result<ScenarioForm> read(const std::string& path, const std::vector<models::Override>& changes = {});

  const std::string& file() const { return file_; }
  const std::vector<FormField>& fields() const { return fields_; }
  std::optional<std::size_t> find(const std::string& path) const;

  const std::string& value(std::size_t field) const;
  bool is_changed(std::size_t field) const { return !values_[field].empty(); }
  // An empty value, or the one that is written, takes the change back.
  void set(std::size_t field, const std::string& value);
  void undo_all();
  std::vector<models::Override> changes() const;

  // What the reader has to say of it as it stands. `field`: the one that it speaks of.
  struct Fault {
    std::optional<std::size_t> field;
    std::string what;
  };
  std::vector<Fault> check() const;

 private:
  void add_fields();
  std::optional<std::size_t> field_of(const Error& error) const;
  std::optional<std::size_t> field_at(const Where& where) const;
  std::optional<std::size_t> field_named(const Error& error) const;

  std::string file_;
  Node root_;
  std::vector<FormField> fields_;
  std::vector<Where> places_;             // of what is written, by field
  std::vector<std::string> values_;       // what was changed, by field; empty: nothing
  std::vector<models::Override> others_;  // changes of what is no key of the table: an item of a list
};

}  // namespace orrery::gui
