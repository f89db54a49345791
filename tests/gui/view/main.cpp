#include <gtest/gtest.h>

#include <QApplication>
#include <QFile>
#include <QSettings>
#include <QStandardPaths>

int main(int argc, char** argv) {
  if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  if (!qEnvironmentVariableIsSet("XDG_RUNTIME_DIR")) qputenv("XDG_RUNTIME_DIR", "/tmp/runtime-orrery-gui-test");
  QStandardPaths::setTestModeEnabled(true);
  QApplication app(argc, argv);
  QApplication::setStyle("Fusion");
  // Nothing that a person left behind, and nothing left behind for a person.
  QApplication::setOrganizationName("orrery-test");
  QApplication::setApplicationName("test-" + QString::number(QCoreApplication::applicationPid()));
  testing::InitGoogleTest(&argc, argv);
  const int status = RUN_ALL_TESTS();
  QSettings().clear();
  QFile::remove(QSettings().fileName());
  return status;
}
