#include "tests/validate/simt/emulator.h"

#include <ucontext.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <exception>
#include <memory>
#include <stdexcept>
#include <vector>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

#include "validate/cuda/kernels/simt.h"
#include "validate/cuda/kernels/warpgroup.h"

namespace orrery::validate::simt {
namespace {

constexpr std::size_t kStack = 256 << 10;
constexpr std::size_t kAligned = 1024;
constexpr unsigned kWarp = 32;

struct PendingCopy {
  void* to;
  const void* from;  // null: zeros
};

struct Fiber {
  ucontext_t context{};
  std::unique_ptr<char[]> stack = std::make_unique_for_overwrite<char[]>(kStack);
  bool done = false;
  std::vector<std::vector<PendingCopy>> groups;  // committed, oldest first
  std::vector<PendingCopy> open;
  bool unseen = false;  // by the tensor cores: what has come since they were last told
};

// What lanes of a warp hand each other; two of it, since a lane may be one exchange ahead.
struct Warp {
  std::array<std::array<unsigned char, 64>, kWarp> given[2];
  unsigned arrived = 0, generation = 0;
};

struct Block {
  explicit Block(const Launch& of) : launch(of), fibers(of.threads), warps((of.threads + kWarp - 1) / kWarp) {
    memory.assign(of.shared_bytes + kAligned, 0xff);
    shared = memory.data() + (kAligned - reinterpret_cast<std::uintptr_t>(memory.data()) % kAligned) % kAligned;
  }
  const Launch& launch;
  std::vector<Fiber> fibers;
  std::vector<Warp> warps;
  std::vector<unsigned char> memory;
  unsigned char* shared = nullptr;
  unsigned x = 0, y = 0, thread = 0, arrived = 0, generation = 0;
  bool moved = false;  // somebody got past a barrier since the last round
  ucontext_t scheduler{};
  const void* scheduler_stack = nullptr;
  std::size_t scheduler_bytes = 0;
  std::exception_ptr fault;
  const std::function<void()>* kernel = nullptr;
};

Block* now = nullptr;

// Tells AddressSanitizer, where it watches, that another stack is in use from now on.
#ifdef __SANITIZE_ADDRESS__
void leaving(void** fake, const void* stack, std::size_t bytes) {
  __sanitizer_start_switch_fiber(fake, stack, bytes);
}
void arrived(void* fake, const void** stack, std::size_t* bytes) {
  __sanitizer_finish_switch_fiber(fake, stack, bytes);
}
#else
void leaving(void**, const void*, std::size_t) {}
void arrived(void*, const void**, std::size_t*) {}
#endif

void to_fiber(Block& block, Fiber& fiber) {
  void* fake = nullptr;
  leaving(&fake, fiber.stack.get(), kStack);
  swapcontext(&block.scheduler, &fiber.context);
  arrived(fake, nullptr, nullptr);
}

void to_scheduler(Fiber& self) {
  void* fake = nullptr;
  leaving(self.done ? nullptr : &fake, now->scheduler_stack, now->scheduler_bytes);
  swapcontext(&self.context, &now->scheduler);
  arrived(fake, nullptr, nullptr);
}

void yield() {
  to_scheduler(now->fibers[now->thread]);
}

void enter_fiber() {
  arrived(nullptr, &now->scheduler_stack, &now->scheduler_bytes);
  try {
    (*now->kernel)();
  } catch (...) {
    now->fault = std::current_exception();
  }
  Fiber& self = now->fibers[now->thread];
  self.done = true;
  now->moved = true;
  to_scheduler(self);
}

void run_block(Block& block) {
  now = &block;
  for (Fiber& fiber : block.fibers) {
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = kStack;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, enter_fiber, 0);
  }
  std::size_t left = block.fibers.size();
  while (left > 0) {
    block.moved = false;
    for (std::size_t i = 0; i < block.fibers.size(); ++i) {
      const std::size_t t = block.launch.last_thread_first ? block.fibers.size() - 1 - i : i;
      if (block.fibers[t].done) continue;
      block.thread = static_cast<unsigned>(t);
      to_fiber(block, block.fibers[t]);
      if (block.fault) std::rethrow_exception(block.fault);
      if (block.fibers[t].done) --left;
    }
    if (left > 0 && !block.moved) throw std::runtime_error("threads wait at barriers that others never reach");
  }
}

// Gives `mine` to the warp and waits until every lane has given.
const std::array<std::array<unsigned char, 64>, kWarp>& exchange(const void* mine, std::size_t bytes) {
  Warp& warp = now->warps[now->thread / kWarp];
  const unsigned generation = warp.generation;
  auto& given = warp.given[generation % 2];
  std::memcpy(given[now->thread % kWarp].data(), mine, bytes);
  if (++warp.arrived == kWarp) {
    warp.arrived = 0;
    ++warp.generation;
    now->moved = true;
  }
  while (warp.generation == generation) yield();
  return given;
}

template <class T>
T taken(const std::array<unsigned char, 64>& given) {
  T value;
  std::memcpy(&value, given.data(), sizeof value);
  return value;
}

void check_shared(const void* address) {
  const auto* p = static_cast<const unsigned char*>(address);
  if (p < now->shared || p + 16 > now->shared + now->launch.shared_bytes)
    throw std::runtime_error("an address outside shared memory: " + std::to_string(p - now->shared));
  if ((p - now->shared) % 16 != 0) throw std::runtime_error("an address in shared memory that is not aligned");
}

// Rows of the four matrices of ldmatrix: lane 8i + r has the address of row r of matrix i.
std::array<std::array<std::array<std::uint16_t, 8>, 8>, 4> matrices(const void* row) {
  check_shared(row);
  const auto& given = exchange(&row, sizeof row);
  std::array<std::array<std::array<std::uint16_t, 8>, 8>, 4> all{};
  for (unsigned lane = 0; lane < kWarp; ++lane)
    std::memcpy(all[lane / 8][lane % 8].data(), taken<const void*>(given[lane]), 16);
  return all;
}

std::uint32_t word(std::uint16_t low, std::uint16_t high) {
  return std::uint32_t{low} | std::uint32_t{high} << 16;
}

float bf16_at(std::uint32_t word, unsigned half) {
  return std::bit_cast<float>(half == 0 ? word << 16 : word & 0xffff0000u);
}

struct Operands {
  std::uint32_t a[4], b[2];
};

// PTX ISA, matrix descriptor of wgmma, 128-byte swizzle. Element (row, column) of a matrix
// whose rows are 128 bytes apart; columns from 64 on lie at the leading offset.
struct Matrix {
  explicit Matrix(std::uint64_t d)
      : start((d & 0x3fff) << 4), far((d >> 16 & 0x3fff) << 4), eight_rows((d >> 32 & 0x3fff) << 4) {
    if (d >> 62 != 1) throw std::runtime_error("a matrix that is not swizzled by 128 bytes");
  }
  float at(unsigned row, unsigned column) const {
    const std::size_t plain = start + column / 64 * far + row / 8 * eight_rows + row % 8 * 128 + column % 64 * 2;
    const std::size_t swizzled = plain ^ (plain >> 7 & 7) << 4;
    check_shared(now->shared + swizzled / 16 * 16);
    std::uint16_t bits = 0;
    std::memcpy(&bits, now->shared + swizzled, sizeof bits);
    return bf16_at(bits, 0);
  }
  std::size_t start, far, eight_rows;
};

void check_seen() {
  if (now->fibers[now->thread].unseen)
    throw std::runtime_error("tensor cores read what they were not told of (fence.proxy.async)");
}

}  // namespace

