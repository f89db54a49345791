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

// On a screen of high density everything is where it was, of more pixels.
TEST(Render, AScaledPictureShowsTheSame) {
  const QTemporaryDir folder;
  RenderOptions options;
  options.width = 700, options.height = 400;
  options.zoom = TimeRange{0, 5'000'000};
  QImage pictures[3];
  for (int i = 0; i < 3; ++i) {
    options.path = folder.filePath(QString("%1.png").arg(i));
    options.scale = i == 0 ? 1 : i == 1 ? 2 : 1.5;
    ASSERT_EQ(render(*sample_trace(), options), QString());
    pictures[i] = QImage(options.path);
  }
  EXPECT_EQ(pictures[1].size(), QSize(1400, 800));
  EXPECT_EQ(pictures[2].size(), QSize(1050, 600));
  int same = 0, looked = 0;
  for (int y = 100; y < 400; y += 3)
    for (int x = 250; x < 700; x += 3, ++looked) same += pictures[0].pixel(x, y) == pictures[1].pixel(2 * x, 2 * y);
  EXPECT_GT(same, looked * 9 / 10) << "but for letters and edges";
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

// A trace beside itself: the second timeline and the table of changes take their part.
TEST(Render, DrawsTwoTracesInTheWindow) {
  const QTemporaryDir folder;
  RenderOptions options;
  options.window = true;
  options.width = 1200, options.height = 800;
  QImage pictures[2];
  for (int i = 0; i < 2; ++i) {
    options.path = folder.filePath(QString("%1.png").arg(i));
    if (i == 1) options.second = sample_trace()->model;
    ASSERT_EQ(render(*sample_trace(), options), QString());
    pictures[i] = QImage(options.path);
    EXPECT_EQ(pictures[i].size(), QSize(1200, 800));
  }
  EXPECT_NE(pictures[0], pictures[1]);
  options.path = folder.filePath("a.svg");
  EXPECT_TRUE(render(*sample_trace(), options).contains(".png"));
}

// In one timeline: no window is needed, and shapes are as good.
TEST(Render, DrawsTwoTracesInOneTimeline) {
  const QTemporaryDir folder;
  RenderOptions options;
  options.width = 900, options.height = 500;
  options.overlay = true;
  options.zoom = TimeRange{0, 3'000'000};
  options.path = folder.filePath("one.png");
  ASSERT_EQ(render(*sample_trace(), options), QString());
  const QImage one(options.path);
  options.second = sample_trace(900)->model;
  options.path = folder.filePath("both.png");
  ASSERT_EQ(render(*sample_trace(), options), QString());
  EXPECT_EQ(QImage(options.path).size(), QSize(900, 500));
  EXPECT_NE(QImage(options.path), one);
  options.path = folder.filePath("both.svg");
  ASSERT_EQ(render(*sample_trace(), options), QString());
  QFile file(options.path);
  ASSERT_TRUE(file.open(QIODevice::ReadOnly));
  const QByteArray text = file.readAll();
  EXPECT_TRUE(text.contains(QColor(DifferenceColours(Theme::named("light")).of(difference_of(2, 3))).name().toUtf8()))
      << "half as long again";
}

// Any steps of the two, with the window and without.
TEST(Render, AlignsTheStepsThatAreAskedFor) {
  const QTemporaryDir folder;
  RenderOptions options;
  options.width = 900, options.height = 500;
  options.overlay = true;
  options.second = sample_trace(900)->model;
  for (const bool window : {false, true}) {
    options.window = window;
    std::vector<QImage> pictures;
    for (const auto& [first, second] : {std::pair(1, 1), {0, 0}, {0, 1}}) {
      options.align = RenderOptions::Align{first, second};
      options.path = folder.filePath("a.png");
      ASSERT_EQ(render(*sample_trace(), options), QString());
      pictures.emplace_back(options.path);
    }
    EXPECT_NE(pictures[0], pictures[1]);
    EXPECT_NE(pictures[1], pictures[2]);
    options.align = RenderOptions::Align{7, std::nullopt};
    EXPECT_TRUE(render(*sample_trace(), options).contains("steps 0 to 1"));
  }
}

TEST(Render, SaysWhatItCannotWrite) {
  RenderOptions options;
  options.path = "/nowhere-at-all/of/this/a.png";
  EXPECT_FALSE(render(*sample_trace(), options).isEmpty());
  options.path = "/nowhere-at-all.png";
  options.group_by = "tp";
  EXPECT_TRUE(render(*sample_trace(), options).startsWith("--group tp: ")) << "the trace has stages only";
  options.group_by = "none";
  options.path = "a.jpeg";
  EXPECT_FALSE(render(*sample_trace(), options).isEmpty());
}

}  // namespace
}  // namespace orrery::gui
