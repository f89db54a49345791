#pragma once

#include <QPointer>
#include <set>
#include <string>

#include "gui/model/ask/work/transfers.h"
#include "gui/view/charts/kit/table_chart.h"

namespace orrery::gui {

// Bandwidth of transfers over their size by kind, of what is in view; where two traces
// are compared, those of both: the model's and what was measured.
class NetworkChart : public TableChart {
  Q_OBJECT

 public:
  explicit NetworkChart(TimelineState& state, QWidget* parent = nullptr);

  void compare_with(TimelineState* second);  // null: no longer

 private:
  Question question() override;
  QChart* make_chart(const std::vector<TransferSize>& a, const std::vector<TransferSize>& b);
  void fill_table(const std::vector<TransferSize>& a, const std::vector<TransferSize>& b);
  void add_lines(QChart& chart, const std::vector<TransferSize>& sizes, const std::set<std::string>& kinds,
                 bool second);

  QPointer<TimelineState> second_;
};

}  // namespace orrery::gui
