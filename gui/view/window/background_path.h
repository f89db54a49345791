#pragma once

#include <QObject>
#include <atomic>
#include <memory>
#include <thread>

#include "gui/model/ask/path/trace_path.h"

namespace orrery::gui {

// Looks for the critical path of a trace in a thread of its own. It deletes itself when
// that has ended.
class BackgroundPath : public QObject {
  Q_OBJECT

 public:
  BackgroundPath(std::shared_ptr<const TraceModel> model, QObject* parent);
  ~BackgroundPath() override;

  const std::shared_ptr<const TraceModel>& model() const { return model_; }
  void start();
  // Nothing is told after it.
  void cancel() { stop_ = true; }

 signals:
  void found(std::shared_ptr<const orrery::gui::TracePath> path);
  void ended();

 private:
  std::shared_ptr<const TraceModel> model_;
  std::atomic<bool> stop_ = false;
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace orrery::gui