void run(const Launch& launch, const std::function<void()>& kernel) {
  for (unsigned y = 0; y < launch.blocks_y; ++y) {
    for (unsigned x = 0; x < launch.blocks_x; ++x) {
      Block block(launch);
      block.x = x;
      block.y = y;
      block.kernel = &kernel;
      run_block(block);
    }
  }
}

}  // namespace orrery::validate::simt

namespace orrery::validate::cuda {

using simt::exchange;
using simt::now;
using simt::taken;

unsigned thread_x() {
  return now->thread;
}
unsigned block_x() {
  return now->x;
}
unsigned block_y() {
  return now->y;
}
unsigned blocks_x() {
  return now->launch.blocks_x;
}
unsigned blocks_y() {
  return now->launch.blocks_y;
}
unsigned threads() {
  return now->launch.threads;
}
unsigned char* shared_bytes() {
  return now->shared;
}

void sync_threads() {
  const unsigned generation = now->generation;
  if (++now->arrived == now->launch.threads) {
    now->arrived = 0;
    ++now->generation;
    now->moved = true;
  }
  while (now->generation == generation) simt::yield();
}

Vector load(const Vector* from) {
  return *from;
}
void store(Vector* to, const Vector& v) {
  *to = v;
}
float float_of_bits(std::uint32_t bits) {
  return std::bit_cast<float>(bits);
}
std::uint32_t bits_of_float(float x) {
  return std::bit_cast<std::uint32_t>(x);
}

std::uint32_t pack_bf16(float low, float high) {
  const auto rounded = [](float x) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    if (std::isnan(x)) return std::uint16_t{0x7fff};
    return static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
  };
  return simt::word(rounded(low), rounded(high));
}

float shuffle_xor(float value, int mask) {
  const auto& given = exchange(&value, sizeof value);
  return taken<float>(given[(now->thread % simt::kWarp) ^ static_cast<unsigned>(mask)]);
}
void atomic_add(float* to, float value) {
  *to += value;
}
float exp2_of(float x) {
  return std::exp2(x);
}
float log2_of(float x) {
  return std::log2(x);
}
float exp_of(float x) {
  return std::exp(x);
}
float log_of(float x) {
  return std::log(x);
}
float tanh_of(float x) {
  return std::tanh(x);
}
float sqrt_of(float x) {
  return std::sqrt(x);
}
float cos_of(float x) {
  return std::cos(x);
}
std::uint64_t nanoseconds() {
  static std::uint64_t clock = 0;  // every look takes a while
  return clock += 10;
}

