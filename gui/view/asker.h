#pragma once

#include <QObject>
#include <atomic>
#include <functional>
#include <thread>

#include "gui/model/ask/go_on.h"

namespace orrery::gui {

// A question that is being answered in a thread of its own. It deletes itself when that
// has ended, so that nobody waits for one that was given up.
class Asked : public QObject {
  Q_OBJECT

 public:
  using Then = std::function<void()>;                 // in the window's thread
  using Question = std::function<Then(const GoOn&)>;  // in the other

  Asked(Question question, QObject* parent);
  ~Asked() override;

  void start();
  // Nothing is told after it. The thread ends when it next asks.
  void give_up() { stop_ = true; }

 signals:
  void progress(double share);
  void answered(std::function<void()> then);
  void failed(const QString& why);
  void ended();

 private:
  void run();

  Question question_;
  std::atomic<bool> stop_ = false;
  std::jthread thread_;  // last: it uses the rest
};

// Asks one long question at a time: of a trace that never changes, beside the window's
// work. A new question gives up the one before.
class Asker : public QObject {
  Q_OBJECT

 public:
  explicit Asker(QObject* parent) : QObject(parent) {}

  // What it returns is done once that is known, unless something else was asked meanwhile.
  void ask(Asked::Question question);
  void give_up();
  bool is_asking() const { return asked_ != nullptr; }

 signals:
  void progress(double share);
  void failed(const QString& why);

 private:
  Asked* asked_ = nullptr;
};

}  // namespace orrery::gui
