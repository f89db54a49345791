#include <QApplication>
#include <QCommandLineParser>
#include <algorithm>
#include <cstdio>

#include "gui/view/theme.h"
#include "gui/view/window/main_window.h"
#include "gui/view/window/render.h"
#include "sim/base/read/quantity.h"

namespace orrery::gui {
namespace {

constexpr int kDone = 0, kUsage = 2, kInput = 3, kInputOutput = 5, kInternal = 6;

int complain(const QString& text, int status) {
  std::fprintf(stderr, "orrery-gui: %s\n", qUtf8Printable(text));
  return status;
}

int complain(const Errors& errors) {
  for (const Error& error : errors) std::fprintf(stderr, "%s\n", to_string(error).c_str());
  return !errors.empty() && errors.front().fault == Fault::io ? kInputOutput : kInput;
}

// "1.2s,1300ms".
std::optional<TimeRange> parse_zoom(const QString& text) {
  const QStringList ends = text.split(',');
  if (ends.size() != 2) return std::nullopt;
  const auto from = parse_duration(ends[0].trimmed().toStdString(), {"--zoom", 0, 0});
  const auto to = parse_duration(ends[1].trimmed().toStdString(), {"--zoom", 0, 0});
  if (!from || !to || *from >= *to) return std::nullopt;
  return TimeRange{from->count_ps() / 1000, to->count_ps() / 1000};
}

// "3", or "3,5": steps of the first file and of the second.
std::optional<RenderOptions::Align> parse_align(const QString& text) {
  const QStringList numbers = text.split(',');
  std::vector<std::int64_t> steps;
  for (const QString& number : numbers) {
    bool is_number = false;
    steps.push_back(number.trimmed().toLongLong(&is_number));
    if (!is_number) return std::nullopt;
  }
  if (steps.size() > 2) return std::nullopt;
  return RenderOptions::Align{steps.front(), steps.size() == 2 ? std::optional(steps.back()) : std::nullopt};
}

// Of an option that may be there: nothing, or what is wrong with it.
Errors read_moment(const QCommandLineParser& parser, const char* option, std::optional<Time>& moment) {
  if (!parser.isSet(option)) return {};
  const auto duration = parse_duration(parser.value(option).toStdString(), {std::string("--") + option, 0, 0});
  if (!duration) return duration.errors();
  moment = Time::at(*duration);
  return {};
}

Result<OpenOptions> options_of(const QCommandLineParser& parser) {
  OpenOptions options;
  for (const auto& [option, moment] : {std::pair("from", &options.from), {"to", &options.to}})
    if (Errors errors = read_moment(parser, option, *moment); !errors.empty()) return errors;
  if (options.from && options.to && !(*options.from < *options.to))
    return Error{{"--from", 0, 0}, "it is not before --to"};
  if (parser.isSet("ranks")) {
    auto ranks = interop::parse_rank_ranges(parser.value("ranks").toStdString());
    if (!ranks) return std::move(ranks).errors();
    options.ranks = *ranks;
  }
  for (const QString& text : parser.values("set")) {
    if (!text.contains('=')) return Error{{"--set", 0, 0}, "it is path=value, as layout.tp=4"};
    options.overrides.push_back({text.section('=', 0, 0).toStdString(), text.section('=', 1).toStdString()});
  }
  return options;
}

// What is said of a picture, or of the window, must be one of what there is.
QString fault_of_choices(const QCommandLineParser& parser) {
  QStringList themes;
  for (const Theme& theme : Theme::all()) themes << theme.name;
  const std::vector<std::pair<QString, QStringList>> choices{
      {"theme", themes},
      {"colour", {"class", "micro-batch", "name"}},
      {"group", {"none", "node", "pipeline", "tp", "dp", "cp", "ep"}},
      {"panel",
       {"details", "totals", "events", "summary", "breakdown", "memory", "roofline", "network", "scenario",
        "changes"}}};
  for (const auto& [option, values] : choices)
    if (parser.isSet(option) && !values.contains(parser.value(option)))
      return QStringLiteral("--%1: '%2' is none of %3").arg(option, parser.value(option), values.join(", "));
  for (const char* option : {"zoom", "select", "size", "scale", "colour", "group", "filter", "collapse", "window",
                             "panel", "critical", "page", "overlay", "align"})
    if (parser.isSet(option) && !parser.isSet("render")) return QStringLiteral("--%1 is for --render").arg(option);
  return {};
}

QString fault_of_page(const QCommandLineParser& parser) {
  for (const char* option :
       {"zoom", "select", "colour", "group", "filter", "collapse", "panel", "critical", "overlay", "align"})
    if (parser.isSet(option))
      return QStringLiteral("--%1 is for timelines, and this is the page of a result or a sweep").arg(option);
  return {};
}

// What is said of keys and of times is of the first file: the second has a clock of its own.
OpenOptions second_options(const OpenOptions& first) {
  OpenOptions second;
  second.ranks = first.ranks;
  return second;
}

int render_files(const QStringList& files, const QCommandLineParser& parser) {
  RenderOptions options;
  options.path = parser.value("render");
  if (parser.isSet("zoom") && !(options.zoom = parse_zoom(parser.value("zoom"))))
    return complain("--zoom is two times, as --zoom 1.2s,1300ms", kUsage);
  options.select = parser.value("select");
  options.theme = parser.value("theme");
  options.colour_by = parser.value("colour");
  options.group_by = parser.value("group");
  options.filter = parser.value("filter");
  options.critical = parser.isSet("critical");
  options.collapse = parser.isSet("collapse");
  options.overlay = parser.isSet("overlay");
  if (options.overlay && files.size() != 2) return complain("--overlay takes two files", kUsage);
  if (parser.isSet("align") && files.size() != 2) return complain("--align takes two files", kUsage);
  if (parser.isSet("align") && !(options.align = parse_align(parser.value("align"))))
    return complain("--align is a step of the first file, and one of the second: --align 3,5", kUsage);
  options.panel = parser.value("panel");
  options.window = parser.isSet("window") || !options.panel.isEmpty();
  const QStringList size = parser.value("size").split('x');
  if (size.size() == 2) options.width = size[0].toInt(), options.height = size[1].toInt();
  if (size.size() != 2 || options.width < 300 || options.height < 150 || options.width > 20000 ||
      options.height > 20000)
    return complain("--size is width and height in pixels, as 1600x900", kUsage);
  bool is_number = false;
  options.scale = parser.value("scale").toDouble(&is_number);
  if (!is_number || !(options.scale >= 0.5 && options.scale <= 4))
    return complain("--scale is between 0.5 and 4", kUsage);

  options.file = files.front();
  if (options.file.endsWith(".sqlite") || options.file.endsWith(".db")) {
    if (const QString fault = fault_of_page(parser); !fault.isEmpty()) return complain(fault, kUsage);
    const QString fault = render_sweep(options);
    return fault.isEmpty() ? kDone : complain(fault, kInputOutput);
  }
  const auto open_options = options_of(parser);
  if (!open_options) return complain(open_options.errors());
  options.changes = open_options->overrides;
  OpenWatch watch;
  const auto opened = open_file(options.file.toStdString(), watch, *open_options);
  if (!opened) return complain(opened.errors());
  options.page = parser.isSet("page") || !opened->model;
  if (options.page && !opened->page) return complain("--page is for results and scenarios; a trace has none", kUsage);
  if (const QString fault = fault_of_page(parser); options.page && !fault.isEmpty()) return complain(fault, kUsage);
  if (files.size() == 2) {
    const auto second = open_file(files.back().toStdString(), watch, second_options(*open_options));
    if (!second) return complain(second.errors());
    if (!opened->model || !second->model) return complain("two results: `orrery compare A.json B.json`", kUsage);
    options.second = second->model;
    options.second_file = files.back();
  }
  for (const std::string& remark : opened->remarks) std::fprintf(stderr, "%s\n", remark.c_str());
  const QString fault = render(*opened, options);
  return fault.isEmpty() ? kDone : complain(fault, kInputOutput);
}

int run(QApplication& app) {
  QCommandLineParser parser;
  parser.setApplicationDescription("Shows traces and scenarios on a timeline, results and sweeps as pages and charts.");
  parser.addHelpOption();
  parser.addVersionOption();
  parser.addPositionalArgument("FILE",
                               "Traces (.json, .pftrace, also .gz and .zst), scenarios, results (.json), sweeps",
                               "[FILE [FILE to compare with]]");
  parser.addOptions(
      {{"render", "Write a picture (.png, .svg) and end; needs no display", "OUT"},
       {"ranks", "Show only these, as 0-7,64", "LIST"},
       {"from", "Of a trace: only what reaches beyond this time, as 1.5s", "TIME"},
       {"to", "Of a trace: only what begins before this time", "TIME"},
       {"set", "Change a key of a scenario, as layout.tp=4", "PATH=VALUE"},
       {"zoom", "Of the picture: from, to", "A,B"},
       {"select", "Select the first event in view with this in its name", "NAME"},
       {"size", "Of the picture, in pixels", "WxH", "1600x900"},
       {"scale", "Of a .png: that many pixels to one of --size, letters and all (a screen of high density has 2)", "N",
        "1"},
       {"theme", "light, dark or contrast", "THEME", "light"},
       {"colour", "class, micro-batch or name", "BY", "class"},
       {"group", "none, node, pipeline, tp, dp, cp or ep", "BY", "none"},
       {"filter", "Show only tracks with this in their name", "TEXT"},
       {"collapse", "Collapse every rank"},
       {"window", "The whole window, with its panels"},
       {"panel",
        "Of the window: details, totals, events, summary, breakdown, memory, roofline, network, scenario or changes",
        "PANEL"},
       {"critical", "Show the critical path"},
       {"overlay", "Two files in one timeline: the second in the lower half of the lanes, coloured by difference"},
       {"align", "Of two files: the steps that begin together, by number (one: the same in both)", "A[,B]"},
       {"page", "The page of a scenario's result in place of its timeline"}});
  parser.process(app);
  if (const QString fault = fault_of_choices(parser); !fault.isEmpty()) return complain(fault, kUsage);
  const QStringList files = parser.positionalArguments();
  if (parser.isSet("render")) {
    if (files.empty() || files.size() > 2) return complain("--render takes a file, or two to compare", kUsage);
    try {
      return render_files(files, parser);
    } catch (const std::exception& fault) {  // ours, or memory has run out
      return complain(QStringLiteral("internal error: %1").arg(fault.what()), kInternal);
    }
  }
  const auto options = options_of(parser);
  if (!options) return complain(options.errors());
  if (files.size() > 2) return complain("one file, or two to compare", kUsage);
  MainWindow window;
  if (parser.isSet("theme")) window.set_theme(parser.value("theme"));
  window.show();
  if (!files.isEmpty()) window.open(files.front(), *options);
  if (files.size() == 2) window.open_second(files.back(), second_options(*options));
  return QApplication::exec();
}

// Pictures are made where there is none too, and words are said.
bool needs_no_display(const QByteArrayList& arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const QByteArray& argument) {
    return argument.startsWith("--render") || argument.startsWith("--help") || argument == "-h" ||
           argument == "--version" || argument == "-v";
  });
}

}  // namespace
}  // namespace orrery::gui

int main(int argc, char** argv) {
  if (orrery::gui::needs_no_display({argv + 1, argv + argc}) && !qEnvironmentVariableIsSet("DISPLAY") &&
      !qEnvironmentVariableIsSet("WAYLAND_DISPLAY") && !qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
    qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication app(argc, argv);
  QApplication::setStyle("Fusion");
  QApplication::setApplicationName("orrery-gui");
  QApplication::setOrganizationName("orrery");
  QApplication::setApplicationVersion(ORRERY_VERSION);
  return orrery::gui::run(app);
}
