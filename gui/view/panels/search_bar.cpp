#include "gui/view/panels/search_bar.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QToolButton>

#include "gui/view/quantity_text.h"

namespace orrery::gui {

namespace {

Marks hits_of(const TraceModel& model, const QRegularExpression& pattern, const GoOn& go_on) {
  return Marks(
      model, [&](std::string_view name) { return pattern.match(q(name)).hasMatch(); }, go_on);
}

}  // namespace

SearchBar::SearchBar(TimelineState& state, QWidget* parent)
    : QWidget(parent),
      state_(state),
      line_(new QLineEdit(this)),
      regex_(new QToolButton(this)),
      count_(new QLabel(this)),
      asker_(new Asker(this)) {
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
  connect(&later_, &QTimer::timeout, this, &SearchBar::search_beside);
  connect(line_, &QLineEdit::textChanged, this, [this] { later_.start(); });
  connect(regex_, &QToolButton::toggled, this, &SearchBar::search_now);
  connect(&state_, &TimelineState::model_changed, this, [this] {
    if (!line_->text().isEmpty()) search_beside();
  });
}

void SearchBar::begin() {
  line_->setFocus();
  line_->selectAll();
}

// None where the letters are no pattern, and that is said.
std::optional<QRegularExpression> SearchBar::pattern() {
  later_.stop();
  asker_->give_up();
  const QString text = line_->text();
  const QRegularExpression pattern(regex_->isChecked() ? text : QRegularExpression::escape(text),
                                   QRegularExpression::CaseInsensitiveOption);
  count_->setToolTip(pattern.errorString());
  if (!text.isEmpty() && pattern.isValid()) return pattern;
  count_->setText(text.isEmpty() ? QString() : tr("not a regex"));
  state_.set_hits({});
  return std::nullopt;
}

void SearchBar::search_now() {
  if (const auto of = pattern()) show(hits_of(state_.model(), *of, {}));
}

void SearchBar::search_beside() {
  const auto of = pattern();
  if (!of) return;
  asker_->ask([this, of, model = state_.scene().model](const GoOn& go_on) -> Asked::Then {
    auto hits = hits_of(*model, *of, go_on);
    return [this, hits] { show(hits); };
  });
}

void SearchBar::show(Marks hits) {
  count_->setText(tr(hits.truncated() ? "over %L1" : "%L1 found").arg(hits.count()));
  state_.set_hits(std::move(hits));
}

bool SearchBar::eventFilter(QObject* object, QEvent* event) {
  if (object != line_ || event->type() != QEvent::KeyPress) return QWidget::eventFilter(object, event);
  const auto* key = static_cast<QKeyEvent*>(event);
  if (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) {
    if (later_.isActive() || asker_->is_asking()) search_now();
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
