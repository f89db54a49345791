#include "gui/view/scenario/scenario_panel.h"

#include <QCheckBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMap>
#include <QPushButton>
#include <QSplitter>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "gui/view/quantity_text.h"
#include "gui/view/scenario/value_delegate.h"

namespace orrery::gui {
namespace {

enum Column { key_column, value_column, default_column };
constexpr int kField = Qt::UserRole;  // of a row: its field

QStringList list_of(const std::vector<std::string>& texts) {
  QStringList list;
  for (const std::string& text : texts) list << q(text);
  return list;
}

QTreeWidget* tree(const QStringList& head, const QString& name, QWidget* parent) {
  auto* tree = new QTreeWidget(parent);
  tree->setHeaderLabels(head);
  tree->setAccessibleName(name);
  tree->setObjectName(name);
  tree->header()->setStretchLastSection(true);
  return tree;
}

}  // namespace

ScenarioPanel::ScenarioPanel(QWidget* parent)
    : QWidget(parent),
      theme_(&Theme::all().front()),
      find_(new QLineEdit(this)),
      only_written_(new QCheckBox(tr("Only what is written or changed"), this)),
      keys_(tree({tr("Key"), tr("Value"), tr("Default")}, tr("Keys of the scenario"), this)),
      changes_(tree({tr("Figure"), tr("Before"), tr("Now"), tr("Change")}, tr("What the last run changed"), this)),
      about_(new QLabel(this)),
      general_(new QLabel(this)),
      run_(new QPushButton(tr("Run"), this)),
      undo_(new QPushButton(tr("Undo all changes"), this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(4, 4, 4, 4);
  auto* top = new QHBoxLayout;
  top->addWidget(find_, 1);
  top->addWidget(only_written_);
  auto* split = new QSplitter(Qt::Vertical, this);
  split->addWidget(keys_);
  split->addWidget(changes_);
  split->setStretchFactor(0, 3);
  split->setStretchFactor(1, 2);
  auto* bottom = new QHBoxLayout;
  bottom->addWidget(run_);
  bottom->addWidget(undo_);
  bottom->addStretch(1);
  column->addLayout(top);
  column->addWidget(split, 1);
  column->addWidget(about_);
  column->addWidget(general_);
  column->addLayout(bottom);
  find_->setPlaceholderText(tr("Find a key"));
  find_->setClearButtonEnabled(true);
  only_written_->setChecked(true);
  for (QLabel* label : {about_, general_}) {
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
  }
  keys_->setItemDelegateForColumn(value_column, new ValueDelegate(keys_));
  keys_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  keys_->setColumnWidth(key_column, 190);
  keys_->setColumnWidth(value_column, 170);
  changes_->setRootIsDecorated(false);
  changes_->setColumnWidth(0, 170);
  for (int numbers : {1, 2}) changes_->setColumnWidth(numbers, 90);
  changes_->hide();
  connect(find_, &QLineEdit::textChanged, this, &ScenarioPanel::filter);
  connect(only_written_, &QCheckBox::toggled, this, &ScenarioPanel::filter);
  connect(keys_, &QTreeWidget::itemChanged, this, &ScenarioPanel::value_edited);
  connect(keys_, &QTreeWidget::currentItemChanged, this, &ScenarioPanel::tell_of);
  // A section opens, a key is edited; by keyboard with Enter or F2.
  connect(keys_, &QTreeWidget::itemActivated, this, [this](QTreeWidgetItem* item) {
    if (item->data(key_column, kField).isValid()) keys_->editItem(item, value_column);
  });
  connect(keys_, &QTreeWidget::itemClicked, this, [this](QTreeWidgetItem* item, int at) {
    if (at == value_column && item->data(key_column, kField).isValid()) keys_->editItem(item, value_column);
  });
  general_->setText(tr("Here the keys of a scenario are changed and run again: open its .yaml."));
  run_->setEnabled(false);
  undo_->setEnabled(false);
  connect(run_, &QPushButton::clicked, this, &ScenarioPanel::run);
  connect(undo_, &QPushButton::clicked, this, [this] {
    form_.undo_all();
    check();
  });
}

void ScenarioPanel::show_scenario(const QString& path, const std::vector<models::Override>& changes) {
  if (q(form_.file()) == path) return;
  changes_->hide();
  auto form = ScenarioForm::read(path.toStdString(), changes);
  form_ = form ? std::move(*form) : ScenarioForm();
  make_rows();
  check();
  if (form) return;
  general_->setText(q(to_string(form.errors().front())));
  general_->show();
}

void ScenarioPanel::make_rows() {
  const QSignalBlocker quiet(keys_);
  keys_->clear();
  items_.clear();
  QMap<QString, QTreeWidgetItem*> sections;
  for (std::size_t i = 0; i < form_.fields().size(); ++i) {
    const FormField& field = form_.fields()[i];
    const QString section = field.section.empty() ? tr("scenario") : q(field.section);
    if (!sections.contains(section)) {
      sections[section] = new QTreeWidgetItem(keys_, {section});
      QFont bold = font();
      bold.setBold(true);
      sections[section]->setFont(key_column, bold);
      sections[section]->setExpanded(true);
    }
    auto* item = new QTreeWidgetItem(sections[section], {q(field.name), QString(), q(field.fallback)});
    item->setFlags(item->flags() | Qt::ItemIsEditable);
    item->setData(key_column, kField, QVariant::fromValue<qulonglong>(i));
    item->setData(value_column, ValueDelegate::kCompletions, list_of(field.completions));
    item->setData(value_column, ValueDelegate::kFallback, q(field.fallback));
    item->setForeground(default_column, palette().placeholderText());
    items_.push_back(item);
  }
}

void ScenarioPanel::fill_row(std::size_t field) {
  QTreeWidgetItem* item = item_of(field);
  item->setText(value_column, q(form_.value(field)));
  QFont shown = font();
  shown.setBold(form_.is_changed(field));
  item->setFont(value_column, shown);
  item->setToolTip(value_column,
                   form_.is_changed(field) ? tr("the file says: %1").arg(q(form_.fields()[field].written)) : QString());
  qDeleteAll(item->takeChildren());
}

void ScenarioPanel::show_fault(QTreeWidgetItem& item, const QString& what) {
  auto* message = new QTreeWidgetItem(&item, {what});
  message->setFlags(Qt::ItemIsEnabled);
  message->setForeground(key_column, theme_->critical);
  message->setToolTip(key_column, what);
  message->setFirstColumnSpanned(true);
  item.setExpanded(true);
}

void ScenarioPanel::check() {
  const QSignalBlocker quiet(keys_);
  for (std::size_t i = 0; i < items_.size(); ++i) fill_row(i);
  const std::vector<ScenarioForm::Fault> faults = items_.empty() ? std::vector<ScenarioForm::Fault>() : form_.check();
  QStringList others;
  for (const ScenarioForm::Fault& fault : faults) {
    if (fault.field)
      show_fault(*item_of(*fault.field), q(fault.what));
    else
      others << q(fault.what);
  }
  general_->setText(others.join('\n'));
  general_->setVisible(!others.isEmpty());
  valid_ = faults.empty() && !items_.empty();
  run_->setEnabled(valid_);
  undo_->setEnabled(!form_.changes().empty());
  filter();
}

void ScenarioPanel::value_edited(QTreeWidgetItem* item, int column) {
  const QVariant field = item->data(key_column, kField);
  if (column != value_column || !field.isValid()) return;
  form_.set(field.toULongLong(), item->text(value_column).trimmed().toStdString());
  // The editor is still closing over the row.
  QMetaObject::invokeMethod(this, &ScenarioPanel::check, Qt::QueuedConnection);
}

void ScenarioPanel::set_value(const QString& key, const QString& value) {
  const auto field = form_.find(key.toStdString());
  if (!field) return;
  form_.set(*field, value.toStdString());
  check();
}

QString ScenarioPanel::message_at(const QString& key) const {
  const auto field = form_.find(key.toStdString());
  const QTreeWidgetItem* item = field ? item_of(*field) : nullptr;
  return item != nullptr && item->childCount() > 0 ? item->child(0)->text(key_column) : QString();
}

// What has a fault is always shown.
void ScenarioPanel::filter() {
  const QString part = find_->text();
  for (int s = 0; s < keys_->topLevelItemCount(); ++s) {
    QTreeWidgetItem* section = keys_->topLevelItem(s);
    bool any = false;
    for (int i = 0; i < section->childCount(); ++i) {
      QTreeWidgetItem* item = section->child(i);
      const std::size_t field = item->data(key_column, kField).toULongLong();
      const bool named = q(form_.fields()[field].path).contains(part, Qt::CaseInsensitive);
      const bool written = !form_.value(field).empty() || !part.isEmpty() || !only_written_->isChecked();
      const bool shown = (named && written) || item->childCount() > 0;
      item->setHidden(!shown);
      any = any || shown;
    }
    section->setHidden(!any);
  }
}

void ScenarioPanel::tell_of(QTreeWidgetItem* item) {
  const bool message = item != nullptr && item->parent() != nullptr && !item->data(key_column, kField).isValid();
  if (message) item = item->parent();
  const QVariant field = item != nullptr ? item->data(key_column, kField) : QVariant();
  if (!field.isValid()) return about_->clear();
  const FormField& of = form_.fields()[field.toULongLong()];
  QString about = tr("%1: %2\nValue: %3").arg(q(of.path), q(of.doc), q(of.value_kind));
  for (int i = 0; i < item->childCount(); ++i) about += '\n' + item->child(i)->text(key_column);
  about_->setText(about);
}

void ScenarioPanel::run() {
  if (valid_) emit run_requested();
}

void ScenarioPanel::show_changes(const std::vector<Change>& changes) {
  changes_->clear();
  for (const Change& change : changes) {
    auto* item = new QTreeWidgetItem(changes_, {q(change.label), q(change.before), q(change.now), q(change.by)});
    for (int i = 1; i < 4; ++i) item->setTextAlignment(i, Qt::AlignRight | Qt::AlignVCenter);
    if (change.is == Change::Is::unsaid) continue;
    const bool better = change.is == Change::Is::better;
    item->setForeground(3, better ? theme_->of(EventClass::backward) : theme_->critical);
    item->setText(3, item->text(3) + (better ? tr("  better") : tr("  worse")));
  }
  changes_->setVisible(!changes.empty());
}

void ScenarioPanel::set_theme(const Theme& theme) {
  theme_ = &theme;
  if (!items_.empty()) check();
}

}  // namespace orrery::gui
