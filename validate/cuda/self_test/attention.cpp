#include "validate/cuda/self_test/attention.h"

#include "validate/cuda/attention/attention.h"
#include "validate/cuda/self_test/numbers.h"

namespace orrery::validate {
namespace {

// One head of attention with its gradients, in double.
struct Head {
  int queries, keys, dim, value_dim;
  Numbers o, dq, dk, dv;

  Head(const cuda::AttentionTensors& t, int dims, int value_dims, const std::vector<Bf16>& q,
       const std::vector<Bf16>& k, const std::vector<Bf16>& v, const std::vector<Bf16>& d_o)
      : queries(t.queries), keys(t.keys), dim(dims), value_dim(value_dims) {
    const auto at = [](const std::vector<Bf16>& x, int row, int width, int i) {
      return value_of(x[place(row, width, i)]);
    };
    const auto of = [](Numbers& x, int row, int width, int i) -> double& { return x[place(row, width, i)]; };
    o.resize(place(queries, value_dim));
    dq.resize(place(queries, dim));
    dk.resize(place(keys, dim));
    dv.resize(place(keys, value_dim));
    for (int i = 0; i < queries; ++i) {
      Numbers p(static_cast<std::size_t>(keys));
      double sum = 0, delta = 0;
      for (int j = 0; j < keys && j <= i; ++j) {
        double s = 0;
        for (int d = 0; d < dim; ++d) s += at(q, i, dim, d) * at(k, j, dim, d);
        sum += p[static_cast<std::size_t>(j)] = std::exp(s * static_cast<double>(t.scale));
      }
      for (double& x : p) x /= sum;
      for (int d = 0; d < value_dim; ++d) {
        for (int j = 0; j < keys; ++j)
          of(o, i, value_dim, d) += p[static_cast<std::size_t>(j)] * at(v, j, value_dim, d);
        delta += of(o, i, value_dim, d) * at(d_o, i, value_dim, d);
      }
      for (int j = 0; j < keys && j <= i; ++j) {
        const double pij = p[static_cast<std::size_t>(j)];
        double dp = 0;
        for (int d = 0; d < value_dim; ++d) {
          dp += at(d_o, i, value_dim, d) * at(v, j, value_dim, d);
          of(dv, j, value_dim, d) += pij * at(d_o, i, value_dim, d);
        }
        const double ds = pij * (dp - delta) * static_cast<double>(t.scale);
        for (int d = 0; d < dim; ++d) {
          of(dq, i, dim, d) += ds * at(k, j, dim, d);
          of(dk, j, dim, d) += ds * at(q, i, dim, d);
        }
      }
    }
  }
};

// Tensors of `heads` equal query heads that share a head of keys.
struct Heads {
  static constexpr int kTokens = 200;  // no multiple of a tile

  int heads, dim, value_dim;
  Buffer<Bf16> q, k, v, o, d_o, dq, dk, dv, dk_parts, dv_parts;
  Buffer<float> log_sum, delta;

  Heads(cuda::Faults& faults, int count, int dims, int value_dims)
      : heads(count),
        dim(dims),
        value_dim(value_dims),
        q(faults, size(count * dims)),
        k(faults, size(dims)),
        v(faults, size(value_dims)),
        o(faults, size(count * value_dims)),
        d_o(faults, size(count * value_dims)),
        dq(faults, size(count * dims)),
        dk(faults, size(dims)),
        dv(faults, size(value_dims)),
        dk_parts(faults, size(count * dims)),
        dv_parts(faults, size(count * value_dims)),
        log_sum(faults, size(count)),
        delta(faults, size(count)) {}

  static std::size_t size(int width) { return place(kTokens, width); }

  // Every head of a token as `one` has it.
  static void repeat(Buffer<Bf16>& to, const std::vector<Bf16>& one, int width) {
    const std::size_t times = to.host.size() / one.size(), w = static_cast<std::size_t>(width);
    for (std::size_t i = 0; i < to.host.size(); ++i) to.host[i] = one[i / (w * times) * w + i % w];
    to.to_device();
  }

  cuda::AttentionTensors tensors() const {
    cuda::AttentionTensors t{q.device,   k.device,     v.device,  o.device,  log_sum.device,
                             d_o.device, delta.device, dq.device, dk.device, dv.device};
    t.queries = t.keys = kTokens;
    t.heads = t.parts = heads;
    t.kv_heads = 1;
    t.scale = 1.0f / std::sqrt(static_cast<float>(dim));
    t.dk_parts = dk_parts.device;
    t.dv_parts = dv_parts.device;
    return t;
  }

  void run(cuda::Faults& faults) const {
    faults.ok(cuda::launch_attention_forward(tensors(), dim, value_dim, 1, nullptr), "attention");
    faults.ok(cuda::launch_attention_backward(tensors(), dim, value_dim, 1, nullptr), "attention backward");
    faults.ok(cudaDeviceSynchronize(), "attention");
  }
};

}  // namespace

std::vector<SelfTestLine> check_attention(cuda::Faults& faults, int dim, int value_dim) {
  Heads one(faults, 1, dim, value_dim), two(faults, 2, dim, value_dim);
  fill(one.q, 3);
  fill(one.k, 4);
  fill(one.v, 5);
  fill(one.d_o, 6);
  Heads::repeat(two.q, one.q.host, dim);
  Heads::repeat(two.d_o, one.d_o.host, value_dim);
  Heads::repeat(two.k, one.k.host, dim);
  Heads::repeat(two.v, one.v.host, value_dim);
  one.run(faults);
  two.run(faults);
  const Head wanted(one.tensors(), dim, value_dim, one.q.host, one.k.host, one.v.host, one.d_o.host);
  const std::string name = "attention, heads of " + std::to_string(dim) + " and " + std::to_string(value_dim) + ": ";
  std::vector<SelfTestLine> lines;
  const auto compare = [&](const char* what, Buffer<Bf16>& got, const Numbers& reference, double times) {
    got.to_host();
    Difference difference;
    for (std::size_t i = 0; i < reference.size(); ++i) difference.add(times * reference[i], value_of(got.host[i]));
    lines.push_back(difference.line(name + what, times > 1 ? 0.08 : 0.06));
  };
  compare("output", one.o, wanted.o, 1);
  compare("query gradient", one.dq, wanted.dq, 1);
  compare("key gradient", one.dk, wanted.dk, 1);
  compare("value gradient", one.dv, wanted.dv, 1);
  compare("key gradient, by two blocks", two.dk, wanted.dk, 2);
  compare("value gradient, by two blocks", two.dv, wanted.dv, 2);
  return lines;
}

}  // namespace orrery::validate
