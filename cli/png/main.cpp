// SVG in, PNG out: the one program of ours that is linked with librsvg.
// usage: orrery-png OUT.png < IN.svg
#include <cairo.h>
#include <librsvg/rsvg.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "cli/command/command.h"

namespace {

using namespace orrery::cli;

// Dots for each unit of the drawing: letters stay sharp on a slide.
constexpr double kScale = 2;
constexpr double kMostDots = 32'000;  // of a side; cairo's images end below 32,768

struct Size {
  double width = 0, height = 0;
};

// As the drawing says it, or that of its own coordinates.
Size size_of(RsvgHandle* drawing) {
  Size size;
  if (rsvg_handle_get_intrinsic_size_in_pixels(drawing, &size.width, &size.height) != 0) return size;
  gboolean has_width = 0, has_height = 0, has_box = 0;
  RsvgLength width, height;
  RsvgRectangle box;
  rsvg_handle_get_intrinsic_dimensions(drawing, &has_width, &width, &has_height, &height, &has_box, &box);
  return has_box != 0 ? Size{box.width, box.height} : Size{};
}

int fail(const std::string& what, int status) {
  std::cerr << "orrery-png: " << what << '\n';
  return status;
}

template <class T, void (*release)(T*)>
struct Release {
  void operator()(T* object) const { release(object); }
};
void unref(RsvgHandle* handle) {
  g_object_unref(handle);
}
using Drawing = std::unique_ptr<RsvgHandle, Release<RsvgHandle, unref>>;
using Surface = std::unique_ptr<cairo_surface_t, Release<cairo_surface_t, cairo_surface_destroy>>;
using Context = std::unique_ptr<cairo_t, Release<cairo_t, cairo_destroy>>;

std::string told(GError* error) {
  std::string text = error != nullptr ? error->message : "unknown";
  g_clear_error(&error);
  return text;
}

int draw(const std::string& svg, const char* path) {
  GError* error = nullptr;
  const Drawing drawing(rsvg_handle_new_from_data(reinterpret_cast<const guint8*>(svg.data()), svg.size(), &error));
  if (!drawing) return fail("no drawing: " + told(error), kInternal);
  const Size size = size_of(drawing.get());
  if (!(size.width > 0) || !(size.height > 0)) return fail("the drawing has no size", kInternal);
  const double scale = std::min(kScale, kMostDots / std::max(size.width, size.height));
  const RsvgRectangle all{0, 0, std::ceil(size.width * scale), std::ceil(size.height * scale)};
  const Surface surface(
      cairo_image_surface_create(CAIRO_FORMAT_ARGB32, static_cast<int>(all.width), static_cast<int>(all.height)));
  const Context context(cairo_create(surface.get()));
  cairo_set_source_rgb(context.get(), 1, 1, 1);
  cairo_paint(context.get());
  if (rsvg_handle_render_document(drawing.get(), context.get(), &all, &error) == 0)
    return fail("cannot be drawn: " + told(error), kInternal);
  const cairo_status_t written = cairo_surface_write_to_png(surface.get(), path);
  if (written != CAIRO_STATUS_SUCCESS)
    return fail(std::string(path) + ": cannot be written: " + cairo_status_to_string(written), kInputOutput);
  return kDone;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return fail("usage: orrery-png OUT.png < IN.svg", kUsage);
  const std::string svg{std::istreambuf_iterator<char>(std::cin), {}};
  return draw(svg, argv[1]);
}
