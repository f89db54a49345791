#include "cli/process/crew.h"

#include <utility>

namespace orrery::cli {

namespace {

std::unique_ptr<sweep::Crew>& own_crew() {
  static std::unique_ptr<sweep::Crew> crew;
  return crew;
}

}  // namespace

sweep::Crew* the_crew() {
  return own_crew().get();
}

void join_crew(std::unique_ptr<sweep::Crew> crew) {
  own_crew() = std::move(crew);
}

}  // namespace orrery::cli
