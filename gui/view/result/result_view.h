#pragma once

#include <QScrollArea>
#include <memory>

#include "gui/model/result/result_page.h"
#include "gui/view/theme.h"

class QVBoxLayout;

namespace orrery::gui {

// A result as a page: the figures that people look at first, warnings, charts of
// time and memory, and tables of all the rest.
class ResultView : public QScrollArea {
  Q_OBJECT

 public:
  explicit ResultView(QWidget* parent = nullptr);

  void show_page(std::shared_ptr<const ResultPage> page);
  bool has_page() const { return page_ != nullptr; }
  const std::shared_ptr<const ResultPage>& page() const { return page_; }
  // Builds it anew: also for letters of another size.
  void set_theme(const Theme& theme);
  // Of all of it, as it would be without a window around it.
  QSize whole_size(int width);
  void draw(QPainter& painter);

 private:
  void rebuild();
  void add_head(QVBoxLayout& column);
  void add_figures(QVBoxLayout& column);
  void add_warnings(QVBoxLayout& column);
  void add_chart(const Stack& stack, QVBoxLayout& column);
  void add_tables(QVBoxLayout& column);

  std::shared_ptr<const ResultPage> page_;
  const Theme* theme_;
};

}  // namespace orrery::gui
