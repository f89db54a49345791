#include "gui/view/window/background_open.h"

namespace orrery::gui {
namespace {

QStringList texts_of(const Errors& errors) {
  QStringList texts;
  for (const Error& error : errors) texts << QString::fromStdString(to_string(error));
  return texts;
}

}  // namespace

BackgroundOpen::BackgroundOpen(QString path, OpenOptions options, QObject* parent)
    : QObject(parent), path_(std::move(path)), options_(std::move(options)) {
  // A signal that is queued arrives in the thread of the one who listens.
  watch_.progress = [this](double share, const std::string& what) {
    emit progress(share, QString::fromStdString(what));
  };
  watch_.so_far = [this](std::shared_ptr<const TraceModel> model) { emit so_far(std::move(model)); };
  connect(this, &BackgroundOpen::ended, this, &QObject::deleteLater, Qt::QueuedConnection);
}

void BackgroundOpen::start() {
  thread_ = std::jthread([this] { run(); });
}

BackgroundOpen::~BackgroundOpen() {
  watch_.stop = true;
}

void BackgroundOpen::cancel() {
  watch_.stop = true;
  emit cancelled();
}

void BackgroundOpen::run() {
  open();
  emit ended();
}

void BackgroundOpen::open() {
  try {
    auto result = open_file(path_.toStdString(), watch_, options_);
    if (watch_.stop) return;
    if (!result)
      emit failed(texts_of(result.errors()));
    else
      emit opened(std::make_shared<const Opened>(std::move(result).value()));
  } catch (const std::exception& fault) {  // ours, or memory has run out
    if (!watch_.stop) emit failed({tr("internal error: %1").arg(fault.what())});
  }
}

}  // namespace orrery::gui
