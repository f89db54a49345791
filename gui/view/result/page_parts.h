#pragma once

#include <QWidget>

#include "gui/model/result/result_page.h"
#include "gui/view/theme.h"

class QLabel;

namespace orrery::gui {

// Pieces that a page is built of.
QLabel* line_of_text(const QString& text, const QColor& colour, double size, bool bold = false);
QWidget* figure_tile(const Figure& figure, const Theme& theme);
QWidget* warning_box(const QString& text, const Theme& theme);
// Of the whole width of a page.
bool is_wide(const ResultTable& table);
// As high as its rows, up to a point; beyond it scrolls.
QWidget* table_of(const ResultTable& table, const Theme& theme);
QWidget* chart_of(const Stack& stack, const Theme& theme);

}  // namespace orrery::gui
