#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace orrery::cli {

// How far a long run is, on standard error. `bar` is a line that is drawn over;
// `json` is a line a second; `auto` is a bar on a terminal and else a line every
// 30 s. Short runs say nothing.
class Progress {
 public:
  enum class Kind { none, bar, lines, json };
  Progress(const std::string& kind, bool quiet, std::string what);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void operator()(double fraction);
  // Where time does not go with the fraction: `note` is told in place of the time left.
  void operator()(double fraction, const std::string& note);
  // So many of them; `note` is told beside rate and time left.
  void step(std::size_t done, std::size_t total, const std::string& note);

 private:
  using Clock = std::chrono::steady_clock;
  bool is_due();
  void show(double fraction, const std::string& text) const;
  void draw(double fraction, const std::string& line) const;

  Kind kind_;
  std::string what_;
  Clock::time_point begin_ = Clock::now(), last_ = begin_;
  bool drawn_ = false;
};

}  // namespace orrery::cli