void copy_async(void* shared, const void* global, bool valid) {
  simt::check_shared(shared);
  now->fibers[now->thread].open.push_back({shared, valid ? global : nullptr});
}
void commit_copies() {
  simt::Fiber& self = now->fibers[now->thread];
  self.groups.push_back(std::move(self.open));
  self.open.clear();
}
void wait_for_copies_but(int newest) {
  auto& groups = now->fibers[now->thread].groups;
  while (groups.size() > static_cast<std::size_t>(newest)) {
    for (const simt::PendingCopy& copy : groups.front()) {
      now->fibers[now->thread].unseen = true;
      if (copy.from != nullptr) {
        std::memcpy(copy.to, copy.from, 16);
      } else {
        std::memset(copy.to, 0, 16);
      }
    }
    groups.erase(groups.begin());
  }
}

// PTX ISA, ldmatrix: lane l gets elements 2 (l % 4) and the next of row l / 4.
void load_matrices(std::uint32_t (&r)[4], const void* row) {
  const auto all = simt::matrices(row);
  const unsigned lane = now->thread % simt::kWarp, column = 2 * (lane % 4);
  for (unsigned i = 0; i < 4; ++i) r[i] = simt::word(all[i][lane / 4][column], all[i][lane / 4][column + 1]);
}
void load_matrices_transposed(std::uint32_t (&r)[4], const void* row) {
  const auto all = simt::matrices(row);
  const unsigned lane = now->thread % simt::kWarp, column = 2 * (lane % 4);
  for (unsigned i = 0; i < 4; ++i) r[i] = simt::word(all[i][column][lane / 4], all[i][column + 1][lane / 4]);
}

std::uint32_t shared_address(const void* pointer) {
  return static_cast<std::uint32_t>(static_cast<const unsigned char*>(pointer) - now->shared);
}
void show_to_tensor_cores() {
  now->fibers[now->thread].unseen = false;
}

// PTX ISA, wgmma.m64nNk16: sums over lanes as mma.sync's, 16 rows a warp. The left from
// shared memory, both with k along a row; or from registers, the right with k down its rows.
void multiply_64(float (*sum)[4], int tiles, std::uint64_t left, std::uint64_t right) {
  simt::check_seen();
  const simt::Matrix a(left), b(right);
  const unsigned lane = now->thread % simt::kWarp, first = now->thread / simt::kWarp % 4 * 16;
  for (unsigned t = 0; t < static_cast<unsigned>(tiles); ++t)
    for (unsigned i = 0; i < 4; ++i)
      for (unsigned k = 0; k < 16; ++k)
        sum[t][i] += a.at(first + lane / 4 + i / 2 * 8, k) * b.at(8 * t + lane % 4 * 2 + i % 2, k);
}
void multiply_64(float (*sum)[4], int tiles, const std::uint32_t (&left)[4], std::uint64_t right) {
  simt::check_seen();
  const simt::Matrix b(right);
  const unsigned lane = now->thread % simt::kWarp;
  const auto& given = exchange(&left, sizeof left);
  for (unsigned i = 0; i < 4; ++i) {
    for (unsigned k = 0; k < 16; ++k) {
      std::uint32_t of[4];
      std::memcpy(of, given[lane / 4 * 4 + k % 8 / 2].data(), sizeof of);
      const float a = simt::bf16_at(of[i / 2 + k / 8 * 2], k % 2);
      for (unsigned t = 0; t < static_cast<unsigned>(tiles); ++t)
        sum[t][i] += a * b.at(k, 8 * t + lane % 4 * 2 + i % 2);
    }
  }
}

// PTX ISA, mma.m16n8k16 with 16-bit floats. With group g = lane / 4 and t = lane % 4:
//   a: row g (words 0, 2) or g + 8 (1, 3); columns 2t + {0, 1}, + 8 in words 2 and 3
//   b: column g; rows 2t + {0, 1}, + 8 in word 1
//   c: row g (0, 1) or g + 8 (2, 3); columns 2t + {0, 1}
void multiply_add(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1) {
  simt::Operands mine{{a[0], a[1], a[2], a[3]}, {b0, b1}};
  const auto& given = exchange(&mine, sizeof mine);
  const unsigned lane = now->thread % simt::kWarp;
  for (unsigned i = 0; i < 4; ++i) {
    const unsigned row = lane / 4 + 8 * (i / 2), column = 2 * (lane % 4) + i % 2;
    for (unsigned k = 0; k < 16; ++k) {
      const unsigned holder = k % 8 / 2, upper = k / 8;
      const auto of_a = taken<simt::Operands>(given[row % 8 * 4 + holder]);
      const auto of_b = taken<simt::Operands>(given[column * 4 + holder]);
      c[i] += simt::bf16_at(of_a.a[row / 8 + 2 * upper], k % 2) * simt::bf16_at(of_b.b[upper], k % 2);
    }
  }
}

}  // namespace orrery::validate::cuda
