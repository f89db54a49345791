// How long a frame of the window takes, how long a trace takes to open, and what it
// holds in memory. Needs no display.
// usage: timeline_bench [EVENTS | open | FILE]...   (default: open 1e6 1e7)
// "open" writes three traces of a million events to a folder for passing things,
// and opens each: without arguments, with those of our exports, with PyTorch's.
#include <QApplication>
#include <QImage>
#include <QPainter>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "bench/trace_text.h"
#include "gui/model/ask/compare/compare.h"
#include "gui/model/load/open_file.h"
#include "gui/model/store/build/trace_builder.h"
#include "gui/view/charts/breakdown_chart.h"
#include "gui/view/charts/memory_chart.h"
#include "gui/view/charts/network_chart.h"
#include "gui/view/panels/area_panel.h"
#include "gui/view/panels/event_table.h"
#include "gui/view/timeline/canvas/canvas.h"
#include "gui/view/timeline/timeline_view.h"

namespace orrery::gui {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// Peak memory of this process.
double peak_gib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / (1 << 20);
  return 0;
}

// Kernels of 1 to 20 us with gaps, on 1,024 streams of 128 ranks.
std::shared_ptr<const TraceModel> synthetic(std::uint64_t events) {
  constexpr std::uint32_t kRanks = 128, kStreams = 8, kNames = 200;
  const char* const categories[] = {"compute", "recompute", "tp", "pp", "dp", "optimizer", "host"};
  TraceBuilder builder;
  std::uint32_t names = 0;
  builder.name({names++}, "");
  for (const char* category : categories) builder.name({names++}, category);
  for (std::uint32_t i = 0; i < kNames; ++i) builder.name({names++}, "layer " + std::to_string(i) + " kernel");
  for (std::uint32_t r = 0; r < kRanks; ++r) {
    interop::TraceProcess process;
    const std::string name = "rank " + std::to_string(r);
    process.id = {r}, process.name = name, process.sort_index = r;
    builder.process(process);
    for (std::uint32_t s = 0; s < kStreams; ++s) {
      interop::TraceTrack track;
      const std::string stream = "stream " + std::to_string(s);
      track.id = {r * kStreams + s}, track.process = {r}, track.name = stream, track.sort_index = s;
      builder.track(track);
    }
  }
  std::mt19937 random(1);
  const std::uint64_t each = events / (kRanks * kStreams);
  for (std::uint32_t t = 0; t < kRanks * kStreams; ++t) {
    std::int64_t at = 0;
    for (std::uint64_t i = 0; i < each; ++i) {
      const auto bits = static_cast<std::uint32_t>(random());
      interop::TraceSlice slice;
      slice.track = {t};
      slice.start = Time::at(Duration::ns(at));
      slice.duration = Duration::ns(1'000 + bits % 19'000);
      slice.name = {8 + (bits >> 8) % kNames};
      slice.category = {1 + (bits >> 20) % 7};
      builder.slice(slice);
      at += slice.duration.count_ps() / 1'000 + (bits >> 16) % 8'000;
    }
  }
  return builder.finish();
}

// The median of nine frames, each of another stretch of time.
double frame_ms(TimelineView& view, double share) {
  QImage image(view.canvas().size(), QImage::Format_RGB32);
  std::vector<double> times;
  for (int i = 0; i < 9; ++i) {
    const TimeRange all = view.state().model().extent();
    const auto length = static_cast<Ns>(static_cast<double>(all.length()) * share);
    const Ns begin = all.begin + (all.length() - length) * i / 9;
    view.state().show({begin, begin + length});
    const auto start = Clock::now();
    QPainter painter(&image);
    view.canvas().draw(painter);
    times.push_back(ms_since(start));
  }
  std::nth_element(times.begin(), times.begin() + 4, times.end());
  return times[4];
}

double hover_ms(TimelineView& view) {
  const auto start = Clock::now();
  constexpr int kPoints = 1'000;
  QImage image(view.canvas().size(), QImage::Format_RGB32);
  for (int i = 0; i < kPoints; ++i) {
    view.state().hover(view.canvas().event_at({i * 7919 % 1'600, i * 104'729 % 900}));
    if (i % 100 == 0) {
      QPainter painter(&image);
      view.canvas().draw(painter);
    }
  }
  return ms_since(start) / kPoints;
}

// Lines of boxes that a frame has to fill.
std::uint32_t lines_in_view(TimelineView& view) {
  const Scene& scene = view.state().scene();
  std::uint32_t lines = 0;
  for (const Lane& lane : scene.lanes.all())
    if (lane.y < scene.scroll + view.canvas().height()) lines += lane.rows + lane.second_rows;
  return lines;
}

void measure(TimelineView& view, const std::string& what) {
  for (const int row_height : {18, 4}) {
    LaneChoices choices;
    choices.row_height = row_height;
    view.state().set_choices(choices);
    view.state().set_all_collapsed(false);
    std::printf(
        "%-24s rows %2d px, %3u lines   frame ms at 100 %% %.1f, 10 %% %.1f, 1 %% %.1f, 0.1 %% %.1f   hover %.3f ms\n",
        what.c_str(), row_height, lines_in_view(view), frame_ms(view, 1), frame_ms(view, 0.1), frame_ms(view, 0.01),
        frame_ms(view, 0.001), hover_ms(view));
  }
}

