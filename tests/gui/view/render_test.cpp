// Pictures without a display, of every kind.
#include "gui/view/window/render.h"

#include <QFile>
#include <QImage>
#include <QTemporaryDir>

#include "tests/gui/view/window_fixture.h"

namespace orrery::gui {
namespace {

TEST(Render, WritesAPictureOfTheSizeThatWasAskedFor) {
  const QTemporaryDir folder;
  RenderOptions options;
  options.path = folder.filePath("a.png");
  options.width = 700, options.height = 400;
  EXPECT_EQ(render(*sample_trace(), options), QString());
  EXPECT_EQ(QImage(options.path).size(), QSize(700, 400));
}

TEST(Render, AnSvgIsMadeOfShapes) {
  const QTemporaryDir folder;
  RenderOptions options;
  options.path = folder.filePath("a.svg");
  options.zoom = TimeRange{0, 5'000'000};
  options.select = "send";
  EXPECT_EQ(render(*sample_trace(), options), QString());
  QFile file(options.path);
  ASSERT_TRUE(file.open(QIODevice::ReadOnly));
  const QByteArray text = file.readAll();
  EXPECT_TRUE(text.contains("F3<")) << "names are letters";
  EXPECT_GT(text.count("<rect"), 20);
}

TEST(Render, SaysWhatItCannotWrite) {
  RenderOptions options;
  options.path = "/nowhere-at-all/of/this/a.png";
  EXPECT_FALSE(render(*sample_trace(), options).isEmpty());
  options.path = "a.jpeg";
  EXPECT_FALSE(render(*sample_trace(), options).isEmpty());
}

}  // namespace
}  // namespace orrery::gui
