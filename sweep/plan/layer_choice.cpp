#include "sweep/plan/layer_choice.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <sstream>

namespace orrery::sweep {
namespace {

constexpr double kMilli = 1e3, kGiga = 1e-9;  // seconds in ms, bytes in GB: numbers near one suit solvers

std::vector<int> degrees_of(const LayerChoiceProblem& problem) {
  std::vector<int> degrees{problem.degree};
  for (const LayerWay& way : problem.ways)
    if (std::find(degrees.begin(), degrees.end(), way.degree) == degrees.end()) degrees.push_back(way.degree);
  return degrees;
}

// Of a layer among those of its rank.
std::vector<int> places(const LayerChoiceProblem& problem) {
  std::vector<int> seen(problem.ranks(), 0), place;
  for (const int rank : problem.rank) place.push_back(seen[static_cast<std::size_t>(rank)]++);
  return place;
}

// Any way of that degree: changes depend on degrees alone.
std::size_t way_of(const LayerChoiceProblem& problem, int degree) {
  const auto found =
      std::find_if(problem.ways.begin(), problem.ways.end(), [&](const LayerWay& w) { return w.degree == degree; });
  return static_cast<std::size_t>(found - problem.ways.begin());
}

double change(const LayerChoiceProblem& problem, int before, int degree) {
  const std::size_t a = way_of(problem, before), b = way_of(problem, degree);
  return before == degree || a == problem.ways.size() || b == problem.ways.size() ? 0 : problem.change[a][b];
}

std::string name(const char* kind, std::size_t layer, std::size_t a) {
  return kind + std::to_string(layer) + "_" + std::to_string(a);
}

// Writes rows of a program.
class Program {
 public:
  explicit Program(const LayerChoiceProblem& problem)
      : problem_(problem), degrees_(degrees_of(problem)), place_(places(problem)) {
    for (std::size_t k = 0; k < problem.layers(); ++k) most_ = std::max(most_, place_[k] + 1);
  }

  std::string text() {
    out_ << "\\ a way for every layer\nMinimize\n obj: T";
    for (std::size_t r = 0; r < problem_.ranks(); ++r) load(r, 1e-3 / static_cast<double>(problem_.ranks()));
    out_ << "\nSubject To\n";
    for (std::size_t l = 0; l < problem_.layers(); ++l) one_way(l);
    for (std::size_t l = 0; l <= problem_.layers(); ++l) path(l);
    recomputed();
    for (std::size_t r = 0; r < problem_.ranks(); ++r) {
      out_ << " time" << r << ": T";
      load(r, -1);
      out_ << " >= " << number(problem_.fixed_seconds[r] * kMilli) << "\n memory" << r << ":";
      held(r);
      out_ << " <= " << number(problem_.limit[r] * kGiga) << "\n";
    }
    out_ << "Binary\n";
    for (std::size_t l = 0; l < problem_.layers(); ++l)
      for (std::size_t w = 0; w < problem_.ways.size(); ++w) out_ << " " << name("x", l, w) << "\n";
    if (both())
      for (int k = 0; k <= most_; ++k) out_ << " u" << k << "\n";
    out_ << "End\n";
    return out_.str();
  }

 private:
  static std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", value);
    return text;
  }
  // One a line: readers of the format have short lines.
  void term(double factor, const std::string& variable) {
    out_ << "\n  " << (factor < 0 ? "- " : "+ ") << number(std::abs(factor)) << " " << variable;
  }
  bool both() const {
    const auto again = [](const LayerWay& way) { return way.recomputed; };
    return std::any_of(problem_.ways.begin(), problem_.ways.end(), again) &&
           !std::all_of(problem_.ways.begin(), problem_.ways.end(), again);
  }
  std::string arc(std::size_t layer, std::size_t before, std::size_t degree) const {
    return name("z", layer, before) + "_" + std::to_string(degree);
  }
  // Degrees that may stand before and at `layer`; behind the last layer, and before the first, is the model's.
  std::size_t count_before(std::size_t layer) const { return layer == 0 ? 1 : degrees_.size(); }
  std::size_t count_at(std::size_t layer) const { return layer == problem_.layers() ? 1 : degrees_.size(); }

  void one_way(std::size_t layer) {
    out_ << " one" << layer << ":";
    for (std::size_t w = 0; w < problem_.ways.size(); ++w) term(1, name("x", layer, w));
    out_ << " = 1\n";
  }

  // What goes into a layer's degree, and what comes out of the one before it.
  void path(std::size_t layer) {
    const auto ways = [&](std::size_t of, std::size_t degree) {
      for (std::size_t w = 0; w < problem_.ways.size(); ++w)
        if (problem_.ways[w].degree == degrees_[degree]) term(-1, name("x", of, w));
    };
    for (std::size_t b = 0; layer < problem_.layers() && b < degrees_.size(); ++b) {
      out_ << " in" << layer << "_" << b << ":";
      for (std::size_t a = 0; a < count_before(layer); ++a) term(1, arc(layer, a, b));
      ways(layer, b);
      out_ << " = 0\n";
    }
    for (std::size_t a = 0; layer > 0 && a < degrees_.size(); ++a) {
      out_ << " out" << layer << "_" << a << ":";
      for (std::size_t b = 0; b < count_at(layer); ++b) term(1, arc(layer, a, b));
      ways(layer - 1, a);
      out_ << " = 0\n";
    }
  }