// With itself; and once more, until somebody gives up half-way.
std::shared_ptr<const Compared> compared(const std::shared_ptr<const TraceModel>& model) {
  auto start = Clock::now();
  const Alignment alignment(*model, *model);
  const Pairing pairing(*model, *model, alignment);
  const double paired = ms_since(start);
  start = Clock::now();
  auto all = compare({model, model, {}, nullptr});
  const double whole = ms_since(start);
  Clock::time_point stopped;
  (void)compare({model, model, {}, nullptr}, [&](double share) {
    if (share > 0.5 && stopped == Clock::time_point()) stopped = Clock::now();
    return share <= 0.5;
  });
  std::printf("compared in %.2f s, of it %.2f s for pairs; given up half-way it ended within %.1f ms; peak %.2f GiB\n",
              whole / 1e3, paired / 1e3, ms_since(stopped), peak_gib());
  return all;
}

void of_panels(TimelineView& view) {
  view.state().show_all();
  const auto timed = [](const char* what, auto&& question) {
    const auto start = Clock::now();
    question();
    std::printf("  %s %.3f s", what, ms_since(start) / 1e3);
  };
  AreaPanel area(view.state());
  EventTable events(view.state());
  BreakdownChart breakdown(view.state(), nullptr);
  NetworkChart network(view.state(), nullptr);
  MemoryChart memory(view.state(), nullptr);
  timed("totals", [&] { area.refill(); });
  timed("events", [&] { static_cast<EventListModel*>(events.model())->refill(); });
  timed("breakdown", [&] { breakdown.refill(); });
  timed("network", [&] { network.refill(); });
  timed("memory", [&] { memory.refill(); });
  std::printf("\n");
}

void of_synthetic(TimelineView& view, double events) {
  auto start = Clock::now();
  const auto model = synthetic(static_cast<std::uint64_t>(events));
  const double made = ms_since(start);
  start = Clock::now();
  view.state().set_model(model, false);
  std::printf("%.0e events: built in %.2f s, shown in %.0f ms, %.2f GiB, peak %.2f GiB\n", events, made / 1e3,
              ms_since(start), static_cast<double>(model->bytes()) / (1 << 30), peak_gib());
  measure(view, std::to_string(static_cast<long>(events)));
  of_panels(view);
  if (events > 1e7) return;
  // Beside itself, each event in both halves of its lane.
  view.state().set_second(compared(model)->second);
  measure(view, "overlaid");
  view.state().set_second(nullptr);
}

// The median of five, and what the processor had to do, which a busy machine changes less.
void of_opening(const std::string& name, const bench::TraceText& what) {
  const std::string path = std::filesystem::temp_directory_path() / ("orrery-bench-" + name + ".json");
  const std::string text = bench::chrome_json(what);
  std::ofstream(path) << text;
  std::vector<double> whole, processor;
  for (int i = 0; i < 5; ++i) {
    OpenWatch watch;
    const auto start = Clock::now();
    const std::clock_t used = std::clock();
    if (const auto opened = open_file(path, watch); !opened || opened->model->events() == 0) std::abort();
    whole.push_back(ms_since(start));
    processor.push_back(static_cast<double>(std::clock() - used) / CLOCKS_PER_SEC);
  }
  std::filesystem::remove(path);
  std::sort(whole.begin(), whole.end());
  std::sort(processor.begin(), processor.end());
  std::printf("%-20s %d events, %.0f MB: opened in %.2f s (least %.2f), %.2f s of a processor (least %.2f)\n",
              name.c_str(), what.slices, static_cast<double>(text.size()) / 1e6, whole[2] / 1e3, whole[0] / 1e3,
              processor[2], processor[0]);
}

void of_opening() {
  of_opening("no-arguments", {.said = bench::Said::nothing});
  of_opening("our-arguments", {.said = bench::Said::step});
  of_opening("pytorch-arguments", {.since_1970 = true, .said = bench::Said::number});
}

void of_file(TimelineView& view, const std::string& path) {
  OpenWatch watch;
  auto start = Clock::now();
  const auto opened = open_file(path, watch);
  const double took = ms_since(start);
  if (!opened || !opened->model) {
    std::printf("%s: cannot be opened\n", path.c_str());
    return;
  }
  std::printf("%s: %llu events opened in %.2f s, %.2f GiB, peak %.2f GiB\n", path.c_str(),
              static_cast<unsigned long long>(opened->model->events()), took / 1e3,
              static_cast<double>(opened->model->bytes()) / (1 << 30), peak_gib());
  OpenWatch stopped;
  std::jthread thread([&] { (void)open_file(path, stopped); });
  std::this_thread::sleep_for(std::chrono::milliseconds(static_cast<int>(took / 3)));
  start = Clock::now();
  stopped.stop = true;
  thread.join();
  std::printf("  cancelled at a third: its thread ended after %.0f ms\n", ms_since(start));
  view.state().set_model(opened->model, false);
  measure(view, path.substr(path.rfind('/') + 1).substr(0, 24));
}

}  // namespace
}  // namespace orrery::gui

int main(int argc, char** argv) {
  qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication app(argc, argv);
  QApplication::setStyle("Fusion");
  orrery::gui::TimelineView view;
  view.resize(1920, 1080);
  view.grab();
  std::vector<std::string> what(argv + 1, argv + argc);
  if (what.empty()) what = {"open", "1e6", "1e7"};
  for (const std::string& one : what) {
    if (one == "open") {
      orrery::gui::of_opening();
      continue;
    }
    char* end = nullptr;
    const double events = std::strtod(one.c_str(), &end);
    if (*end == '\0')
      orrery::gui::of_synthetic(view, events);
    else
      orrery::gui::of_file(view, one);
  }
}
