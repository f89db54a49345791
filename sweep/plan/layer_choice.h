#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::sweep {

// How a layer may be run: its tensor-parallel degree, and whether it is computed again for its backward.
struct LayerWay {
  int degree = 1;
  bool recomputed = false;
};

// A way for every layer of a model whose stages are given, so that the longest pipeline rank is as short
// as can be and every rank fits: the choice inside a stage of Alpa (arXiv:2201.12023, section 4) and of
// Galvatron (arXiv:2211.13878), as an integer program.
struct LayerChoiceProblem {
  std::vector<LayerWay> ways;
  int degree = 1;         // what comes before the first layer and behind the last
  std::vector<int> rank;  // [layer]: its pipeline rank; the layers of a rank stand in its order
  std::vector<std::vector<double>> seconds, bytes;  // [layer][way]: of a micro-batch; held at the rank's peak
  std::vector<double> fixed_seconds, limit;         // [rank]: of what is no layer; bytes that its layers may hold
  // [way before][way]: seconds more of a layer behind one of another degree. The head's are on the last layer's rank.
  std::vector<std::vector<double>> change;

  std::size_t layers() const { return rank.size(); }
  std::size_t ranks() const { return limit.size(); }
};

// What is chosen: an index into `ways` for every layer.
using LayerChoice = std::vector<std::size_t>;

// Recomputed layers are the first k of every rank, the same k on all (training.recompute: {full_layers: k}):
// that k, or nothing where a choice is not like that.
std::optional<int> recomputed_of_each_rank(const LayerChoiceProblem& problem, const LayerChoice& choice);

// Seconds of the longest rank; infinite where one does not fit, or recomputed_of_each_rank has none.
double longest_rank(const LayerChoiceProblem& problem, const LayerChoice& choice);

// The program in CPLEX's LP format. Which degree follows which is a path through the layers, so its
// relaxation is tight; of equal longest ranks the choice with less work in all is better.
std::string integer_program(const LayerChoiceProblem& problem);

// The choice that a solver wrote down (Cbc's `solution FILE`); nothing where it found none.
std::optional<LayerChoice> read_solution(const LayerChoiceProblem& problem, std::string_view text);

}  // namespace orrery::sweep
