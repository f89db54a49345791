#pragma once

#include <QObject>
#include <memory>
#include <thread>

#include "gui/model/load/open_file.h"

namespace orrery::gui {

// Opens a file in a thread of its own, and tells of it in the window's. It deletes
// itself when the thread has ended, so that nobody waits for one that was cancelled.
class BackgroundOpen : public QObject {
  Q_OBJECT

 public:
  BackgroundOpen(QString path, OpenOptions options, QObject* parent);
  ~BackgroundOpen() override;

  const QString& path() const { return path_; }
  // Once all who listen are connected: a small file is open before a line is read.
  void start();
  // Nothing is told after it. The thread ends when it next asks.
  void cancel();

 signals:
  void progress(double share, const QString& what);
  void so_far(std::shared_ptr<const orrery::gui::TraceModel> model);
  void opened(std::shared_ptr<const orrery::gui::Opened> result);
  void failed(const QStringList& errors);
  void cancelled();
  void ended();

 private:
  void run();
  void open();

  QString path_;
  OpenOptions options_;
  OpenWatch watch_;
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace orrery::gui
