#include "cli/options/plot_option.h"

#include <CLI/CLI.hpp>

#include "cli/command/command.h"
#include "cli/console/output.h"
#include "cli/process/helper.h"

namespace orrery::cli {
namespace {

bool is_png(const std::string& path) {
  return path.ends_with(".png");
}

std::optional<std::string> png_helper() {
  return find_helper("orrery-png", "ORRERY_PNG");
}

std::string why_not(const std::string& path) {
  if (is_png(path) && !png_helper())
    return path + ": orrery-png is not there; it is built where librsvg is (scripts/install-packages png). " +
           "A name that ends in .svg needs nothing";
  return is_png(path) || path.ends_with(".svg") ? std::string() : path + ": drawings are written as .svg or .png";
}

}  // namespace

void PlotOption::add_to(CLI::App& app, const std::string& what) {
  app.add_option("--plot", path_, what)->option_text("OUT.svg|png")->check(why_not);
}

bool PlotOption::write(const std::string& svg) const {
  if (is_png(path_)) {
    const auto helper = png_helper();
    return helper && run_helper(*helper, {path_}, svg) == kDone;
  }
  Output out(path_);
  if (!out.ok()) return false;
  out.stream() << svg;
  return out.finish();
}

}  // namespace orrery::cli
