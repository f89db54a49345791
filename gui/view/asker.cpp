#include "gui/view/asker.h"

#include <utility>

namespace orrery::gui {

Asked::Asked(Question question, QObject* parent) : QObject(parent), question_(std::move(question)) {
  connect(this, &Asked::ended, this, &QObject::deleteLater, Qt::QueuedConnection);
}

Asked::~Asked() {
  stop_ = true;
}

void Asked::start() {
  thread_ = std::jthread([this] {
    run();
    emit ended();
  });
}

void Asked::run() {
  try {
    Then then = question_([this](double share) {
      if (!stop_) emit progress(share);
      return !stop_;
    });
    if (!stop_) emit answered(std::move(then));
  } catch (const std::exception& fault) {  // ours, or memory has run out
    if (!stop_) emit failed(QString::fromUtf8(fault.what()));
  }
}

void Asker::ask(Asked::Question question) {
  give_up();
  asked_ = new Asked(std::move(question), this);
  // What one that was given up had already sent is no longer asked for.
  const auto mine = [this, me = asked_] { return asked_ == me; };
  connect(asked_, &Asked::progress, this, [=, this](double share) {
    if (mine()) emit progress(share);
  });
  connect(asked_, &Asked::answered, this, [=, this](const std::function<void()>& then) {
    if (!mine()) return;
    asked_ = nullptr;
    if (then) then();
  });
  connect(asked_, &Asked::failed, this, [=, this](const QString& why) {
    if (!mine()) return;
    asked_ = nullptr;
    emit failed(why);
  });
  asked_->start();
}

void Asker::give_up() {
  if (asked_ != nullptr) std::exchange(asked_, nullptr)->give_up();
}

}  // namespace orrery::gui
