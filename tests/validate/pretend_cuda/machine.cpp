#include "machine.h"

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace orrery::pretend {
namespace {

double number(const char* name, double otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atof(text);
}

Item to_record(Moment moment) {
  return [moment = std::move(moment)](Ns ready) -> std::optional<Ns> { return *moment = ready; };
}

Item to_wait_for(Moment moment) {
  return [moment = std::move(moment)](Ns ready) -> std::optional<Ns> {
    if (!*moment) return std::nullopt;
    return std::max(ready, **moment);
  };
}

Moment some_moment() {
  return std::make_shared<std::optional<Ns>>();
}

}  // namespace

// Never destroyed: the program asks for it to its very end.
Machine& Machine::get() {
  static Machine* const machine = new Machine;
  return *machine;
}

Machine::Machine() {
  gpus = static_cast<int>(number("PRETEND_GPUS", gpus));
  memory_bytes = static_cast<std::uint64_t>(number("PRETEND_MEMORY", static_cast<double>(memory_bytes)));
  fails_at = static_cast<int>(number("PRETEND_FAILS_AT", 0));
  null_.sms = kSms;
}

CUstream_st* Machine::add_stream(int sms) {
  streams_.push_back(new CUstream_st);
  streams_.back()->sms = sms;
  return streams_.back();
}

void Machine::drop(CUstream_st* stream) {
  std::erase(streams_, stream);
  delete stream;
}

void Machine::append(CUstream_st* stream, Capture::Step step) {
  step.stream = stream->captured_as;
  stream->capture->steps.push_back(std::move(step));
}

void Machine::wait_for_room(CUstream_st* stream) {
  constexpr std::size_t kQueue = 1024;
  for (;;) {
    {
      const Locked locked(lock);
      if (stream->queue.size() < kQueue || sticky != cudaSuccess) return;
      advance();
      if (stream->queue.size() < kQueue) return;
    }
    ::usleep(50);
  }
}

void Machine::enqueue_made(CUstream_st* stream, ItemMaker make) {
  if (!stream->capture) return push(stream, make());
  Capture::Step step;
  step.make = std::move(make);
  append(stream, std::move(step));
}

void Machine::enqueue(CUstream_st* stream, Item item) {
  enqueue_made(stream, [item = std::move(item)] { return item; });
}

void Machine::enqueue_for(CUstream_st* stream, Ns time) {
  enqueue(stream, [time](Ns ready) { return ready + time; });
}

void Machine::record(CUevent_st* event, CUstream_st* stream, bool external) {
  event->capture = stream->capture;
  if (external || !stream->capture) event->latest = some_moment();
  if (stream->capture) {
    event->captured_as = stream->capture->moments++;
    Capture::Step step;
    step.kind = Capture::Step::Kind::record;
    step.moment = event->captured_as;
    if (external) step.outside = event->latest;
    return append(stream, std::move(step));
  }
  push(stream, to_record(event->latest));
}

// A stream that waits for something captured is captured from then on.
void Machine::wait(CUstream_st* stream, CUevent_st* event) {
  if (event->capture && !stream->capture) {
    stream->capture = event->capture;
    stream->captured_as = event->capture->streams++;
  }
  if (event->capture) {
    Capture::Step step;
    step.kind = Capture::Step::Kind::wait;
    step.moment = event->captured_as;
    return append(stream, std::move(step));
  }
  if (!event->latest) return;  // never recorded: nothing to wait for
  push(stream, to_wait_for(event->latest));
}

void Machine::end(const Capture& capture) {
  for (CUstream_st* stream : streams_)
    if (stream->capture.get() == &capture) stream->capture.reset();
}

void Machine::launch(const Capture& capture, CUstream_st* stream) {
  const Moment begin = some_moment();
  push(stream, to_record(begin));
  std::vector<CUstream_st*> own;
  for (int i = 0; i < capture.streams; ++i) push(own.emplace_back(add_stream(kSms)), to_wait_for(begin));
  std::vector<Moment> moments(static_cast<std::size_t>(capture.moments));
  for (Moment& moment : moments) moment = some_moment();
  for (const Capture::Step& step : capture.steps) {
    CUstream_st* const on = own[static_cast<std::size_t>(step.stream)];
    if (step.kind == Capture::Step::Kind::item) {
      push(on, step.make());
    } else if (step.kind == Capture::Step::Kind::wait) {
      push(on, to_wait_for(moments[static_cast<std::size_t>(step.moment)]));
    } else {
      push(on, to_record(moments[static_cast<std::size_t>(step.moment)]));
      if (step.outside) push(on, to_record(step.outside));
    }
  }
  for (CUstream_st* const one : own) {
    const Moment end = some_moment();
    push(one, to_record(end));
    push(stream, to_wait_for(end));
  }
}

void Machine::advance() {
  const auto go_on = [](CUstream_st& stream) {
    bool moved = false;
    while (!stream.queue.empty()) {
      const auto end = stream.queue.front().item(std::max(stream.over, stream.queue.front().not_before));
      if (!end) break;
      stream.over = *end;
      stream.queue.pop_front();
      moved = true;
    }
    return moved;
  };
  for (bool moved = true; moved;) {
    moved = go_on(null_);
    for (CUstream_st* stream : streams_) moved |= go_on(*stream);
  }
}

// A peer's process may be about to say when it comes: a thousand ops behind one another are not to wait a poll each.
bool Machine::is_over(CUstream_st* stream) {
  constexpr int kLooks = 100;
  for (int i = 0; i < kLooks; ++i) {
    advance();
    if (stream->queue.empty()) break;
    ::sched_yield();
  }
  if (!stream->queue.empty()) return false;
  seen(stream->over);
  return true;
}

bool Machine::all_over() {
  bool all = is_over(&null_);
  for (CUstream_st* stream : streams_) all &= is_over(stream);
  return all;
}

void* Machine::allocate(std::uint64_t bytes) {
  if (bytes > memory_bytes - held_) return nullptr;
  void* const at = ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return nullptr;
  allocations_[static_cast<const char*>(at)] = bytes;
  held_ += bytes;
  return at;
}

bool Machine::free(void* at) {
  const auto found = allocations_.find(static_cast<const char*>(at));
  if (found == allocations_.end()) return false;
  ::munmap(at, found->second);
  held_ -= found->second;
  allocations_.erase(found);
  return true;
}

bool Machine::holds(const void* at, std::uint64_t bytes) const {
  const auto* const first = static_cast<const char*>(at);
  auto found = allocations_.upper_bound(first);
  if (found == allocations_.begin()) return false;
  --found;
  return first + bytes <= found->first + found->second;
}

cudaError_t Machine::launch() {
  if (sticky == cudaSuccess && ++launches_ == fails_at) sticky = cudaErrorECCUncorrectable;
  return tell(sticky);
}

cudaError_t Machine::tell(cudaError_t status) {
  if (sticky != cudaSuccess) status = sticky;
  if (status != cudaSuccess) last = status;
  return status;
}

}  // namespace orrery::pretend
