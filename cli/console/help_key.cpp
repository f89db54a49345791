#include "cli/console/help_key.h"

#include <vector>

#include "models/scenario/keys/keys.h"
#include "report/text.h"
#include "sim/base/read/suggest.h"

namespace orrery::cli {
namespace {

using models::Key;

std::string default_of(const Key& key) {
  if (key.required) return "none: it is required";
  return key.fallback.empty() ? "none" : std::string(key.fallback);
}

std::string whole(const Key& key) {
  report::Table table("ll");
  table.row({"value", models::value_of(key)});
  table.row({"default", default_of(key)});
  if (key.supported == "none") table.row({"", "not supported yet"});
  if (key.supported != "none" && key.supported != "all") table.row({"so far", std::string(key.supported)});
  return std::string(key.path) + "\n  " + std::string(key.doc) + '\n' + table.str();
}

}  // namespace

std::string help_key(const std::string& path) {
  const Key* key = models::find_key(path);
  if (key == nullptr) return "";
  const std::vector<const Key*>& inside = models::keys_in(path);
  if (inside.empty()) return whole(*key);
  report::Table table("ll");
  for (const Key* each : inside) table.row({std::string(each->path), std::string(each->doc)});
  return path + "\n  " + std::string(key->doc) + "\n\n" + table.str();
}

std::string suggest_key(const std::string& path) {
  std::vector<std::string> names;
  for (const Key& key : models::all_keys()) names.emplace_back(key.path);
  return did_you_mean(path, names);
}

}  // namespace orrery::cli
