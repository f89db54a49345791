#include "report/topology/canvas.h"

#include <algorithm>
#include <cstdint>

namespace orrery::report {
namespace {

constexpr double kMargin = 12;

// One decimal, without the locale's opinion on commas.
std::string px(double x) {
  const auto tenths = static_cast<std::int64_t>(std::max(0.0, x) * 10 + 0.5);
  return std::to_string(tenths / 10) + (tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10));
}

std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  return out;
}

std::string tipped(const std::string& shape, const std::string& element, const std::string& tip) {
  return shape + ">" + (tip.empty() ? "" : "<title>" + escaped(tip) + "</title>") + "</" + element + ">\n";
}

}  // namespace

void Canvas::reach(double x, double y) {
  right_ = std::max(right_, x), bottom_ = std::max(bottom_, y);
}

void Canvas::box(double x, double y, double width, double height, const std::string& fill, const std::string& label) {
  reach(x + width, y + height);
  boxes_ += "<rect x=\"" + px(x) + "\" y=\"" + px(y) + "\" width=\"" + px(width) + "\" height=\"" + px(height) +
            "\" rx=\"3\" fill=\"" + fill + "\" stroke=\"#333\" stroke-width=\"0.8\"/>\n";
  constexpr double kCharacter = 6.2;
  const int size = static_cast<double>(label.size()) * kCharacter < width ? 11 : 9;
  if (!label.empty()) text(x + width / 2, y + height / 2 + 4, label, "middle", size);
}

void Canvas::line(double x1, double y1, double x2, double y2, const std::string& colour, double width,
                  const std::string& tip) {
  reach(std::max(x1, x2), std::max(y1, y2));
  lines_ += tipped("<line x1=\"" + px(x1) + "\" y1=\"" + px(y1) + "\" x2=\"" + px(x2) + "\" y2=\"" + px(y2) +
                       "\" stroke=\"" + colour + "\" stroke-width=\"" + px(width) + "\" stroke-opacity=\"0.7\"",
                   "line", tip);
}

void Canvas::arc(double x1, double x2, double y, double rise, const std::string& colour, double width,
                 const std::string& tip) {
  lines_ += tipped("<path d=\"M " + px(x1) + " " + px(y) + " Q " + px((x1 + x2) / 2) + " " + px(y - rise) + " " +
                       px(x2) + " " + px(y) + "\" fill=\"none\" stroke=\"" + colour + "\" stroke-width=\"" + px(width) +
                       "\" stroke-opacity=\"0.8\"",
                   "path", tip);
}

void Canvas::text(double x, double y, const std::string& what, const std::string& anchor, int size) {
  const double width = 0.55 * size * static_cast<double>(what.size());
  reach(anchor == "start" ? x + width : x, y);
  boxes_ += "<text x=\"" + px(x) + "\" y=\"" + px(y) + "\" text-anchor=\"" + anchor + "\" font-size=\"" +
            std::to_string(size) + "\">" + escaped(what) + "</text>\n";
}

std::string Canvas::str() const {
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + px(right_ + kMargin) + "\" height=\"" +
         px(bottom_ + kMargin) +
         "\" font-family=\"sans-serif\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" + lines_ + boxes_ +
         "</svg>\n";
}

}  // namespace orrery::report
