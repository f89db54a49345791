#include "interop/import/megatron/arguments.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace orrery::interop {
namespace {

// Options that say nothing of what a step costs: data, learning rate, logging, files;
// and those whose cost is the software's habit (fused kernels).
constexpr std::string_view kNoCost[] = {"accumulate-allreduce",
                                        "adam-",
                                        "apply-layernorm",
                                        "attention-dropout",
                                        "attention-softmax",
                                        "bias-",
                                        "calculate-",
                                        "ckpt-",
                                        "clip-grad",
                                        "cross-entropy",
                                        "data-",
                                        "dataloader",
                                        "decoupled-",
                                        "deterministic",
                                        "disable-log",
                                        "distributed-",
                                        "empty-",
                                        "eval-",
                                        "exit-",
                                        "finetune",
                                        "fp8-amax",
                                        "fp8-margin",
                                        "init-method",
                                        "initial-",
                                        "kv-channels",
                                        "load",
                                        "log-",
                                        "loss-scale",
                                        "lr",
                                        "manual-gc",
                                        "master",
                                        "max-position",
                                        "merge-file",
                                        "min-",
                                        "mock-data",
                                        "moe-aux",
                                        "moe-router",
                                        "moe-token",
                                        "moe-z",
                                        "mscale",
                                        "no-bias",
                                        "no-create",
                                        "no-gradient",
                                        "no-load",
                                        "no-masked",
                                        "no-mmap",
                                        "no-persist",
                                        "no-position",
                                        "no-rope",
                                        "no-save",
                                        "nnodes",
                                        "node",
                                        "norm-epsilon",
                                        "nproc",
                                        "num-workers",
                                        "override-",
                                        "profile",
                                        "qk-layernorm",
                                        "rampup",
                                        "rdzv",
                                        "rotary-",
                                        "save",
                                        "seed",
                                        "split",
                                        "step-batch",
                                        "tensorboard",
                                        "tiktoken",
                                        "timing",
                                        "tokenizer-",
                                        "train-",
                                        "transformer-impl",
                                        "use-mcore",
                                        "use-rope-scaling",
                                        "vocab-file",
                                        "wandb",
                                        "weight-decay"};

}  // namespace

bool costs_nothing(std::string_view name) {
  return std::any_of(std::begin(kNoCost), std::end(kNoCost),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

void put_arguments(const std::vector<ScriptWord>& words, Settings& settings) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view name = words[i].text;
    if (!name.starts_with("--") || name.size() < 3) continue;
    name.remove_prefix(2);
    std::string value;
    if (const std::size_t equals = name.find('='); equals != std::string_view::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    std::size_t next = i + 1;
    for (; next < words.size() && !words[next].text.starts_with("--") && !words[next].text.ends_with(".py"); ++next)
      value += (value.empty() ? "" : " ") + words[next].text;
    settings.put(std::string(name), std::string(value.substr(0, value.find_last_not_of(' ') + 1)), words[i].where);
    i = next - 1;
  }
}

bool put_log(const ForeignText& source, Settings& settings) {
  int line = 0;
  bool any = false;
  for (std::string_view rest = source.text; !rest.empty();) {
    std::string_view text = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    ++line;
    const std::size_t dots = text.find(" ...");
    const std::size_t value = dots == std::string_view::npos ? dots : text.find_first_not_of('.', dots + 1);
    if (value == std::string_view::npos || dots == 0 || value - dots < 8 || text[value] != ' ') continue;
    const std::size_t first = text.find_last_of(" :", dots - 1) + 1;  // 0 where nothing stands before it
    std::string name(text.substr(first, dots - first));
    std::replace(name.begin(), name.end(), '_', '-');
    std::string said(text.substr(std::min(text.find_first_not_of(' ', value), text.size())));
    said.resize(said.find_last_not_of(" \r") + 1);
    if (name.empty() || said == "None" || said == "False") continue;
    settings.put(std::move(name), said == "True" ? "" : said, {source.file, line, 1});
    any = true;
  }
  return any;
}

}  // namespace orrery::interop
