#include "validate/processes/rendezvous.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "validate/processes/wire.h"

namespace orrery::validate {
namespace {

using Clock = Wire::Clock;
constexpr char kGreeting[] = "orrery 1 ";

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string seconds_of(Rendezvous::Deadline deadline) {
  return std::to_string((deadline.count() + 999) / 1000) + " s";
}

std::string where_of(const ProcessPlace& place) {
  return place.address + ":" + std::to_string(place.port);
}

}  // namespace

struct Rendezvous::Peer {
  int rank = 0;
  std::string who;  // "rank 3 (host a, process 17)"
  Wire wire;
  std::deque<std::string> data;  // come, not asked for yet
};

Rendezvous::Rendezvous(const ProcessPlace& place) : place_(place) {}

Rendezvous::~Rendezvous() {
  if (listener_ >= 0) ::close(listener_);
}

Result<std::unique_ptr<Rendezvous>> Rendezvous::join(const ProcessPlace& place, Deadline deadline) {
  std::unique_ptr<Rendezvous> made(new Rendezvous(place));
  Errors errors;
  if (place.world > 1) errors = place.rank == 0 ? made->accept_all(deadline) : made->call_first(deadline);
  if (!errors.empty()) return errors;
  return made;
}

Errors Rendezvous::accept_all(Deadline deadline) {
  const auto latest = Clock::now() + deadline;
  listener_ = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool has_v6 = listener_ >= 0;
  if (!has_v6) listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1, no = 0;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in6 any6{};
  sockaddr_in any4{};
  any6.sin6_family = AF_INET6;
  any4.sin_family = AF_INET;
  any6.sin6_port = any4.sin_port = htons(static_cast<std::uint16_t>(place_.port));
  if (has_v6) ::setsockopt(listener_, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
  const auto* address = has_v6 ? reinterpret_cast<const sockaddr*>(&any6) : reinterpret_cast<const sockaddr*>(&any4);
  const auto length = static_cast<socklen_t>(has_v6 ? sizeof any6 : sizeof any4);
  if (::bind(listener_, address, length) != 0 || ::listen(listener_, place_.world) != 0)
    return {
        {{}, "rank 0 cannot listen on port " + std::to_string(place_.port) + ": " + std::strerror(errno), Fault::io}};

  std::vector<bool> came(static_cast<std::size_t>(place_.world), false);
  while (static_cast<int>(peers_.size()) + 1 < place_.world && Clock::now() < latest) {
    pollfd entry{listener_, POLLIN, 0};
    if (::poll(&entry, 1, 50) <= 0) continue;
    const int socket = ::accept(listener_, nullptr, nullptr);
    if (socket < 0) continue;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    Peer peer{0, {}, Wire(socket), {}};
    const auto hello = peer.wire.receive(std::min(latest, Clock::now() + std::chrono::seconds(5)));
    if (!hello || hello->kind != Message::Kind::hello || hello->text.rfind(kGreeting, 0) != 0) continue;  // a stranger
    const std::string rest = hello->text.substr(sizeof kGreeting - 1);
    peer.rank = std::atoi(rest.c_str());
    peer.who = "rank " + std::to_string(peer.rank) + rest.substr(rest.find(' '));
    if (peer.rank < 1 || peer.rank >= place_.world || came[static_cast<std::size_t>(peer.rank)])
      return {{{}, peer.who + " came twice, or is none of " + std::to_string(place_.world) + " processes"}};
    came[static_cast<std::size_t>(peer.rank)] = true;
    peers_.push_back(std::move(peer));
  }
  std::sort(peers_.begin(), peers_.end(), [](const Peer& a, const Peer& b) { return a.rank < b.rank; });
  std::string missing;
  for (int r = 1; r < place_.world; ++r)
    if (!came[static_cast<std::size_t>(r)]) missing += (missing.empty() ? "" : ", ") + std::to_string(r);
  if (missing.empty()) return {};
  return {{{},
           "these ranks did not come to " + where_of(place_) + " within " + seconds_of(deadline) + ": " + missing,
           Fault::io}};
}

Errors Rendezvous::call_first(Deadline deadline) {
  const auto latest = Clock::now() + deadline;
  std::string why = "no answer";
  do {
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    const int status = ::getaddrinfo(place_.address.c_str(), std::to_string(place_.port).c_str(), &hints, &found);
    if (status != 0) why = ::gai_strerror(status);
    const std::unique_ptr<addrinfo, FreeAddresses> list(status == 0 ? found : nullptr);
    for (const addrinfo* a = list.get(); a != nullptr; a = a->ai_next) {
      const int socket = ::socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (socket < 0) continue;
      if (::connect(socket, a->ai_addr, a->ai_addrlen) != 0) {
        why = std::strerror(errno);
        ::close(socket);
        continue;
      }
      const int yes = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      peers_.push_back({0, "rank 0 (" + where_of(place_) + ")", Wire(socket), {}});
      const std::string hello = kGreeting + std::to_string(place_.rank) + " (host " + host_name() + ", process " +
                                std::to_string(::getpid()) + ")";
      if (peers_.back().wire.send({Message::Kind::hello, hello}, latest)) return {};
      peers_.clear();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  } while (Clock::now() < latest);
  return {{{},
           "rank " + std::to_string(place_.rank) + " cannot reach rank 0 at " + where_of(place_) + " within " +
               seconds_of(deadline) + ": " + why,
           Fault::io}};
}

// Reads one message if one is there; what ended the connection, if it did.
std::optional<std::string> Rendezvous::hear(Peer& peer) {
  while (auto message = peer.wire.receive(Clock::now())) {
    if (message->kind == Message::Kind::give_up) return message->text;
    peer.data.push_back(std::move(message->text));
  }
  if (!peer.wire.is_open() && peer.data.empty()) return peer.who + " is gone";
  return std::nullopt;
}

std::optional<std::string> Rendezvous::lost() {
  for (Peer& peer : peers_) {
    if (lost_) break;
    if (auto why = hear(peer)) {
      lost_ = std::move(why);
      if (place_.rank == 0) give_up(*lost_);
    }
  }
  return lost_;
}

void Rendezvous::give_up(const std::string& why) {
  const auto latest = Clock::now() + std::chrono::seconds(1);
  for (Peer& peer : peers_) peer.wire.send({Message::Kind::give_up, why}, latest);
}

Result<std::string> Rendezvous::broadcast(const std::string& of_first, Deadline deadline) {
  const auto latest = Clock::now() + deadline;
  if (place_.rank == 0) {
    for (Peer& peer : peers_)
      if (!peer.wire.send({Message::Kind::data, of_first}, latest)) return Error{{}, peer.who + " is gone", Fault::io};
    return of_first;
  }
  Peer& first = peers_.front();
  while (first.data.empty()) {
    auto message = first.wire.receive(latest);
    if (!message)
      return Error{
          {}, first.who + (first.wire.is_open() ? " said nothing for " + seconds_of(deadline) : " is gone"), Fault::io};
    if (message->kind == Message::Kind::give_up) return Error{{}, message->text, Fault::io};
    first.data.push_back(std::move(message->text));
  }
  std::string text = std::move(first.data.front());
  first.data.pop_front();
  return text;
}

Result<std::vector<std::optional<std::string>>> Rendezvous::gather(const std::string& mine, Deadline deadline) {
  const auto latest = Clock::now() + deadline;
  std::vector<std::optional<std::string>> all;
  if (place_.rank != 0) {
    if (!peers_.front().wire.send({Message::Kind::data, mine}, latest))
      return Error{{}, peers_.front().who + " is gone", Fault::io};
    return all;
  }
  all.resize(static_cast<std::size_t>(place_.world));
  all.front() = mine;
  for (Peer& peer : peers_) {
    while (peer.data.empty()) {
      auto message = peer.wire.receive(latest);
      if (!message) break;
      if (message->kind == Message::Kind::data) peer.data.push_back(std::move(message->text));
    }
    if (peer.data.empty()) continue;
    all[static_cast<std::size_t>(peer.rank)] = std::move(peer.data.front());
    peer.data.pop_front();
  }
  return all;
}

Errors Rendezvous::barrier(Deadline deadline) {
  const auto all = gather("", deadline);
  if (!all) return all.errors();
  std::string missing;
  for (std::size_t r = 0; r < all->size(); ++r)
    if (!(*all)[r]) missing += (missing.empty() ? "" : ", ") + std::to_string(r);
  if (!missing.empty()) {
    const std::string what = "these ranks did not come within " + seconds_of(deadline) + ": " + missing;
    give_up(what);
    return {{{}, what, Fault::io}};
  }
  const auto go = broadcast("", deadline);
  return go ? Errors{} : go.errors();
}

}  // namespace orrery::validate
