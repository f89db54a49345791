#include "validate/processes/place.h"

#include <array>
#include <charconv>

namespace orrery::validate {
namespace {

// Names of one launcher's variables; null where it has none.
struct Launcher {
  const char* name;
  const char *rank, *world, *local_rank, *address, *port;
};
constexpr std::array<Launcher, 5> kLaunchers{{
    {"orrery", "ORRERY_RANK", "ORRERY_WORLD", "ORRERY_LOCAL_RANK", "ORRERY_ADDRESS", "ORRERY_PORT"},
    {"torchrun", "RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"},
    {"Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", nullptr, nullptr},
    {"MPICH", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", nullptr, nullptr},
    {"srun", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID", nullptr, nullptr},
}};

class Reader {
 public:
  explicit Reader(const Environment& environment) : environment_(environment) {}

  std::optional<std::string> text(const char* name) const {
    const char* value = name != nullptr ? environment_(name) : nullptr;
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  }
  std::optional<int> number(const char* name) {
    const auto value = text(name);
    if (!value) return std::nullopt;
    int n = 0;
    const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), n);
    if (error == std::errc() && end == value->data() + value->size() && n >= 0) return n;
    errors_.push_back({{}, std::string(name) + "='" + *value + "' is no number"});
    return std::nullopt;
  }
  Errors& errors() { return errors_; }

 private:
  const Environment& environment_;
  Errors errors_;
};

// The first launcher that says which rank this is and of how many. `srun` sets its
// variables for a batch script too, where there is one process.
const Launcher* launcher_of(const Reader& reader) {
  for (const Launcher& launcher : kLaunchers)
    if (reader.text(launcher.rank) && reader.text(launcher.world)) return &launcher;
  return nullptr;
}

Errors faults_of(const ProcessPlace& place) {
  Errors errors;
  if (place.world < 1) errors.push_back({{}, "a run has at least one process, not " + std::to_string(place.world)});
  if (place.world >= 1 && (place.rank < 0 || place.rank >= place.world))
    errors.push_back({{},
                      "rank " + std::to_string(place.rank) + " is not among " + std::to_string(place.world) +
                          " processes (0 to " + std::to_string(place.world - 1) + ")"});
  if (place.port < 1 || place.port > 65535) errors.push_back({{}, std::to_string(place.port) + " is no TCP port"});
  return errors;
}

}  // namespace

std::string first_host(const std::string& list) {
  const std::size_t open = list.find('['), comma = list.find(',');
  if (open == std::string::npos || comma < open) return list.substr(0, comma);
  const std::size_t close = list.find(']', open);
  const std::string inside = list.substr(open + 1, close - open - 1);
  const std::string suffix =
      close == std::string::npos ? "" : list.substr(close + 1, list.find(',', close) - close - 1);
  return list.substr(0, open) + inside.substr(0, inside.find_first_of("-,")) + suffix;
}

Result<ProcessPlace> place_of(const PlaceFlags& flags, const Environment& environment) {
  Reader reader(environment);
  ProcessPlace place;
  const Launcher* launcher = launcher_of(reader);
  bool has_address = !flags.address.empty();
  if (launcher != nullptr) {
    place.rank = reader.number(launcher->rank).value_or(0);
    place.world = reader.number(launcher->world).value_or(1);
    place.local_rank = reader.number(launcher->local_rank).value_or(place.rank);
    place.port = reader.number(launcher->port).value_or(place.port);
  }
  const auto address = reader.text(launcher != nullptr ? launcher->address : nullptr);
  const auto master = reader.text("MASTER_ADDR"), nodes = reader.text("SLURM_JOB_NODELIST");
  if (has_address) {
    place.address = flags.address;
  } else if (address || master) {
    place.address = address ? *address : *master;
    has_address = true;
  } else if (launcher != nullptr && nodes) {
    place.address = first_host(*nodes);
    has_address = true;
  }
  place.rank = flags.rank.value_or(place.rank);
  place.world = flags.world.value_or(place.world);
  place.local_rank = flags.local_rank.value_or(launcher == nullptr ? place.rank : place.local_rank);
  place.port = flags.port.value_or(place.port);

  Errors errors = std::move(reader.errors());
  for (Error& error : faults_of(place)) errors.push_back(std::move(error));
  if (!has_address && place.local_rank != place.rank)
    errors.push_back({{}, "several hosts, and nobody says where rank 0 is: give --address HOST (or MASTER_ADDR)"});
  if (!errors.empty()) return errors;
  return place;
}

}  // namespace orrery::validate
