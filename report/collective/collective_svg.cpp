#include <algorithm>
#include <cmath>

#include "report/collective/collective.h"
#include "report/text.h"

namespace orrery::report {
namespace {

constexpr double kWidth = 720, kHeight = 400, kLeft = 70, kRight = 20, kTop = 40, kBottom = 50;

// A logarithmic axis from `low` to `high` over [from, to] pixels.
struct Axis {
  double low, high, from, to;
  double at(double value) const { return from + (to - from) * std::log(value / low) / std::log(high / low); }
};

std::string pixels(double x) {
  return fixed(x, 1);
}

std::string line(double x1, double y1, double x2, double y2, const std::string& stroke) {
  return "<line x1=\"" + pixels(x1) + "\" y1=\"" + pixels(y1) + "\" x2=\"" + pixels(x2) + "\" y2=\"" + pixels(y2) +
         "\" stroke=\"" + stroke + "\"/>\n";
}

std::string label(double x, double y, const std::string& anchor, const std::string& text) {
  return "<text x=\"" + pixels(x) + "\" y=\"" + pixels(y) + "\" text-anchor=\"" + anchor + "\">" + text + "</text>\n";
}

// A log's name is anybody's text.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

std::string size_label(double bytes) {
  const char* units[] = {"", "K", "M", "G", "T"};
  int unit = 0;
  while (bytes >= 1024 && unit < 4) bytes /= 1024, ++unit;
  return fixed(bytes, 0) + units[unit];
}

std::string grid(const Axis& x, const Axis& y) {
  std::string svg;
  for (double b = x.low; b <= x.high * 1.001; b *= 8) {
    svg += line(x.at(b), kTop, x.at(b), kHeight - kBottom, "#ddd");
    svg += label(x.at(b), kHeight - kBottom + 18, "middle", size_label(b));
  }
  for (double g = y.low; g <= y.high * 1.001; g *= 10) {
    svg += line(kLeft, y.at(g), kWidth - kRight, y.at(g), "#ddd");
    svg += label(kLeft - 8, y.at(g) + 4, "end", significant(g, 1));
  }
  return svg;
}

void widen(double value, double& low, double& high) {
  if (!(value > 0)) return;
  low = std::min(low, value);
  high = std::max(high, value);
}

}  // namespace

std::string collective_svg(const CollectiveTable& table) {
  double least = 1e300, most = 0, slowest = 1e300, fastest = 0;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    widen(static_cast<double>(table.rows[i].bytes.n), least, most);
    widen(table.rows[i].busbw, slowest, fastest);
    if (i < table.measured.size() && table.measured[i]) widen(table.measured[i]->busbw, slowest, fastest);
  }
  if (most <= 0 || fastest <= 0) least = 1, most = 2, slowest = 1, fastest = 2;  // nothing to draw: empty axes
  const Axis x{std::exp2(std::floor(std::log2(least))), std::max(most, 2 * least), kLeft, kWidth - kRight};
  const Axis y{std::pow(10, std::floor(std::log10(slowest))), std::pow(10, std::ceil(std::log10(fastest * 1.001))),
               kHeight - kBottom, kTop};

  std::string curve, dots;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const models::CollectiveRow& row = table.rows[i];
    const double at = row.bytes.n > 0 ? x.at(static_cast<double>(row.bytes.n)) : 0;
    if (row.bytes.n > 0 && row.busbw > 0) curve += pixels(at) + "," + pixels(y.at(row.busbw)) + " ";
    if (i < table.measured.size() && table.measured[i] && table.measured[i]->busbw > 0)
      dots += "<circle cx=\"" + pixels(at) + "\" cy=\"" + pixels(y.at(table.measured[i]->busbw)) +
              "\" r=\"3.5\" fill=\"none\" stroke=\"#c33\" stroke-width=\"1.5\"/>\n";
  }
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + pixels(kWidth) + "\" height=\"" +
                    pixels(kHeight) + "\" font-family=\"sans-serif\" font-size=\"12\">\n" +
                    "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" + grid(x, y) + "<polyline points=\"" +
                    curve + "\" fill=\"none\" stroke=\"#26c\" stroke-width=\"2\"/>\n" + dots;
  svg += label(kLeft, 24, "start",
               escaped(table.operation + ", " + std::to_string(table.ranks) + " ranks, " + table.cluster) +
                   ": bus bandwidth (GB/s) over size (B)");
  if (!dots.empty())
    svg += label(kWidth - kRight, 24, "end", "line: predicted; circles: " + escaped(table.measured_name));
  return svg + "</svg>\n";
}

}  // namespace orrery::report
