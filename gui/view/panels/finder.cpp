#include "gui/view/panels/finder.h"

#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "gui/model/ask/find/fuzzy.h"

namespace orrery::gui {
namespace {

constexpr std::size_t kMostShown = 200;

}  // namespace

Finder::Finder(const QString& title, std::vector<Item> items, std::function<void(std::size_t)> chosen, QWidget* parent)
    : QDialog(parent),
      items_(std::move(items)),
      chosen_(std::move(chosen)),
      line_(new QLineEdit(this)),
      list_(new QListWidget(this)) {
  setWindowTitle(title);
  setAttribute(Qt::WA_DeleteOnClose);
  resize(520, 380);
  auto* column = new QVBoxLayout(this);
  column->addWidget(line_);
  column->addWidget(list_);
  line_->setPlaceholderText(tr("Type some letters of it"));
  line_->installEventFilter(this);
  connect(line_, &QLineEdit::textChanged, this, &Finder::refill);
  connect(line_, &QLineEdit::returnPressed, this, &Finder::choose);
  connect(list_, &QListWidget::itemActivated, this, &Finder::choose);
  refill({});
  line_->setFocus();
}

void Finder::refill(const QString& typed) {
  std::vector<std::pair<int, std::size_t>> scored;
  const std::string text = typed.toStdString();
  for (std::size_t i = 0; i < items_.size(); ++i)
    if (const int score = fuzzy_score(text, items_[i].name.toStdString()); score > 0) scored.emplace_back(-score, i);
  std::sort(scored.begin(), scored.end());
  list_->clear();
  for (std::size_t i = 0; i < std::min(kMostShown, scored.size()); ++i) {
    const Item& item = items_[scored[i].second];
    auto* row = new QListWidgetItem(item.hint.isEmpty() ? item.name : item.name + "    " + item.hint, list_);
    row->setData(Qt::UserRole, QVariant::fromValue<qulonglong>(scored[i].second));
  }
  list_->setCurrentRow(0);
}

void Finder::choose() {
  const QListWidgetItem* item = list_->currentItem();
  if (item == nullptr) return;
  const auto index = static_cast<std::size_t>(item->data(Qt::UserRole).toULongLong());
  close();
  chosen_(index);
}

// Up and down go to the list while the letters go to the line.
bool Finder::eventFilter(QObject* object, QEvent* event) {
  if (object == line_ && event->type() == QEvent::KeyPress) {
    const auto* key = static_cast<QKeyEvent*>(event);
    const int by = key->key() == Qt::Key_Down ? 1 : key->key() == Qt::Key_Up ? -1 : 0;
    if (by != 0) {
      list_->setCurrentRow(std::clamp(list_->currentRow() + by, 0, list_->count() - 1));
      return true;
    }
  }
  return QDialog::eventFilter(object, event);
}

}  // namespace orrery::gui
