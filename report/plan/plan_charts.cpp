#include "report/plan/plan_charts.h"

#include <algorithm>
#include <cmath>

#include "report/html/charts.h"
#include "report/html/svg.h"
#include "report/plan/plan_tables.h"
#include "report/text.h"

namespace orrery::report {
namespace {

using svg::escaped;
using svg::number;

constexpr int kWidth = 960, kHeight = 320, kLeft = 90, kBottom = 40, kTop = 16, kRight = 40;
constexpr int kLayoutNames = 300, kLimitNames = 300, kRow = 22, kBar = 14;

std::string text_at(double x, double y, const std::string& text, const char* anchor = "start") {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\">" + escaped(text) +
         "</text>";
}

// A size on the chart: its fastest layout.
struct Dot {
  double cost = 0, time = 0;
  const PlanReport* size = nullptr;
  bool chosen = false, over = false;
};

// Both axes are logarithmic: twice the GPUs at half the time is one step to either side.
class SizesChart {
 public:
  explicit SizesChart(const Plans& plans) : training_(plans.training) {
    for (std::size_t i = 0; i < plans.sizes.size(); ++i)
      if (!plans.sizes[i].results.empty()) dots_.push_back(dot(plans.sizes[i], plans.chosen == i));
  }

  std::string draw() {
    if (dots_.size() < 2) return "";
    const auto [least_cost, most_cost] =
        std::minmax_element(dots_.begin(), dots_.end(), [](const Dot& a, const Dot& b) { return a.cost < b.cost; });
    const auto [least_time, most_time] =
        std::minmax_element(dots_.begin(), dots_.end(), [](const Dot& a, const Dot& b) { return a.time < b.time; });
    cost_low_ = least_cost->cost / 1.05, cost_high_ = most_cost->cost * 1.05;
    time_low_ = least_time->time / 1.2, time_high_ = most_time->time * 1.2;
    std::string marks = budget() + axis();
    for (const Dot& dot : dots_) marks += mark(dot);
    return "<svg viewBox=\"0 0 " + std::to_string(kWidth) + ' ' + std::to_string(kHeight) +
           "\" role=\"img\" aria-label=\"time against cost, by size of the cluster\">" + marks + "</svg>";
  }

 private:
  Dot dot(const PlanReport& size, bool chosen) const {
    const Result& fastest = size.results.front();
    if (training_.tokens <= 0)
      return {fastest.step_time.seconds() * fastest.gpus, fastest.step_time.seconds(), &size, chosen, false};
    const Bill bill = bill_of(training_, size.scenario, fastest);
    return {bill.cost > 0 ? bill.cost : bill.gpu_hours, bill.days, &size, chosen,
            !beyond_budget(training_, bill).empty()};
  }

  static double place(double value, double low, double high) { return std::log(value / low) / std::log(high / low); }
  double x(double cost) const { return kLeft + place(cost, cost_low_, cost_high_) * (kWidth - kLeft - kRight); }
  double y(double time) const {
    return kHeight - kBottom - place(time, time_low_, time_high_) * (kHeight - kBottom - kTop);
  }

  bool has_price() const { return training_.gpu_hour_price + training_.kilowatt_hour_price > 0; }
  std::string told_time(double time) const {
    return training_.tokens > 0 ? significant(time, 3) + " days" : human_seconds(time);
  }
  std::string told_cost(double cost) const {
    return with_prefix(cost) + (training_.tokens <= 0 || has_price() ? "" : " GPU-hours");
  }
  std::string cost_name() const {
    return training_.tokens <= 0 ? "GPU-seconds a step" : has_price() ? "cost of the training" : "";
  }

  std::string axis() const {
    return text_at(0, y(time_low_), told_time(time_low_)) + text_at(0, y(time_high_) + 8, told_time(time_high_)) +
           text_at(kLeft, kHeight - 8, told_cost(cost_low_)) +
           text_at((kLeft + kWidth) / 2.0, kHeight - 8, cost_name(), "middle") +
           text_at(kWidth, kHeight - 8, told_cost(cost_high_), "end") + "<path class=\"axis\" d=\"M" +
           std::to_string(kLeft) + ' ' + std::to_string(kTop) + 'V' + std::to_string(kHeight - kBottom) + 'H' +
           std::to_string(kWidth - kRight) + "\"/>";
  }

  std::string budget() const {
    std::string lines;
    const auto line = [&](double x1, double y1, double x2, double y2) {
      lines += "<line class=\"limit\" x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) +
               "\" y2=\"" + number(y2) + "\"/>";
    };
    if (training_.most_days > time_low_ && training_.most_days < time_high_)
      line(kLeft, y(training_.most_days), kWidth - kRight, y(training_.most_days));
    if (training_.most_cost > cost_low_ && training_.most_cost < cost_high_)
      line(x(training_.most_cost), kTop, x(training_.most_cost), kHeight - kBottom);
    return lines;
  }

  std::string mark(const Dot& dot) const {
    const std::string gpus = grouped(dot.size->gpus), words = gpus + " GPUs: " + told_time(dot.time) + ", " +
                                                              told_cost(dot.cost) + ", " +
                                                              layout_in_words(dot.size->results.front());
    return "<circle class=\"" +
           std::string(dot.chosen ? "on"
                       : dot.over ? "out"
                                  : "in") +
           "\" cx=\"" + number(x(dot.cost)) + "\" cy=\"" + number(y(dot.time)) + "\" r=\"" + (dot.chosen ? "7" : "5") +
           "\"><title>" + escaped(words) + "</title></circle>" + text_at(x(dot.cost) + 10, y(dot.time) + 4, gpus);
  }

  const Training& training_;
  std::vector<Dot> dots_;
  double cost_low_ = 1, cost_high_ = 1, time_low_ = 1, time_high_ = 1;
};

}  // namespace

std::string sizes_chart(const Plans& plans) {
  return SizesChart(plans).draw();
}

std::string layouts_chart(const PlanReport& plan) {
  std::vector<NamedParts> bars;
  Duration longest;
  for (const Result& r : plan.results) {
    bars.push_back({layout_in_words(r) + ", " + human_seconds(r.step_time.seconds()), r.time});
    longest = std::max(longest, r.time.total());
  }
  return breakdown_chart(bars, longest, kLayoutNames);
}

std::string limits_chart(const PlanLimits& limits, const Result& fastest) {
  std::vector<WithMore> rows = limits.a_tenth;
  for (const auto& more : {limits.twice_memory, limits.twice_gpus})
    if (more) rows.push_back(*more);
  std::string marks;
  int y = 0;
  for (const WithMore& more : rows) {
    const double saved = std::max(0.0, 1 - more.step.seconds() / fastest.step_time.seconds());
    const double width = saved * (kWidth - kLimitNames - 60);
    marks +=
        text_at(0, y + 12, more.change) + "<rect class=\"in\" x=\"" + std::to_string(kLimitNames) + "\" y=\"" +
        std::to_string(y) + "\" width=\"" + number(width) + "\" height=\"" + std::to_string(kBar) + "\"/>" +
        text_at(kLimitNames + width + 6, y + 12, signed_percent(-saved) + ", " + human_seconds(more.step.seconds()));
    y += kRow;
  }
  return "<svg viewBox=\"0 0 " + std::to_string(kWidth) + ' ' + std::to_string(std::max(1, y)) +
         "\" role=\"img\" aria-label=\"what more of one thing would save\">" + marks + "</svg>";
}

}  // namespace orrery::report
