#include "gui/view/result/result_view.h"

#include <QGridLayout>
#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

#include "gui/view/quantity_text.h"
#include "gui/view/result/page_parts.h"

namespace orrery::gui {
namespace {

constexpr int kMargin = 24, kGap = 16;
constexpr std::size_t kTilesInARow = 4;

}  // namespace

ResultView::ResultView(QWidget* parent) : QScrollArea(parent), theme_(&Theme::all().front()) {
  setWidgetResizable(true);
  setFrameShape(QFrame::NoFrame);
  setAccessibleName(tr("Result"));
}

void ResultView::show_page(std::shared_ptr<const ResultPage> page) {
  page_ = std::move(page);
  rebuild();
}

void ResultView::set_theme(const Theme& theme) {
  theme_ = &theme;
  rebuild();
}

void ResultView::rebuild() {
  if (!page_) return delete takeWidget();
  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  column->setContentsMargins(kMargin, kMargin, kMargin, kMargin);
  column->setSpacing(kGap);
  add_head(*column);
  add_figures(*column);
  add_warnings(*column);
  add_chart(page_->time, *column);
  add_chart(page_->memory, *column);
  add_tables(*column);
  column->addStretch(1);
  setWidget(content);
}

void ResultView::add_head(QVBoxLayout& column) {
  QLabel* title = line_of_text(q(page_->title), theme_->text, 1.5, true);
  title->setWordWrap(true);
  column.addWidget(title);
  column.setSpacing(4);
  column.addWidget(line_of_text(q(page_->subtitle), theme_->muted, 1));
  column.setSpacing(kGap);
}

void ResultView::add_figures(QVBoxLayout& column) {
  auto* grid = new QGridLayout;
  grid->setSpacing(kGap / 2);
  const std::size_t all = page_->figures.size(), rows = (all + kTilesInARow - 1) / kTilesInARow;
  const std::size_t across = rows > 0 ? (all + rows - 1) / rows : 1;
  for (std::size_t i = 0; i < page_->figures.size(); ++i)
    grid->addWidget(figure_tile(page_->figures[i], *theme_), static_cast<int>(i / across),
                    static_cast<int>(i % across));
  column.addLayout(grid);
}

void ResultView::add_warnings(QVBoxLayout& column) {
  for (const std::string& warning : page_->warnings) column.addWidget(warning_box(q(warning), *theme_));
}

void ResultView::add_chart(const Stack& stack, QVBoxLayout& column) {
  if (!stack.empty()) column.addWidget(chart_of(stack, *theme_));
}

// Narrow tables stand in two columns, each next one in the shorter; wide ones below.
void ResultView::add_tables(QVBoxLayout& column) {
  auto* row = new QHBoxLayout;
  row->setSpacing(2 * kGap);
  std::array<QVBoxLayout*, 2> halves{new QVBoxLayout, new QVBoxLayout};
  std::array<std::size_t, 2> rows{};
  for (QVBoxLayout* half : halves) {
    half->setSpacing(kGap);
    row->addLayout(half, 1);
  }
  for (const ResultTable& table : page_->tables) {
    if (is_wide(table)) continue;
    const std::size_t side = rows[0] <= rows[1] ? 0 : 1;
    rows[side] += table.rows.size() + 3;
    halves[side]->addWidget(table_of(table, *theme_));
  }
  for (QVBoxLayout* half : halves) half->addStretch(1);
  column.addLayout(row);
  for (const ResultTable& table : page_->tables)
    if (is_wide(table)) column.addWidget(table_of(table, *theme_));
}

QSize ResultView::whole_size(int width) {
  if (widget() == nullptr) return {width, 1};
  const int high = widget()->hasHeightForWidth() ? widget()->heightForWidth(width) : widget()->sizeHint().height();
  return {width, high};
}

void ResultView::draw(QPainter& painter) {
  if (widget() != nullptr) widget()->render(&painter);
}

}  // namespace orrery::gui
