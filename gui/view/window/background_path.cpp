#include "gui/view/window/background_path.h"

namespace orrery::gui {

BackgroundPath::BackgroundPath(std::shared_ptr<const TraceModel> model, QObject* parent)
    : QObject(parent), model_(std::move(model)) {
  connect(this, &BackgroundPath::ended, this, &QObject::deleteLater, Qt::QueuedConnection);
}

BackgroundPath::~BackgroundPath() {
  stop_ = true;
}

void BackgroundPath::start() {
  thread_ = std::jthread([this] {
    auto path = std::make_shared<const TracePath>(find_path(*model_, [this] { return !stop_; }));
    if (!stop_) emit found(std::move(path));
    emit ended();
  });
}

}  // namespace orrery::gui
