#include "gui/view/result/page_parts.h"

#include <QApplication>
#include <QChart>
#include <QChartView>
#include <QFrame>
#include <QHeaderView>
#include <QLabel>
#include <QLegend>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "gui/view/charts/kit/chart_style.h"
#include "gui/view/charts/kit/stack_chart.h"
#include "gui/view/quantity_text.h"

namespace orrery::gui {
namespace {

constexpr int kMostRowsHigh = 24;
constexpr std::size_t kNarrow = 6;                                    // columns that half a page has room for
constexpr int kBarHeight = 30, kChartFrame = 134, kLeastChart = 210;  // below it letters become dots

QFrame* frame(const QString& inside) {
  auto* frame = new QFrame;
  frame->setObjectName("box");
  frame->setStyleSheet("QFrame#box { " + inside + " }");
  return frame;
}

// A chart in a page that scrolls is no thing to scroll by itself.
class StillChart : public QChartView {
 public:
  using QChartView::QChartView;

 protected:
  void wheelEvent(QWheelEvent* event) override { event->ignore(); }
  void resizeEvent(QResizeEvent* event) override {
    fit_ticks(*chart(), width());
    QChartView::resizeEvent(event);
  }
};

}  // namespace

bool is_wide(const ResultTable& table) {
  return table.head.size() > kNarrow;
}

QLabel* line_of_text(const QString& text, const QColor& colour, double size, bool bold) {
  auto* label = new QLabel(text);
  QFont font = QApplication::font();
  font.setPointSizeF(font.pointSizeF() * size);
  font.setBold(bold);
  label->setFont(font);
  QPalette palette = label->palette();
  palette.setColor(QPalette::WindowText, colour);
  label->setPalette(palette);
  label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  label->setTextFormat(Qt::PlainText);
  return label;
}

QWidget* figure_tile(const Figure& figure, const Theme& theme) {
  QFrame* tile = frame(QStringLiteral("background: %1; border: 1px solid %2; border-radius: 6px;")
                           .arg(theme.lanes.name(), theme.border.name()));
  auto* column = new QVBoxLayout(tile);
  column->setContentsMargins(14, 10, 14, 10);
  column->setSpacing(2);
  column->addWidget(line_of_text(q(figure.label), theme.muted, 0.95));
  column->addWidget(line_of_text(q(quantity(figure.value, figure.unit)), theme.text, 1.7, true));
  column->addWidget(line_of_text(q(figure.remark), theme.muted, 0.9));
  tile->setAccessibleName(q(figure.label + ": " + quantity(figure.value, figure.unit) + " " + figure.remark));
  return tile;
}

QWidget* warning_box(const QString& text, const Theme& theme) {
  QFrame* box = frame(QStringLiteral("background: %1; border: none; border-left: 4px solid %2;")
                          .arg(theme.header.name(), theme.critical.name()));
  auto* column = new QVBoxLayout(box);
  column->setContentsMargins(12, 6, 12, 6);
  QLabel* label = line_of_text(text, theme.text, 1);
  label->setWordWrap(true);
  column->addWidget(label);
  box->setAccessibleName(QObject::tr("Warning: %1").arg(text));
  return box;
}

QWidget* table_of(const ResultTable& table, const Theme& theme) {
  auto* box = new QWidget;
  auto* column = new QVBoxLayout(box);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(4);
  column->addWidget(line_of_text(q(table.title), theme.text, 1, true));
  auto* tree = new QTreeWidget;
  QStringList head;
  for (const std::string& name : table.head) head << q(name);
  tree->setHeaderLabels(head);
  tree->setRootIsDecorated(false);
  tree->setAlternatingRowColors(true);
  tree->setUniformRowHeights(true);
  tree->setFrameShape(QFrame::NoFrame);
  tree->setStyleSheet("QTreeView::item { padding: 2px 6px; }");
  tree->setAccessibleName(q(table.title));
  for (const auto& cells : table.rows) {
    QStringList texts;
    for (const std::string& cell : cells) texts << q(cell);
    auto* item = new QTreeWidgetItem(tree, texts);
    for (int i = 1; i < texts.size(); ++i) item->setTextAlignment(i, Qt::AlignRight | Qt::AlignVCenter);
  }
  tree->header()->setStretchLastSection(false);
  for (int i = 0; i < head.size(); ++i) {
    tree->header()->setSectionResizeMode(
        i, i == 0 || is_wide(table) ? QHeaderView::Stretch : QHeaderView::ResizeToContents);
    if (i > 0) tree->headerItem()->setTextAlignment(i, Qt::AlignRight | Qt::AlignVCenter);
  }
  const int rows = std::min(kMostRowsHigh, static_cast<int>(table.rows.size()));
  tree->setFixedHeight(tree->header()->sizeHint().height() + rows * tree->sizeHintForRow(0) + 2);
  column->addWidget(tree);
  return box;
}

QWidget* chart_of(const Stack& stack, const Theme& theme) {
  QChart* chart = stack_chart(stack, theme);
  auto* view = new StillChart(chart);
  chart->setTitle(q(stack.title));
  chart->legend()->setAlignment(Qt::AlignBottom);
  dress(*chart, theme);
  dress(*view, theme);
  QFont bold = QApplication::font();
  bold.setBold(true);
  chart->setTitleFont(bold);
  const int bars = static_cast<int>(std::min(kMostBars, stack.bars.size()));
  view->setFixedHeight(std::max(kLeastChart, kChartFrame + bars * kBarHeight));
  view->setAccessibleName(QObject::tr("%1; the same numbers are in the table").arg(q(stack.title)));
  return view;
}

}  // namespace orrery::gui
