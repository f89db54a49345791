#pragma once

#include <QWidget>

#include "gui/view/timeline/scene/timeline_state.h"

class QLabel;
class QScrollBar;

namespace orrery::gui {

class Canvas;
class Minimap;
class Ruler;
class TrackTree;

// The timeline as a whole: tree, canvas, ruler, minimap around one state.
class TimelineView : public QWidget {
  Q_OBJECT

 public:
  explicit TimelineView(QWidget* parent = nullptr);

  TimelineState& state() { return *state_; }
  Canvas& canvas() { return *canvas_; }
  TrackTree& tree() { return *tree_; }
  Ruler& ruler() { return *ruler_; }
  Minimap& minimap() { return *minimap_; }
  // Beside the ruler: which trace it is, where there are two.
  void set_title(const QString& title);

 private:
  void keep_width();
  void keep_scroll_bar();

  TimelineState* state_;
  Canvas* canvas_;
  TrackTree* tree_;
  Ruler* ruler_;
  Minimap* minimap_;
  QLabel* corner_;
  QScrollBar* scroll_bar_;
};

}  // namespace orrery::gui
