#include "report/html/charts.h"

#include <algorithm>

#include "report/html/svg.h"
#include "report/text.h"

namespace orrery::report {
namespace {

using svg::number;
using svg::share;

constexpr int kActionHeight = 20, kLaneHeight = 5, kRowGap = 8;
// Transfers are drawn in up to this many places of a row; what lies closer is one.
constexpr std::int64_t kPlaces = 4000;

double part_of(Duration part, Duration whole) {
  return whole > Duration() ? static_cast<double>(part.count_ps()) / static_cast<double>(whole.count_ps()) : 0;
}

class TimelineChart {
 public:
  TimelineChart(const StepTimeline& timeline, const sim::Workload& run, Time from, Time to)
      : timeline_(timeline), run_(run), from_(from), whole_(to - from) {}

  std::string draw(const std::vector<RankId>& ranks) {
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      name(i);
      for (const StepTimeline::Action& action : timeline_.actions(ranks[i])) draw(action);
      y_ += kActionHeight + 1;
      for (std::size_t c = 0; c < run_.categories.size(); ++c) draw_lane(ranks[i], static_cast<sim::Category>(c));
      y_ += kRowGap;
    }
    const std::string height = std::to_string(y_), box = number(median_share(ranks) * 1000);
    return "<div class=\"names\" style=\"height:" + height + "px\">" + names_ +
           "</div><div class=\"stretch\"><svg class=\"far\" data-box=\"" + box + "\" height=\"" + height +
           "\" role=\"img\" aria-label=\"timeline of the step\">" + marks_ + "</svg></div>";
  }

 private:
  // Of the actions' widths: what decides whether words fit into them.
  double median_share(const std::vector<RankId>& ranks) const {
    std::vector<double> widths;
    for (const RankId rank : ranks)
      for (const StepTimeline::Action& action : timeline_.actions(rank))
        widths.push_back(part_of(action.end - action.start, whole_));
    if (widths.empty()) return 0;
    const auto middle = widths.begin() + static_cast<std::ptrdiff_t>(widths.size() / 2);
    std::nth_element(widths.begin(), middle, widths.end());
    return *middle;
  }

  void name(std::size_t stage) {
    names_ += "<span style=\"top:" + std::to_string(y_ + 2) + "px\">stage " + std::to_string(stage) + "</span>";
  }

  // A box with its own small drawing inside, so that words that do not fit are cut off.
  void draw(const StepTimeline::Action& action) {
    const std::string what = action.type + std::to_string(action.micro_batch) + '.' + std::to_string(action.chunk);
    box(action.start, action.end, kActionHeight,
        std::string("a") + action.type + " c" + std::to_string(action.chunk % 2), what + "</title>",
        "<text x=\"50%\" y=\"14\">" + what + "</text>");
  }

  void draw_lane(RankId rank, sim::Category category) {
    const auto busy = timeline_.transfers(rank, category, Duration::ps(whole_.count_ps() / kPlaces));
    if (busy.empty()) return;
    const std::string& kind = run_.categories[category].name;
    for (const auto& [start, end] : busy) box(start, end, kLaneHeight, "t-" + kind, kind + " transfer</title>", "");
    y_ += kLaneHeight + 1;
  }

  void box(Time start, Time end, int height, const std::string& style, const std::string& title,
           const std::string& inside) {
    start = std::max(start, from_);
    if (end <= start) return;
    const std::string times =
        human_seconds((start - from_).seconds()) + ", takes " + human_seconds((end - start).seconds());
    marks_ += "<svg x=\"" + share(part_of(start - from_, whole_)) + "\" width=\"" +
              share(part_of(end - start, whole_)) + "\" y=\"" + std::to_string(y_) + "\" height=\"" +
              std::to_string(height) + "\"><rect class=\"" + style + "\" width=\"100%\" height=\"100%\"><title>" +
              times + ": " + title + "</rect>" + inside + "</svg>";
  }

  const StepTimeline& timeline_;
  const sim::Workload& run_;
  Time from_;
  Duration whole_;
  int y_ = 4;
  std::string names_, marks_;
};

constexpr int kBarHeight = 18, kBarGap = 4, kChartWidth = 960, kChartHeight = 240, kLeft = 56;

}  // namespace

std::string timeline_chart(const StepTimeline& timeline, const std::vector<RankId>& ranks, const sim::Workload& run,
                           Time from, Time to) {
  return TimelineChart(timeline, run, from, to).draw(ranks);
}

std::string breakdown_chart(const std::vector<NamedParts>& bars, Duration longest, int names) {
  std::string marks;
  int y = 0;
  for (const NamedParts& bar : bars) {
    double x = 0;
    marks += "<text x=\"0\" y=\"" + std::to_string(y + 13) + "\">" + svg::escaped(bar.name) + "</text>";
    for (const TimeParts::Part& part : TimeParts::all()) {
      const Duration time = bar.parts.*part.member;
      const double width = part_of(time, longest) * (kChartWidth - names);
      if (width <= 0) continue;
      marks += "<rect class=\"p-" + std::string(part.key) + "\" x=\"" + number(names + x) + "\" y=\"" +
               std::to_string(y) + "\" width=\"" + number(width) + "\" height=\"" + std::to_string(kBarHeight) +
               "\"><title>" + part.label + ": " + human_seconds(time.seconds()) + ", " +
               percent(part_of(time, bar.parts.total())) + "</title></rect>";
      x += width;
    }
    y += kBarHeight + kBarGap;
  }
  return "<svg viewBox=\"0 0 " + std::to_string(kChartWidth) + ' ' + std::to_string(std::max(y, 1)) +
         "\" role=\"img\" aria-label=\"where the step goes\">" + marks + "</svg>";
}

std::string memory_chart(const MemoryOverTime& over, Bytes limit) {
  Bytes top = limit;
  for (const auto& levels : over.levels)
    for (const Bytes level : levels) top = std::max(top, level);
  const auto height = [top](Bytes level) {
    return number(kChartHeight - 8 -
                  static_cast<double>(level.n) / static_cast<double>(std::max<std::int64_t>(1, top.n)) *
                      (kChartHeight - 24));
  };
  std::string marks = "<line class=\"limit\" x1=\"" + std::to_string(kLeft) + "\" x2=\"" + std::to_string(kChartWidth) +
                      "\" y1=\"" + height(limit) + "\" y2=\"" + height(limit) + "\"/><text x=\"0\" y=\"" +
                      height(limit) + "\">" + gib(limit) + "</text><text x=\"0\" y=\"" + height(Bytes{0}) +
                      "\">0 GiB</text>";
  for (std::size_t s = 0; s < over.levels.size(); ++s) {
    const std::vector<Bytes>& levels = over.levels[s];
    std::string points;
    for (std::size_t i = 0; i < levels.size(); ++i)
      points += number(kLeft + (kChartWidth - kLeft) * static_cast<double>(i) / static_cast<double>(levels.size())) +
                ',' + height(levels[i]) + ' ';
    marks += "<polyline class=\"m\" style=\"--hue:" +
             std::to_string(300 * s / std::max<std::size_t>(1, over.levels.size())) + "\" points=\"" + points +
             "\"><title>stage " + std::to_string(s) + ": up to " +
             gib(levels.empty() ? Bytes{0} : *std::max_element(levels.begin(), levels.end())) +
             " GiB</title></polyline>";
  }
  return "<svg viewBox=\"0 0 " + std::to_string(kChartWidth) + ' ' + std::to_string(kChartHeight) +
         "\" role=\"img\" aria-label=\"memory over the step, by stage\">" + marks + "</svg>";
}

}  // namespace orrery::report
