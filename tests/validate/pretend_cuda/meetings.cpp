#include "meetings.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace orrery::pretend {
namespace {

constexpr int kMostPlaces = 8;
constexpr std::size_t kMeetings = 1 << 12;  // under way at a time

struct Meeting {
  std::uint64_t name;  // 0: nobody's
  int places, came, left;
  std::array<Word, kMostPlaces> words;
};

[[noreturn]] void give_up(const char* why) {
  std::fprintf(stderr, "pretended NCCL: %s\n", why);
  std::abort();
}

void* map(const std::string& place, int flags, std::size_t bytes) {
  const int file = ::shm_open(place.c_str(), O_RDWR | flags, 0600);
  if (file < 0 || (flags != 0 && ::ftruncate(file, static_cast<off_t>(bytes)) != 0)) give_up("no memory to share");
  void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  if (at == MAP_FAILED) give_up("no memory to share");
  return at;
}

}  // namespace

struct Meetings::Shared {
  pthread_mutex_t lock;
  std::array<Meeting, kMeetings> all;  // open addressing

  Meeting& at(std::uint64_t name) {
    for (std::size_t i = name % kMeetings, tries = 0; tries < kMeetings; i = (i + 1) % kMeetings, ++tries) {
      if (all[i].name == 0) all[i].name = name;
      if (all[i].name == name) return all[i];
    }
    give_up("more meetings than there are places");
  }

  // What lies behind it and would not be found any more moves up.
  void forget(Meeting& meeting) {
    std::size_t hole = static_cast<std::size_t>(&meeting - all.data());
    all[hole] = {};
    for (std::size_t i = (hole + 1) % kMeetings; all[i].name != 0; i = (i + 1) % kMeetings) {
      const std::size_t wanted = all[i].name % kMeetings;
      const bool reaches_hole = (i + kMeetings - wanted) % kMeetings >= (i + kMeetings - hole) % kMeetings;
      if (!reaches_hole) continue;
      all[hole] = all[i];
      all[i] = {};
      hole = i;
    }
  }
};

namespace {

// A process that died with the lock has left nothing half done that matters.
class Held {
 public:
  explicit Held(pthread_mutex_t& lock) : lock_(lock) {
    if (::pthread_mutex_lock(&lock_) == EOWNERDEAD) ::pthread_mutex_consistent(&lock_);
  }
  ~Held() { ::pthread_mutex_unlock(&lock_); }

 private:
  pthread_mutex_t& lock_;
};

}  // namespace

std::string Meetings::found() {
  static int count = 0;
  const std::string place = "/orrery-pretend-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
  auto* const shared = static_cast<Shared*>(map(place, O_CREAT | O_EXCL, sizeof(Shared)));
  pthread_mutexattr_t attributes;
  ::pthread_mutexattr_init(&attributes);
  ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  ::pthread_mutex_init(&shared->lock, &attributes);
  ::munmap(shared, sizeof(Shared));
  return place;
}

Meetings::Meetings(const std::string& place)
    : shared_(static_cast<Shared*>(map(place, 0, sizeof(Shared)))), place_(place) {}

Meetings::~Meetings() {
  ::munmap(shared_, sizeof(Shared));
}

void Meetings::say(std::uint64_t meeting, int places, int place, const Word& word) {
  if (places > kMostPlaces) give_up("more ranks than are pretended");
  const Held held(shared_->lock);
  Meeting& at = shared_->at(meeting);
  at.words[static_cast<std::size_t>(place)] = word;
  at.places = places;
  ++at.came;
}

std::optional<std::vector<Word>> Meetings::hear(std::uint64_t meeting) {
  const Held held(shared_->lock);
  Meeting& at = shared_->at(meeting);
  if (at.places == 0 || at.came < at.places) return std::nullopt;
  std::vector<Word> words(at.words.begin(), at.words.begin() + at.places);
  if (++at.left == at.places) shared_->forget(at);
  return words;
}

void Meetings::hide() {
  ::shm_unlink(place_.c_str());
}

std::uint64_t name_of(std::initializer_list<std::uint64_t> parts) {
  std::uint64_t hash = 0x9e3779b97f4a7c15;
  for (const std::uint64_t part : parts) {
    hash = (hash ^ part) * 0xbf58476d1ce4e5b9;
    hash ^= hash >> 31;
  }
  return hash == 0 ? 1 : hash;
}

}  // namespace orrery::pretend
