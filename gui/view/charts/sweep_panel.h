#pragma once

#include <QWidget>
#include <memory>
#include <vector>

#include "gui/view/theme.h"
#include "sweep/store/store.h"

class QChartView;
class QTreeWidget;

namespace orrery::gui {

// The points of a sweep: speed over memory with the Pareto front, and the best as a
// table. Choosing one asks for its timeline.
class SweepPanel : public QWidget {
  Q_OBJECT

 public:
  // Of more points than that the chart shows the best ones and the front.
  static constexpr std::size_t kMostPoints = 2'000;
  explicit SweepPanel(QWidget* parent = nullptr);

  // An empty text, or what is wrong with the store.
  QString open(const QString& path, const Theme& theme);
  const sweep::Meta& meta() const { return meta_; }
  void show_sweep(sweep::Meta meta, std::vector<sweep::Row> rows, const Theme& theme);
  const std::vector<sweep::Row>& rows() const { return rows_; }

 signals:
  void chosen(const QString& scenario, quint64 point);

 private:
  void fill_chart(const Theme& theme);
  void fill_table();
  void choose_near(QPointF at);

  sweep::Meta meta_;
  std::vector<sweep::Row> rows_;
  QChartView* view_;
  QTreeWidget* table_;
};

}  // namespace orrery::gui
