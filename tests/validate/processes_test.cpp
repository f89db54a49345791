// Processes that meet over TCP: real ones, which also die.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <sstream>
#include <thread>

#include "validate/plan/throttle.h"
#include "validate/processes/agreement.h"
#include "validate/processes/place.h"
#include "validate/processes/rendezvous.h"
#include "validate/run_record.h"

namespace orrery::validate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  EXPECT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  socklen_t length = sizeof address;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
  ::close(socket);
  return ntohs(address.sin_port);
}

// A process that does `work` and exits with its answer.
pid_t process(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  return child;
}

int exit_of(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

ProcessPlace place(int rank, int world, int port) {
  return {rank, world, rank, "127.0.0.1", port};
}

TEST(Rendezvous, GivesAllTheSameAndCollectsFromAll) {
  const int port = free_port();
  const std::string large(3'000'000, 'x');  // more than a socket holds at once
  std::vector<pid_t> children;
  for (int rank = 1; rank < 5; ++rank) {
    children.push_back(process([=] {
      auto met = Rendezvous::join(place(rank, 5, port), seconds(20));
      if (!met) return 1;
      const auto id = (*met)->broadcast("not mine", seconds(20));
      if (!id || *id != "the id") return 2;
      if (!(*met)->barrier(seconds(20)).empty()) return 3;
      if (!(*met)->gather(large + std::to_string(rank), seconds(20))) return 4;
      return 0;
    }));
  }
  auto met = Rendezvous::join(place(0, 5, port), seconds(20));
  ASSERT_TRUE(met) << met.errors()[0].what;
  EXPECT_EQ(*(*met)->broadcast("the id", seconds(20)), "the id");
  EXPECT_TRUE((*met)->barrier(seconds(20)).empty());
  const auto all = (*met)->gather("mine", seconds(20));
  ASSERT_TRUE(all);
  EXPECT_EQ((*all)[0], "mine");
  for (int rank = 1; rank < 5; ++rank) EXPECT_EQ((*all)[static_cast<std::size_t>(rank)], large + std::to_string(rank));
  for (const pid_t child : children) EXPECT_EQ(exit_of(child), 0);
}

TEST(Rendezvous, NamesWhoDoesNotCome) {
  const int port = free_port();
  const pid_t child = process([=] { return Rendezvous::join(place(2, 4, port), seconds(10)).ok() ? 0 : 1; });
  const auto met = Rendezvous::join(place(0, 4, port), milliseconds(700));
  ASSERT_FALSE(met);
  EXPECT_NE(met.errors()[0].what.find(": 1, 3"), std::string::npos) << met.errors()[0].what;
  EXPECT_EQ(exit_of(child), 0);
}

TEST(Rendezvous, SaysThatTheFirstIsNotThere) {
  const int port = free_port();
  const auto met = Rendezvous::join(place(1, 2, port), milliseconds(200));
  ASSERT_FALSE(met);
  EXPECT_NE(met.errors()[0].what.find("rank 1 cannot reach rank 0 at 127.0.0.1:" + std::to_string(port)),
            std::string::npos);
}

TEST(Rendezvous, StrangersAreNotCounted) {
  const int port = free_port();
  std::thread stranger([=] {
    for (int tries = 0; tries < 100; ++tries) {
      const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(static_cast<std::uint16_t>(port));
      ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
      const bool connected = ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
      EXPECT_TRUE(!connected || ::send(socket, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL) > 0);
      ::close(socket);
      if (connected) return;
      std::this_thread::sleep_for(milliseconds(10));
    }
  });
  const auto met = Rendezvous::join(place(0, 2, port), milliseconds(900));
  stranger.join();
  ASSERT_FALSE(met);
  EXPECT_NE(met.errors()[0].what.find(": 1"), std::string::npos) << met.errors()[0].what;
}

// Rank 2 is killed; rank 0 notices, and rank 1 hears it from rank 0.
TEST(Rendezvous, ADeadRankIsNamedEverywhere) {
  const int port = free_port();
  const auto wait_for_loss = [](Rendezvous& met) {
    for (int i = 0; i < 500; ++i) {
      if (auto who = met.lost()) return *who;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return std::string();
  };
  const pid_t listener = process([=] {
    auto met = Rendezvous::join(place(1, 3, port), seconds(10));
    return met && wait_for_loss(**met).rfind("rank 2 (host ", 0) == 0 ? 0 : 1;
  });
  const pid_t victim = process([=] {
    auto met = Rendezvous::join(place(2, 3, port), seconds(10));
    std::this_thread::sleep_for(milliseconds(100));
    ::raise(SIGKILL);
    return 0;
  });
  auto met = Rendezvous::join(place(0, 3, port), seconds(10));
  ASSERT_TRUE(met);
  const std::string who = wait_for_loss(**met);
  EXPECT_EQ(who.rfind("rank 2 (host ", 0), 0u) << who;
  EXPECT_NE(who.find("process " + std::to_string(victim)), std::string::npos) << who;
  EXPECT_EQ(exit_of(listener), 0);
  EXPECT_EQ(exit_of(victim), -SIGKILL);
  const auto all = (*met)->gather("mine", milliseconds(200));
  ASSERT_TRUE(all);
  EXPECT_FALSE((*all)[2]) << "partial results are kept, the rest is none";
}

Environment environment(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) -> const char* {
    const auto at = values.find(name);
    return at == values.end() ? nullptr : at->second.c_str();
  };
}

TEST(Agreement, AllDecideAlike) {
  const int port = free_port();
  const auto agrees = [](Rendezvous& rendezvous, int rank) {
    RendezvousAgreement agreement(rendezvous, seconds(20));
    const auto hosts = hosts_of(rendezvous, rank < 2 ? "a" : "b", seconds(20));
    if (!hosts || *hosts != std::vector<int>{0, 0, 1}) return false;
    for (int i = 0; i < 100; ++i)
      if (agreement.largest(rank == i % 3 ? 7 + i : 1) != 7 + i || agreement.mean(0.5 * rank) != 0.5) return false;
    return agreement.faults().empty();
  };
  std::vector<pid_t> children;
  for (int rank = 1; rank < 3; ++rank)
    children.push_back(process([=] {
      auto met = Rendezvous::join(place(rank, 3, port), seconds(20));
      return met && agrees(**met, rank) ? 0 : 1;
    }));
  auto met = Rendezvous::join(place(0, 3, port), seconds(20));
  ASSERT_TRUE(met);
  EXPECT_TRUE(agrees(**met, 0));
  for (const pid_t child : children) EXPECT_EQ(exit_of(child), 0);
}

// "The largest is 1" is what says stop: nobody goes on to wait for the one that is gone.
TEST(Agreement, AllStopWhenOneIsGone) {
  const int port = free_port();
  std::vector<pid_t> children;
  for (int rank = 1; rank < 3; ++rank)
    children.push_back(process([=] {
      auto met = Rendezvous::join(place(rank, 3, port), seconds(20));
      if (!met) return 1;
      RendezvousAgreement agreement(**met, seconds(20));
      if (agreement.largest(0) != 0) return 2;
      if (rank == 2) return 0;  // and is gone
      return agreement.largest(0) == 1 && !agreement.faults().empty() && agreement.largest(0) == 1 ? 0 : 3;
    }));
  auto met = Rendezvous::join(place(0, 3, port), seconds(20));
  ASSERT_TRUE(met);
  RendezvousAgreement agreement(**met, seconds(20));
  EXPECT_EQ(agreement.largest(0), 0);
  EXPECT_EQ(exit_of(children[1]), 0);
  EXPECT_EQ(agreement.largest(0), 1);
  ASSERT_FALSE(agreement.faults().empty());
  EXPECT_NE(agreement.faults()[0].what.find("rank 2"), std::string::npos) << agreement.faults()[0].what;
  EXPECT_EQ(exit_of(children[0]), 0);
}

TEST(Place, IsReadFromWhatLaunchersSet) {
  EXPECT_EQ(*place_of({}, environment({})), ProcessPlace());
  EXPECT_EQ(*place_of({}, environment({{"RANK", "9"},
                                       {"WORLD_SIZE", "16"},
                                       {"LOCAL_RANK", "1"},
                                       {"MASTER_ADDR", "node0"},
                                       {"MASTER_PORT", "1234"}})),
            (ProcessPlace{9, 16, 1, "node0", 1234}));
  EXPECT_EQ(*place_of({}, environment({{"OMPI_COMM_WORLD_RANK", "3"},
                                       {"OMPI_COMM_WORLD_SIZE", "4"},
                                       {"OMPI_COMM_WORLD_LOCAL_RANK", "3"}})),
            (ProcessPlace{3, 4, 3, "127.0.0.1", 29500}));
  EXPECT_EQ(*place_of({}, environment({{"SLURM_PROCID", "8"},
                                       {"SLURM_NTASKS", "16"},
                                       {"SLURM_LOCALID", "0"},
                                       {"SLURM_JOB_NODELIST", "gpu[07-08]"}})),
            (ProcessPlace{8, 16, 0, "gpu07", 29500}));
  EXPECT_EQ(*place_of({1, 2, std::nullopt, 77, "head"},
                      environment({{"RANK", "5"}, {"WORLD_SIZE", "8"}, {"LOCAL_RANK", "5"}})),
            (ProcessPlace{1, 2, 5, "head", 77}));
}

TEST(Place, SaysWhatIsWrong) {
  EXPECT_EQ(place_of({4, 4, {}, {}, ""}, environment({})).errors()[0].what, "rank 4 is not among 4 processes (0 to 3)");
  EXPECT_EQ(place_of({}, environment({{"RANK", "x"}, {"WORLD_SIZE", "2"}})).errors()[0].what, "RANK='x' is no number");
  const auto nowhere = place_of({}, environment({{"PMI_RANK", "9"}, {"PMI_SIZE", "16"}, {"MPI_LOCALRANKID", "1"}}));
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.errors()[0].what.find("--address HOST"), std::string::npos);
}

