#include "sweep/space.h"

#include <algorithm>
#include <optional>
#include <set>

#include "sim/base/random.h"
#include "sim/base/read/quantity.h"

namespace orrery::sweep {
namespace {

constexpr std::size_t kMostValues = 100'000;  // of one axis

std::string quote(std::string_view text) {
  return "'" + std::string(text) + "'";
}

// Two or three whole numbers.
std::optional<std::vector<std::int64_t>> numbers(const Node& list, const std::string& name, std::size_t least,
                                                 std::size_t most, Errors& errors) {
  if (!list.is_list() || list.items.size() < least || list.items.size() > most) {
    errors.push_back({list.where, quote(name) + " must be a list of " +
                                      (least == most ? std::to_string(least)
                                                     : std::to_string(least) + " or " + std::to_string(most)) +
                                      " whole numbers"});
    return std::nullopt;
  }
  std::vector<std::int64_t> all;
  for (const Node& item : list.items) {
    const auto number = parse_count(item.text, item.where);
    if (!item.is_scalar() || !number) {
      errors.push_back({item.where, quote(name) + " holds " + quote(flow_text(item)) + ", which is no whole number"});
      return std::nullopt;
    }
    all.push_back(*number);
  }
  return all;
}

void add_powers(const Node& bounds, Axis& axis, Errors& errors) {
  const auto range = numbers(bounds, "powers_of_two", 2, 2, errors);
  if (!range) return;
  const std::int64_t from = (*range)[0], to = (*range)[1];
  if (from < 1 || to < from || to > (std::int64_t{1} << 40))
    return errors.push_back({bounds.where, "powers_of_two needs 1 <= first <= last"});
  std::int64_t power = 1;
  while (power < from) power *= 2;
  for (; power <= to; power *= 2) axis.values.push_back(std::to_string(power));
  if (axis.values.empty()) errors.push_back({bounds.where, "no power of two lies between these"});
}

void add_range(const Node& bounds, Axis& axis, Errors& errors) {
  const auto range = numbers(bounds, "range", 2, 3, errors);
  if (!range) return;
  const std::int64_t from = (*range)[0], to = (*range)[1], step = range->size() > 2 ? (*range)[2] : 1;
  if (step < 1 || to < from)
    return errors.push_back({bounds.where, "range needs first <= last and a step of at least 1"});
  if (static_cast<std::uint64_t>(to - from) / static_cast<std::uint64_t>(step) >= kMostValues)
    return errors.push_back({bounds.where, "range has more than " + std::to_string(kMostValues) + " values"});
  for (std::int64_t n = from; n <= to; n += step) axis.values.push_back(std::to_string(n));
}

bool is_generator(const Node& node) {
  return node.is_map() && node.entries.size() == 1 &&
         (node.entries[0].key == "powers_of_two" || node.entries[0].key == "range");
}

bool is_path(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

Axis read_axis(const Node::Entry& entry, Errors& errors) {
  Axis axis{entry.key, {}, entry.key_where};
  const Node& node = entry.value;
  if (!is_path(entry.key)) errors.push_back({entry.key_where, quote(entry.key) + " is no key, as layout.tp is"});
  if (is_generator(node)) {
    const Node::Entry& rule = node.entries[0];
    rule.key == "range" ? add_range(rule.value, axis, errors) : add_powers(rule.value, axis, errors);
  } else if (node.is_list()) {
    for (const Node& item : node.items) axis.values.push_back(flow_text(item));
    if (axis.values.empty()) errors.push_back({node.where, quote(entry.key) + " takes no value"});
    if (axis.values.size() > kMostValues) errors.push_back({node.where, quote(entry.key) + " takes too many values"});
  } else {
    errors.push_back({node.where, quote(entry.key) +
                                      " must be a list of values, {powers_of_two: [first, last]} or {range: [first, "
                                      "last, step]}"});
  }
  std::set<std::string> seen;
  for (const std::string& value : axis.values)
    if (!seen.insert(value).second) errors.push_back({node.where, quote(entry.key) + " has " + value + " twice"});
  return axis;
}

std::vector<Expression> read_where(const Node& node, Errors& errors) {
  std::vector<Expression> all;
  const auto add = [&](const Node& one) {
    if (!one.is_scalar()) return errors.push_back({one.where, "'where' must be an expression or a list of them"});
    Result<Expression> parsed = Expression::parse(one.text, one.where);
    if (parsed)
      all.push_back(std::move(*parsed));
    else
      errors.insert(errors.end(), parsed.errors().begin(), parsed.errors().end());
  };
  if (!node.is_list())
    add(node);
  else
    for (const Node& item : node.items) add(item);
  return all;
}

}  // namespace

Result<Space> Space::take_from(Node& scenario) {
  Space space;
  if (!scenario.is_map()) return space;
  const auto at = std::find_if(scenario.entries.begin(), scenario.entries.end(),
                               [](const Node::Entry& entry) { return entry.key == "sweep"; });
  if (at == scenario.entries.end()) return space;
  const Node section = std::move(at->value);
  scenario.entries.erase(at);
  Errors errors;
  space.read_section(section, errors);
  if (!errors.empty()) return errors;
  return space;
}

void Space::read_section(const Node& section, Errors& errors) {
  if (!section.is_map()) return errors.push_back({section.where, "'sweep' must be a mapping of keys to values"});
  const Node* sample = nullptr;
  for (const Node::Entry& entry : section.entries) {
    if (entry.key == "where")
      where_ = read_where(entry.value, errors);
    else if (entry.key == "sample")
      sample = &entry.value;
    else
      axes_.push_back(read_axis(entry, errors));
  }
  for (const Axis& axis : axes_) {
    combinations_ *= std::max<std::uint64_t>(1, axis.values.size());
    if (combinations_ > kMostPoints)
      return errors.push_back(
          {section.where, "'sweep' has more than " + std::to_string(kMostPoints) + " combinations"});
  }
  if (sample == nullptr) return;
  std::int64_t points = 0, seed = 1;
  bool sound = sample->is_map();
  for (const Node::Entry& entry : sample->entries) {
    const auto number = parse_count(entry.value.text, entry.value.where);
    if (number && entry.key == "points")
      points = *number;
    else if (number && entry.key == "seed")
      seed = *number;
    else
      sound = false;
  }
  if (!sound || points < 1)
    return errors.push_back({sample->where, "'sample' must be {points: N, seed: S}, N at least 1"});
  if (errors.empty() && static_cast<std::uint64_t>(points) < combinations_)
    draw(static_cast<std::uint64_t>(points), static_cast<std::uint64_t>(seed));
}

// Floyd's: each set of `points` combinations is as likely as any other.
void Space::draw(std::uint64_t points, std::uint64_t seed) {
  const KeyedRandom random(seed);
  std::set<std::uint64_t> chosen;
  for (std::uint64_t j = combinations_ - points; j < combinations_; ++j) {
    const std::uint64_t t = random.bits(j) % (j + 1);
    if (!chosen.insert(t).second) chosen.insert(j);
  }
  sampled_.assign(chosen.begin(), chosen.end());
}

const std::string& Space::value(std::uint64_t point, std::size_t axis) const {
  std::uint64_t number = combination(point);
  for (std::size_t a = axes_.size() - 1; a > axis; --a) number /= axes_[a].values.size();
  return axes_[axis].values[number % axes_[axis].values.size()];
}

std::vector<models::Override> Space::overrides(std::uint64_t point) const {
  std::vector<models::Override> all;
  for (std::size_t a = 0; a < axes_.size(); ++a) all.push_back({axes_[a].path, value(point, a)});
  return all;
}

}  // namespace orrery::sweep
