#include "cli/console/progress.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "report/text.h"

namespace orrery::cli {
namespace {

constexpr int kBarWidth = 30;

Progress::Kind kind_of(const std::string& name, bool quiet) {
  if (quiet || name == "none") return Progress::Kind::none;
  if (name == "json") return Progress::Kind::json;
  if (name == "bar") return Progress::Kind::bar;
  return isatty(STDERR_FILENO) == 1 ? Progress::Kind::bar : Progress::Kind::lines;
}

double interval_of(Progress::Kind kind) {
  switch (kind) {
    case Progress::Kind::bar:
      return 0.2;
    case Progress::Kind::json:
      return 1;
    default:
      return 30;
  }
}

double seconds(std::chrono::steady_clock::duration d) {
  return std::chrono::duration<double>(d).count();
}

std::string left(double fraction, double elapsed) {
  return fraction > 0 ? report::human_seconds(elapsed * (1 - fraction) / fraction) + " left" : "";
}

}  // namespace

Progress::Progress(const std::string& kind, bool quiet, std::string what)
    : kind_(kind_of(kind, quiet)), what_(std::move(what)) {}

Progress::~Progress() {
  if (drawn_ && kind_ == Kind::bar) std::cerr << "\r\033[K" << std::flush;
}

bool Progress::is_due() {
  if (kind_ == Kind::none) return false;
  const auto now = Clock::now();
  if (seconds(now - last_) < interval_of(kind_)) return false;
  last_ = now;
  return drawn_ = true;
}

void Progress::operator()(double fraction) {
  if (!is_due()) return;
  fraction = std::clamp(fraction, 0.0, 1.0);
  show(fraction, report::percent(fraction) + ", " + left(fraction, seconds(last_ - begin_)));
}

void Progress::operator()(double fraction, const std::string& note) {
  if (is_due()) show(std::clamp(fraction, 0.0, 1.0), note);
}

void Progress::show(double fraction, const std::string& text) const {
  if (kind_ == Kind::json)
    std::cerr << "{\"done\": " << fraction << ", \"elapsed_s\": " << seconds(last_ - begin_) << "}\n";
  else
    draw(fraction, what_ + ": " + text);
}

void Progress::step(std::size_t done, std::size_t total, const std::string& note) {
  if (!is_due() || total == 0) return;
  const double fraction = static_cast<double>(done) / static_cast<double>(total), elapsed = seconds(last_ - begin_);
  const double rate = static_cast<double>(done) / elapsed;
  if (kind_ == Kind::json) {
    std::cerr << "{\"done\": " << done << ", \"total\": " << total << ", \"per_s\": " << rate
              << ", \"elapsed_s\": " << elapsed << "}\n";
    return;
  }
  draw(fraction, what_ + ": " + std::to_string(done) + " of " + std::to_string(total) + ", " +
                     report::significant(rate, 3) + "/s, " + left(fraction, elapsed) +
                     (note.empty() ? "" : ", " + note));
}

void Progress::draw(double fraction, const std::string& line) const {
  if (kind_ == Kind::lines) {
    std::cerr << line << '\n';
    return;
  }
  std::string bar = report::bar(fraction, kBarWidth);
  bar.resize(kBarWidth, ' ');
  std::cerr << "\r\033[K[" << bar << "] " << line << std::flush;
}

}  // namespace orrery::cli