TEST(Place, FirstHostOfAList) {
  EXPECT_EQ(first_host("node1"), "node1");
  EXPECT_EQ(first_host("a,b,c"), "a");
  EXPECT_EQ(first_host("node[03-08,12],gpu1"), "node03");
  EXPECT_EQ(first_host("n[7,9]-ib"), "n7-ib");
}

RunRecord record(std::uint32_t rank) {
  RunRecord r;
  r.device = "1 x test";
  r.transport = "copies";
  r.mode = "eager";
  r.notes = {"graph: \"no\"\n"};
  r.memory = {{{rank}, {3}}};
  r.conditions = conditions_of({{1500 + static_cast<int>(rank), 2600, 60, 700.5, 0x4}, {1980, 2600, 65, 500, 0}});
  r.enqueue_seconds = 0.25;
  for (std::uint32_t op = 0; op < 1000; ++op)
    r.spans.push_back(
        {{rank}, 2, 1, op, Time::at(Duration::ns(op)), Time::at(Duration::ns(op + 1)), Time::at(Duration::ns(op + 5))});
  return r;
}

TEST(RunRecord, IsReadAsItWasWritten) {
  std::stringstream file;
  const RunRecord wrote = record(3);
  write_record(file, wrote);
  const std::string bytes = file.str();
  const auto read = read_record(file);
  ASSERT_TRUE(read) << read.errors()[0].what;
  std::stringstream again;
  write_record(again, *read);
  EXPECT_EQ(again.str(), bytes);
  EXPECT_EQ(read->spans.size(), 1000u);
  EXPECT_EQ(read->spans[7].end, wrote.spans[7].end);
  EXPECT_EQ(read->conditions.throttled, std::vector<std::string>{"power cap"});

  std::stringstream cut(bytes.substr(0, bytes.size() - 30));
  EXPECT_EQ(read_record(cut).errors()[0].what, "this record of a run ends after 999 of 1000 spans");
  std::stringstream other("{}");
  EXPECT_FALSE(read_record(other));
}

TEST(RunRecord, ProcessesAreJoined) {
  RunRecord second = record(1);
  second.faults = {"rank 1: no memory"};
  const RunRecord all = join({record(0), second});
  EXPECT_EQ(all.spans.size(), 2000u);
  EXPECT_EQ(all.memory.size(), 2u);
  EXPECT_EQ(all.notes.size(), 1u) << "what both say is said once";
  EXPECT_EQ(all.conditions.sm_clock_min_mhz, 1500);
  EXPECT_FALSE(all.complete());
}

}  // namespace
}  // namespace orrery::validate