  void recomputed() {
    if (!both()) return;
    out_ << " k:";
    for (int k = 0; k <= most_; ++k) term(1, "u" + std::to_string(k));
    out_ << " = 1\n";
    for (std::size_t l = 0; l < problem_.layers(); ++l) {
      out_ << " again" << l << ":";
      for (std::size_t w = 0; w < problem_.ways.size(); ++w)
        if (problem_.ways[w].recomputed) term(1, name("x", l, w));
      for (int k = place_[l] + 1; k <= most_; ++k) term(-1, "u" + std::to_string(k));
      out_ << " = 0\n";
    }
  }

  void load(std::size_t rank, double factor) {
    for (std::size_t l = 0; l <= problem_.layers(); ++l) {
      const std::size_t of = std::min(l, problem_.layers() - 1);
      if (static_cast<std::size_t>(problem_.rank[of]) != rank) continue;
      for (std::size_t w = 0; l < problem_.layers() && w < problem_.ways.size(); ++w)
        term(factor * problem_.seconds[l][w] * kMilli, name("x", l, w));
      for (std::size_t a = 0; a < count_before(l); ++a)
        for (std::size_t b = 0; b < count_at(l); ++b)
          if (a != b) term(factor * change(problem_, degrees_[a], degrees_[b]) * kMilli, arc(l, a, b));
    }
  }

  void held(std::size_t rank) {
    for (std::size_t l = 0; l < problem_.layers(); ++l)
      if (static_cast<std::size_t>(problem_.rank[l]) == rank)
        for (std::size_t w = 0; w < problem_.ways.size(); ++w) term(problem_.bytes[l][w] * kGiga, name("x", l, w));
    if (std::find(problem_.rank.begin(), problem_.rank.end(), static_cast<int>(rank)) == problem_.rank.end())
      out_ << " 0 T";
  }

  const LayerChoiceProblem& problem_;
  std::vector<int> degrees_;  // the model's first
  std::vector<int> place_;
  int most_ = 0;  // layers of a rank
  std::ostringstream out_;
};

}  // namespace

std::optional<int> recomputed_of_each_rank(const LayerChoiceProblem& problem, const LayerChoice& choice) {
  const std::vector<int> place = places(problem);
  int first = std::numeric_limits<int>::max(), again = 0;  // the first that is not; how many are
  for (std::size_t l = 0; l < problem.layers(); ++l) {
    if (problem.ways[choice[l]].recomputed)
      again = std::max(again, place[l] + 1);
    else
      first = std::min(first, place[l]);
  }
  return again <= first ? std::optional(again) : std::nullopt;
}

double longest_rank(const LayerChoiceProblem& problem, const LayerChoice& choice) {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  if (!recomputed_of_each_rank(problem, choice)) return kNever;
  std::vector<double> seconds = problem.fixed_seconds, bytes(problem.ranks(), 0);
  int before = problem.degree;
  for (std::size_t l = 0; l < problem.layers(); ++l) {
    const auto rank = static_cast<std::size_t>(problem.rank[l]);
    const int degree = problem.ways[choice[l]].degree;
    seconds[rank] += problem.seconds[l][choice[l]] + change(problem, before, degree);
    bytes[rank] += problem.bytes[l][choice[l]];
    before = degree;
  }
  seconds[static_cast<std::size_t>(problem.rank.back())] += change(problem, before, problem.degree);
  for (std::size_t r = 0; r < problem.ranks(); ++r)
    if (bytes[r] > problem.limit[r]) return kNever;
  return *std::max_element(seconds.begin(), seconds.end());
}

std::string integer_program(const LayerChoiceProblem& problem) {
  return Program(problem).text();
}

std::optional<LayerChoice> read_solution(const LayerChoiceProblem& problem, std::string_view text) {
  LayerChoice choice(problem.layers(), problem.ways.size());
  std::istringstream lines{std::string(text)};
  std::string line;
  while (std::getline(lines, line)) {
    std::size_t layer = 0, way = 0;
    double value = 0;
    if (std::sscanf(line.c_str(), " %*d x%zu_%zu %lf", &layer, &way, &value) != 3 || value < 0.5) continue;
    if (layer < choice.size() && way < problem.ways.size()) choice[layer] = way;
  }
  if (std::find(choice.begin(), choice.end(), problem.ways.size()) != choice.end()) return std::nullopt;
  // A relaxation that was cut off says no more than that there is none.
  return longest_rank(problem, choice) < std::numeric_limits<double>::infinity() ? std::optional(choice) : std::nullopt;
}

}  // namespace orrery::sweep
