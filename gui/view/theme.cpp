#include "gui/view/theme.h"

namespace orrery::gui {
namespace {

// Forward, backward and communication differ in lightness as well as in hue, so that they
// stay apart for those who see fewer colours (hues after Okabe and Ito, "Color Universal
// Design", 2008). The order is that of EventClass.
constexpr std::array<QRgb, kEventClasses> kLight = {0x3f7fbf, 0x2a9d84, 0x84bf6a, 0x9cc9ea, 0x8a6bb5, 0x5f8fc0,
                                                    0xe8a33d, 0xd9642c, 0xc9739f, 0xcbb83a, 0xa5793f, 0xdd9350,
                                                    0x7d8f9e, 0xd4d7dc, 0xe3c2b4, 0xa9b4c0, 0xbac6d8, 0x97a0a8};
constexpr std::array<QRgb, kEventClasses> kDark = {0x5a9bd8, 0x3fb59a, 0x93c97b, 0x7fb0d6, 0xa78bd0, 0x74a3d1,
                                                   0xe9ae55, 0xe27b48, 0xd98ab2, 0xd6c55a, 0xb98f58, 0xe0a468,
                                                   0x8c9eae, 0x4a4f57, 0x6b4f45, 0x74808c, 0x5f6d80, 0x7d868f};
constexpr std::array<QRgb, kEventClasses> kContrast = {0x4aa8ff, 0x00e0b0, 0xa8ff60, 0xc0e4ff, 0xc9a0ff, 0x80c0ff,
                                                       0xffb000, 0xff6a20, 0xff8ad0, 0xfff040, 0xd8a050, 0xffc080,
                                                       0xb0c8d8, 0x909090, 0xff9070, 0xd0d8e0, 0xb0b8ff, 0xe0e0e0};

constexpr std::array<QRgb, 8> kSeriesLight = {0x4f81b3, 0x6fae9c, 0x9a86bf, 0xe0a458,
                                              0xb9bec6, 0xcf8a86, 0x8fb573, 0x7f8c99};
constexpr std::array<QRgb, 8> kSeriesDark = {0x5b8fc2, 0x5fae98, 0xa08ccb, 0xdda55c,
                                             0x7d858f, 0xcf8682, 0x8db671, 0x96a3b0};

template <std::size_t N>
std::array<QColor, N> colours(const std::array<QRgb, N>& values) {
  std::array<QColor, N> result;
  for (std::size_t i = 0; i < N; ++i) result[i] = QColor(values[i]);
  return result;
}

Theme light() {
  Theme t;
  t.name = "light";
  t.window = QColor(0xf5f6f8), t.lanes = QColor(0xffffff), t.lanes_odd = QColor(0xfafbfc);
  t.header = QColor(0xeef0f3), t.text = QColor(0x1f2933), t.muted = QColor(0x6b7683);
  t.grid = QColor(0xe4e7eb), t.border = QColor(0xd3d8de);
  t.accent = QColor(0x1f5fbf), t.area = QColor(0x1f5fbf), t.mark = QColor(0xd6006c), t.critical = QColor(0xc62828);
  t.tip = QColor(0x26303a), t.tip_text = QColor(0xf5f7fa);
  t.classes = colours(kLight), t.series = colours(kSeriesLight);
  return t;
}

Theme dark() {
  Theme t;
  t.name = "dark";
  t.window = QColor(0x1b1f24), t.lanes = QColor(0x15181c), t.lanes_odd = QColor(0x181c20);
  t.header = QColor(0x22272e), t.text = QColor(0xdfe5ec), t.muted = QColor(0x8d98a5);
  t.grid = QColor(0x262c33), t.border = QColor(0x333a43);
  t.accent = QColor(0x6cb0ff), t.area = QColor(0x6cb0ff), t.mark = QColor(0xff5fa8), t.critical = QColor(0xff6b6b);
  t.tip = QColor(0xe6ebf1), t.tip_text = QColor(0x16191d);
  t.classes = colours(kDark), t.series = colours(kSeriesDark);
  return t;
}

Theme contrast() {
  Theme t;
  t.name = "contrast";
  t.patterns = true;
  t.window = QColor(Qt::black), t.lanes = QColor(Qt::black), t.lanes_odd = QColor(Qt::black);
  t.header = QColor(0x101010), t.text = QColor(0xffffff), t.muted = QColor(0xd0d0d0);
  t.grid = QColor(0x404040), t.border = QColor(0x909090);
  t.accent = QColor(0xffff00), t.area = QColor(0xffff00), t.mark = QColor(0xff50ff), t.critical = QColor(0xff4040);
  t.tip = QColor(0xffffff), t.tip_text = QColor(Qt::black);
  t.classes = colours(kContrast), t.series = colours(kSeriesDark);
  return t;
}

}  // namespace

QPalette Theme::palette() const {
  QPalette p(window);
  p.setColor(QPalette::Window, window);
  p.setColor(QPalette::Base, lanes);
  p.setColor(QPalette::AlternateBase, lanes_odd);
  p.setColor(QPalette::Button, header);
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::ToolTipText})
    p.setColor(role, text);
  p.setColor(QPalette::PlaceholderText, muted);
  p.setColor(QPalette::ToolTipBase, header);
  p.setColor(QPalette::Highlight, accent);
  p.setColor(QPalette::HighlightedText, text_on(accent));
  p.setColor(QPalette::Link, accent);
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
    p.setColor(QPalette::Disabled, role, muted);
  return p;
}

// Fusion draws the frames of fields darker than the window, which on a dark one nobody sees.
QString Theme::style_sheet() const {
  return QStringLiteral(
             "QLineEdit { border: 1px solid %1; border-radius: 3px; padding: 2px 4px; }"
             "QLineEdit:focus { border-color: %2; }"
             "QToolBar { border: none; spacing: 6px; padding: 4px 6px; }")
      .arg(border.name(), accent.name());
}

std::span<const Theme> Theme::all() {
  static const std::array<Theme, 3> themes = {light(), dark(), contrast()};
  return themes;
}

const Theme& Theme::named(const QString& name) {
  for (const Theme& theme : all())
    if (theme.name == name) return theme;
  return all().front();
}

QColor text_on(const QColor& background) {
  // Relative luminance, roughly (WCAG 2.1 weighs linear light the same way).
  const double light = 0.2126 * background.redF() + 0.7152 * background.greenF() + 0.0722 * background.blueF();
  return light > 0.5 ? QColor(0x10161d) : QColor(0xffffff);
}

}  // namespace orrery::gui
