#include "gui/view/window/render.h"

#include <QApplication>
#include <QDockWidget>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QPainter>
#include <QPixmap>
#include <QSvgGenerator>

#include "gui/model/ask/path/trace_path.h"
#include "gui/view/charts/sweep_panel.h"
#include "gui/view/quantity_text.h"
#include "gui/view/result/result_view.h"
#include "gui/view/scenario/scenario_panel.h"
#include "gui/view/timeline/canvas/canvas.h"
#include "gui/view/timeline/minimap.h"
#include "gui/view/timeline/ruler.h"
#include "gui/view/timeline/timeline_view.h"
#include "gui/view/timeline/track_tree.h"
#include "gui/view/window/compare_view.h"
#include "gui/view/window/main_window.h"

namespace orrery::gui {
namespace {

ColourBy colour_by(const QString& name) {
  if (name == "micro-batch") return ColourBy::micro_batch;
  return name == "name" ? ColourBy::name : ColourBy::kind;
}

Grouping group_by(const QString& name) {
  for (const Grouping g : {Grouping::node, Grouping::stage, Grouping::tp, Grouping::dp, Grouping::cp, Grouping::ep})
    if (q(to_string(g)).section(' ', 0, 0).toLower() == name) return g;
  return Grouping::none;
}

// The first event in view whose name has that part.
EventRef find(const TimelineState& state, const QString& part) {
  const Marks hits(state.model(), [&](std::string_view name) { return q(name).contains(part, Qt::CaseInsensitive); });
  EventRef hit = hits.next(state.model(), EventRef::none());
  const TimeRange view = state.scene().viewport.view();
  while (!hit.is_none() && state.model().range(hit).begin < view.begin) hit = hits.next(state.model(), hit);
  return hit;
}

// An empty text, or what there is not.
QString arrange(TimelineState& state, const Opened& opened, const RenderOptions& options) {
  LaneChoices choices = state.choices();
  choices.grouping = group_by(options.group_by);
  if (const QString why = q(why_not_grouped(*opened.model, choices.grouping)); !why.isEmpty())
    return QObject::tr("--group %1: %2").arg(options.group_by, why);
  choices.filter = options.filter.toStdString();
  state.set_choices(choices);
  if (options.collapse) state.set_all_collapsed(true);
  state.set_colour_by(colour_by(options.colour_by));
  state.set_critical(Marks(*opened.model, opened.critical_path), opened.slack);
  if (options.critical && !state.has_critical()) {
    const TracePath path = find_path(*opened.model);
    if (path.events.empty()) return QObject::tr("--critical: %1").arg(q(path.why_not));
    state.set_critical(Marks(*opened.model, path.events), opened.slack);
  }
  if (options.critical) state.toggle_critical();
  if (options.zoom)
    state.show(*options.zoom);
  else if (!options.second)
    state.show_steady_step();
  if (options.select.isEmpty()) return {};
  const EventRef event = find(state, options.select);
  if (event.is_none())
    return QObject::tr("--select: no event in view or behind it has '%1' in its name").arg(options.select);
  state.select_and_reveal(event);
  return {};
}

// The steps that were asked for, or those that align by themselves.
std::optional<Alignment> alignment_of(const Alignment& all, const RenderOptions& options) {
  return options.align ? all.with_numbers(options.align->first, options.align->second) : all;
}

QString no_such_step(const Alignment& all) {
  const auto steps = [](const std::vector<Step>& of) {
    return QObject::tr("%1 to %2").arg(of.front().number).arg(of.back().number);
  };
  return QObject::tr("--align: the first trace has steps %1, the second %2")
      .arg(steps(all.steps_a()), steps(all.steps_b()));
}

// An empty text, or what there is not.
QString overlay(TimelineState& state, const Opened& opened, const RenderOptions& options) {
  const auto alignment = alignment_of(Alignment(*opened.model, *options.second), options);
  if (!alignment) return no_such_step(Alignment(*opened.model, *options.second));
  auto pairs = std::make_shared<const Pairing>(*opened.model, *options.second, *alignment);
  state.set_second(std::make_shared<const SecondTrace>(options.second, *alignment, std::move(pairs)));
  state.show(alignment->a().range, 0.01);
  return {};
}

QString compare(MainWindow& window, const RenderOptions& options) {
  const auto wait = [&] {
    while (window.is_comparing()) QApplication::processEvents(QEventLoop::WaitForMoreEvents, 50);
  };
  window.set_overlaid(options.overlay);
  window.compare_with(options.second, QFileInfo(options.second_file).fileName());
  window.compared()->set_names(QFileInfo(options.file).fileName(), QFileInfo(options.second_file).fileName());
  wait();
  if (window.compared()->alignment() == nullptr) return QObject::tr("the two traces cannot be compared");
  const Alignment all = *window.compared()->alignment();
  const auto alignment = alignment_of(all, options);
  if (!alignment) return no_such_step(all);
  window.align(*alignment);
  wait();
  return {};
}

QString cannot_write(const QString& path) {
  return QObject::tr("%1: cannot be written").arg(path);
}

QString write_svg(const QString& path, QSize size, const QString& title, const std::function<void(QPainter&)>& draw) {
  QSvgGenerator svg;
  svg.setFileName(path);
  svg.setSize(size);
  svg.setViewBox(QRect({}, size));
  svg.setTitle(title);
  QPainter painter;
  if (!painter.begin(&svg)) return cannot_write(path);
  draw(painter);
  painter.end();
  return {};
}

void draw_timeline(TimelineView& view, QPainter& painter) {
  const auto part = [&](const QWidget& widget, const auto& draw) {
    painter.save();
    painter.translate(widget.pos());
    painter.setClipRect(widget.rect());
    painter.setFont(widget.font());
    draw();
    painter.restore();
  };
  part(view.minimap(), [&] { view.minimap().draw(painter); });
  part(view.ruler(), [&] { view.ruler().draw(painter); });
  part(view.canvas(), [&] { view.canvas().draw_shapes(painter); });
  part(view.tree(), [&] { view.tree().draw(painter); });
}

QString write_picture(QWidget& widget, const RenderOptions& options) {
  QPixmap picture((QSizeF(widget.size()) * options.scale).toSize());
  picture.setDevicePixelRatio(options.scale);
  widget.render(&picture);
  return picture.save(options.path) ? QString() : cannot_write(options.path);
}

// All of the page, as high as it is: there is nothing to scroll in a picture.
QString render_page(const Opened& opened, const RenderOptions& options) {
  const Theme& theme = Theme::named(options.theme);
  QApplication::setPalette(theme.palette());
  ResultView view;
  view.set_theme(theme);
  view.resize(options.width, options.height);
  view.show_page(opened.page);
  view.resize(view.whole_size(options.width).expandedTo({1, 200}));
  QPixmap first = view.grab();  // nothing is shown, so nobody lays it out for us
  if (!options.path.endsWith(".svg")) return write_picture(view, options);
  return write_svg(options.path, view.size(), "orrery result", [&](QPainter& painter) { view.draw(painter); });
}

// As a person has it before them. Panels follow a moment later.
QString render_window(const Opened& opened, const RenderOptions& options) {
  MainWindow window;
  window.set_theme(options.theme);
  window.show();
  window.resize(options.width, options.height);
  QApplication::processEvents();
  window.show_opened({}, std::make_shared<const Opened>(opened));
  window.show_page(options.page);
  if (window.shows_page()) {
    QApplication::processEvents();
    return write_picture(window, options);
  }
  if (options.second)
    if (QString fault = compare(window, options); !fault.isEmpty()) return fault;
  if (QString fault = arrange(window.state(), opened, options); !fault.isEmpty()) return fault;
  if (opened.is_scenario) window.scenario().show_scenario(options.file, options.changes);
  const QString in_front = options.panel.isEmpty() && options.second ? "changes" : options.panel;
  if (auto* panel = window.findChild<QDockWidget*>(in_front)) {
    panel->show();
    panel->raise();
  }
  window.timeline().canvas().setFocus();
  QElapsedTimer timer;
  timer.start();
  while (timer.elapsed() < 400) QApplication::processEvents(QEventLoop::WaitForMoreEvents, 50);
  return write_picture(window, options);
}

}  // namespace

QString write_timeline(TimelineView& view, const QString& path) {
  if (path.endsWith(".svg"))
    return write_svg(path, view.size(), "orrery timeline", [&](QPainter& painter) { draw_timeline(view, painter); });
  return view.grab().save(path) ? QString() : cannot_write(path);
}

QString render_sweep(const RenderOptions& options) {
  const Theme& theme = Theme::named(options.theme);
  QApplication::setPalette(theme.palette());
  SweepPanel panel;
  if (QString fault = panel.open(options.file, theme); !fault.isEmpty()) return fault;
  panel.resize(options.width, options.height);
  panel.grab();  // nothing is shown, so nobody lays it out for us
  if (!options.path.endsWith(".svg")) return write_picture(panel, options);
  return write_svg(options.path, panel.size(), "orrery sweep",
                   [&](QPainter& painter) { panel.render(&painter, {}, {}, QWidget::DrawChildren); });
}

QString render(const Opened& opened, const RenderOptions& options) {
  if (!options.path.endsWith(".svg") && !options.path.endsWith(".png"))
    return QObject::tr("%1: a picture is .png or .svg").arg(options.path);
  if (options.window || (options.second && !options.overlay)) {
    if (options.path.endsWith(".svg")) return QObject::tr("%1: the window is drawn as .png").arg(options.path);
    return render_window(opened, options);
  }
  if (options.page) return render_page(opened, options);
  TimelineView view;
  view.state().set_theme(Theme::named(options.theme));
  QApplication::setPalette(view.state().scene().theme->palette());
  view.resize(options.width, options.height);
  view.grab();  // nothing is shown, so nobody lays it out for us
  view.state().set_model(opened.model, false);
  if (options.second)
    if (QString fault = overlay(view.state(), opened, options); !fault.isEmpty()) return fault;
  if (QString fault = arrange(view.state(), opened, options); !fault.isEmpty()) return fault;
  return options.path.endsWith(".svg") ? write_timeline(view, options.path) : write_picture(view, options);
}

}  // namespace orrery::gui
