#pragma once

#include <QWidget>

#include "gui/view/timeline/scene/timeline_state.h"

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

 private:
  void keep_scroll_bar();

  TimelineState* state_;
  Canvas* canvas_;
  TrackTree* tree_;
  Ruler* ruler_;
  Minimap* minimap_;
  QWidget* corner_;
  QScrollBar* scroll_bar_;
};

}  // namespace orrery::gui
