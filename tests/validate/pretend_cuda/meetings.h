#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace orrery::pretend {

// What a process says when it comes to a meeting.
struct Word {
  std::int64_t ready = 0;               // ns
  std::int64_t sent = 0, received = 0;  // bytes; of messages, all that go out and come in together
  std::int64_t kind = 0, root = 0, bytes = 0;
};

// Where the processes of a run meet: memory that they share. A meeting has a name, and a place for everybody's word;
// it is forgotten when all have heard it.
class Meetings {
 public:
  // Makes the place where others then meet, and says how it is called.
  static std::string found();
  explicit Meetings(const std::string& place);
  ~Meetings();
  Meetings(const Meetings&) = delete;
  Meetings& operator=(const Meetings&) = delete;

  // Leaves a word there, once.
  void say(std::uint64_t meeting, int places, int place, const Word& word);
  // What all have said, once all have; to be asked no more then.
  std::optional<std::vector<Word>> hear(std::uint64_t meeting);
  // All are here: nobody looks for the place any more.
  void hide();

 private:
  struct Shared;
  Shared* shared_;
  std::string place_;
};

// A name for a meeting from names and numbers.
std::uint64_t name_of(std::initializer_list<std::uint64_t> parts);

}  // namespace orrery::pretend
