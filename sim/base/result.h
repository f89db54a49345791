#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace orrery {

// A place in something that a person wrote. Lines and columns count from 1; 0
// means unknown. `--set` values and the command line have a file name only.
struct Where {
  std::string file;
  int line = 0;
  int column = 0;

  bool operator==(const Where&) const = default;
};

// Which exit status a fault leads to (contract, section 4).
enum class Fault { input, io, unsupported };

// What a person did wrong, where, and what to write instead.
struct Error {
  Where where;
  std::string what;
  Fault fault = Fault::input;
};

using Errors = std::vector<Error>;

// "file:line:column: what", without the parts that are unknown.
std::string to_string(const Error& error);

// A value, or everything that is wrong with the input. What a user can cause is
// a Result; an assertion is for our own mistakes. std::expected does not exist
// in the compiler we build with.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, Errors{std::move(error)}) {}
  Result(Errors errors) : state_(std::in_place_index<1>, std::move(errors)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Errors& errors() const& { return std::get<1>(state_); }
  Errors&& errors() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Errors> state_;
};

}  // namespace orrery
