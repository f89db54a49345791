#include "gui/view/panels/search_bar.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QRegularExpression>
#include <QToolButton>

#include "gui/view/quantity_text.h"

namespace orrery::gui {

SearchBar::SearchBar(TimelineState& state, QWidget* parent)
    : QWidget(parent),
      state_(state),
      line_(new QLineEdit(this)),
      regex_(new QToolButton(this)),
      count_(new QLabel(this)) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(0, 0, 0, 0);
  row->addWidget(line_);
  row->addWidget(regex_);
  row->addWidget(count_);
  regex_->setText(".*");
  regex_->setCheckable(true);
  regex_->setToolTip(tr("Regular expression"));
  regex_->setAccessibleName(tr("Regular expression"));
  line_->setPlaceholderText(tr("Search events  /"));
  line_->setClearButtonEnabled(true);
  line_->setMinimumWidth(180);
  line_->setObjectName("search");
  count_->setMinimumWidth(90);
  line_->installEventFilter(this);
  later_.setSingleShot(true);
  later_.setInterval(150);
  connect(&later_, &QTimer::timeout, this, &SearchBar::search_now);
  connect(line_, &QLineEdit::textChanged, this, [this] { later_.start(); });
  connect(regex_, &QToolButton::toggled, this, &SearchBar::search_now);
  connect(&state_, &TimelineState::model_changed, this, [this] {
    if (!line_->text().isEmpty()) search_now();
  });
}

void SearchBar::begin() {
  line_->setFocus();
  line_->selectAll();
}

void SearchBar::search_now() {
  later_.stop();
  const QString text = line_->text();
  if (text.isEmpty()) {
    count_->clear();
    state_.set_hits({});
    return;
  }
  const QRegularExpression pattern(regex_->isChecked() ? text : QRegularExpression::escape(text),
                                   QRegularExpression::CaseInsensitiveOption);
  if (!pattern.isValid()) {
    count_->setText(tr("not a regex"));
    count_->setToolTip(pattern.errorString());
    state_.set_hits({});
    return;
  }
  Marks hits(state_.model(), [&](std::string_view name) { return pattern.match(q(name)).hasMatch(); });
  count_->setText(tr(hits.truncated() ? "over %L1" : "%L1 found").arg(hits.count()));
  state_.set_hits(std::move(hits));
}

bool SearchBar::eventFilter(QObject* object, QEvent* event) {
  if (object != line_ || event->type() != QEvent::KeyPress) return QWidget::eventFilter(object, event);
  const auto* key = static_cast<QKeyEvent*>(event);
  if (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) {
    if (later_.isActive()) search_now();
    state_.next_hit(!(key->modifiers() & Qt::ShiftModifier));
    return true;
  }
  if (key->key() == Qt::Key_Escape) {
    emit left();
    return true;
  }
  return QWidget::eventFilter(object, event);
}

}  // namespace orrery::gui
