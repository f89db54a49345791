#include "gui/view/asker.h"

#include <gtest/gtest.h>

#include <QCoreApplication>
#include <QSignalSpy>
#include <QTest>
#include <stdexcept>

namespace orrery::gui {
namespace {

// Goes on until nobody wants it any more.
Asked::Then endless(const GoOn& go_on, std::atomic<bool>& ended) {
  while (go_on(0.5)) QThread::msleep(1);
  ended = true;
  return {};
}

TEST(Asker, AnswersInTheThreadThatAsked) {
  Asker asker(nullptr);
  int answer = 0;
  QThread* there = nullptr;
  asker.ask([&](const GoOn& go_on) -> Asked::Then {
    go_on(0.25);
    there = QThread::currentThread();
    return [&] { answer = QThread::currentThread() == qApp->thread() ? 42 : -1; };
  });
  EXPECT_TRUE(asker.is_asking());
  EXPECT_EQ(answer, 0) << "nobody waited";
  ASSERT_TRUE(QTest::qWaitFor([&] { return !asker.is_asking(); }, 5'000));
  EXPECT_EQ(answer, 42);
  EXPECT_NE(there, qApp->thread());
}

TEST(Asker, ANewQuestionGivesUpTheOneBefore) {
  std::atomic<bool> ended = false;
  bool told = false;
  Asker asker(nullptr);
  asker.ask([&](const GoOn& go_on) -> Asked::Then {
    endless(go_on, ended);
    return [&] { told = true; };
  });
  int answer = 0;
  asker.ask([&](const GoOn&) -> Asked::Then { return [&] { answer = 1; }; });
  ASSERT_TRUE(QTest::qWaitFor([&] { return answer == 1 && ended; }, 5'000));
  QTest::qWait(5);
  EXPECT_FALSE(told);
}

TEST(Asker, WhoGoesTakesTheQuestionWithThem) {
  std::atomic<bool> ended = false;
  {
    Asker asker(nullptr);
    asker.ask([&](const GoOn& go_on) { return endless(go_on, ended); });
  }
  EXPECT_TRUE(ended);
}

TEST(Asker, SaysWhatWentWrong) {
  Asker asker(nullptr);
  QSignalSpy failed(&asker, &Asker::failed);
  asker.ask([](const GoOn&) -> Asked::Then { throw std::runtime_error("no room"); });
  ASSERT_TRUE(QTest::qWaitFor([&] { return failed.count() == 1; }, 5'000));
  EXPECT_EQ(failed[0][0].toString(), "no room");
  EXPECT_FALSE(asker.is_asking());
}

}  // namespace
}  // namespace orrery::gui
