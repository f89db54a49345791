#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/scenario/reader.h"
#include "sweep/space.h"

namespace orrery::cli {

// What the points of a sweep are made of: the file with the section, or, where the section has an axis `scenario`,
// each of the scenarios that it names (beside the file, or as the name says) with what the file has laid over it.
class SweepScenarios {
 public:
  static constexpr const char* kAxis = "scenario";

  struct Base {
    std::string file;  // where presets are looked for, and what messages name
    Node root;
  };

  // `root` is the file without its section. Errors: a scenario that cannot be read, or has a sweep of its own.
  static Result<SweepScenarios> read(const std::string& file, Node root, const sweep::Space& space);

  const Base& of(const sweep::Space& space, std::uint64_t point) const;
  // The value of the axis without quotes; without the axis the file.
  std::string name(const sweep::Space& space, std::uint64_t point) const;
  const std::vector<Base>& all() const { return bases_; }
  // A digest of what results hang on besides the section: the scenarios, the presets that they could name, their
  // calibrations and the other jobs on their fabrics.
  std::string data_version(const sweep::Space& space) const;

  // What a point sets in its base.
  static std::vector<models::Override> overrides(const sweep::Space& space, std::uint64_t point);

 private:
  std::vector<Base> bases_;      // by value of the axis; one where there is none
  std::size_t axis_ = SIZE_MAX;  // of the space's; none
};

}  // namespace orrery::cli
