"""Claims about training large models as guides tell them, each with the computation that settles it.

A computation takes the program (claims_program.py) and gives a number; where it asks the program nothing, it is
arithmetic on figures that the claim itself names. `verdict` is one of VERDICTS; all but `right` say why.
"""
from collections import namedtuple

VERDICTS = ("right", "approximate", "plausible", "optimistic", "disputed", "wrong")
Claim = namedtuple("Claim", "id says quoted compute unit verdict why")
GB, TB = 1e9, 1e12


def state(o, scheme=(1, 1, 1), **where):
    """Bytes a parameter of the chosen parts."""
    return sum(part * bytes_ for part, bytes_ in zip(scheme, o.state_bytes(**where)))


def option(o, billions, degrees, optimizer_ranks):
    """GB of parameters, gradients and optimizer states on a rank that holds one of `degrees` parts."""
    parameters, gradients, optimizer = o.state_bytes()
    return [billions * x / degrees for x in (parameters, gradients, optimizer / optimizer_ranks)]


def largest_layer(o):
    """GB of the largest layer of a 70B Llama in 16 bits: what two depths of the model differ by."""
    llama = {"hidden": 8192, "ffn": 28672, "heads": 64, "kv_heads": 8, "vocab": 32000, "activation": "swiglu", "norm": "rmsnorm",
             "positions": "rope", "tied_embeddings": False}
    return 2 * (o.parameters({"layers": 2, **llama}) - o.parameters({"layers": 1, **llama})) / GB


def idle(o, name, p, m, costs="1,1,1,0", **options):
    """What the busiest window of a rank waits, over it."""
    drawn = o.schedule(name, p, m, costs, **options)
    return max(drawn["idle_inside_window"]) / drawn["longest_rank_window"]


def speedup(o, name, p, m):
    """Of a schedule over 1f1b at equal costs, window against window."""
    return o.schedule("1f1b", p, m)["longest_rank_window"] / o.schedule(name, p, m)["longest_rank_window"]


CLAIMS = [
    Claim("SC001", "70B parameters take 140 GB in bf16", "140 GB", lambda o: 70 * state(o, (1, 0, 0)), "GB", "right", ""),
    Claim("SC002", "Training 70B can take more than 1.4 TB", "1.4 TB", lambda o: 70e9 * (state(o) + 4) / TB, "TB", "approximate",
          "16 bytes a parameter are 1.12 TB; 1.4 needs fp32 gradients beside 16-bit ones (20 bytes), or activations on top"),
    Claim("SC003", "70B with optimizer states takes over 1 TB", "1 TB", lambda o: 70e9 * state(o) / TB, "TB", "right", ""),
    Claim("SC004", "A pipeline of 8 stages and 32 micro-batches is 82 % busy", "0.82", lambda o: 1 - idle(o, "gpipe", 8, 32), "",
          "right", ""),
    Claim("SC005", "An A100 has 600 GB/s of NVLink", "600 GB/s", lambda o: 2 * o.nvlink("nvlink3"), "GB/s", "right",
          "both directions together"),
    Claim("SC006", "Experts save up to 97 % of the FLOPs", "0.97", lambda o: 1 - 8 / 256, "", "approximate",
          "of the experts alone; of the whole of DeepSeek-V3 1 - 37/671 = 94.5 %"),
    Claim("SC007", "tp 8, pp 8, dp 4 are 256 GPUs", "256", lambda o: o.gpus(tp=8, pp=8, dp=4), "GPUs", "right", ""),
    Claim("SC008", "One stage of half the speed makes the others wait", "chronic", lambda o: 1 - 1 / 2, "", "right",
          "in the steady state each other stage is idle half of the time"),
    Claim("SC009", "175B with mixed-precision Adam takes over 2 TB", "2 TB", lambda o: 175e9 * state(o) / TB, "TB", "right", ""),
    Claim("SC010", "512 V100 at 76 % of 39 TFLOP/s are 15.1 PFLOP/s", "15.1 PFLOP/s", lambda o: 512 * 39e12 * .76 / 1e15, "PFLOP/s",
          "right", ""),
    Claim("SC011", "39 TFLOP/s are 30 % of a V100's peak", "0.30", lambda o: 39 / 130, "", "right",
          "of 130 (SXM3); of our V100 SXM2's 125 it is 31 %"),
    Claim("SC012", "The states of 70B take 1.12 TB", "1.12 TB", lambda o: 70e9 * state(o) / TB, "TB", "right", ""),
    Claim("SC013", "A tensor-parallel MLP sums once forward and once backward", "1 + 1", lambda o: 2, "all-reduces forward", "right",
          "the layer as a whole does twice each"),
    Claim("SC014", "GPipe is idle for (S - 1)/M of the time", "(S - 1)/M", lambda o: o.schedule("gpipe", 8, 32)["bubble_ratio"], "",
          "approximate", "that is the ratio to the time of the work; of all the time it is (S - 1)/(M + S - 1)"),
    Claim("SC015", "PipeDream-2BW is also called PipeDream-Flush", "the same", None, "", "wrong",
          "2BW keeps two weight versions and never drains; Flush keeps one and drains every batch"),
    Claim("SC016", "Zero-bubble schedules gain up to 23 % (H1) and 31 %", "1.23, 1.31", lambda o: speedup(o, "zb-h2", 16, 48), "x",
          "plausible", "at equal costs the bound is (m + p - 1)/m; 23 % is past H1's bound there, since real costs differ"),
    Claim("SC017", "Sequence parallelism moves no more bytes", "equal",
          lambda o: o.moved_by_layers(tp=8, sequence_parallel=True) / o.moved_by_layers(tp=8, sequence_parallel=False) - 1,
          "more", "right", "in the layers, if inputs are not gathered again for weight gradients"),
    Claim("SC018", "Sequence parallelism divides activations by the tensor-parallel degree", "t", None, "", "right",
          "where tensor parallelism alone does not reach; the whole layer goes from 10 + 24/t to 34/t: 3.06 times less at t = 8"),
    Claim("SC019", "128K tokens over cp 16 leave 8K each", "8K", lambda o: 131072 / 16, "tokens", "right", ""),
    Claim("SC020", "tp 8, pp 4, dp 2 fill 8 nodes of 8", "64", lambda o: o.gpus(tp=8, pp=4, dp=2), "GPUs", "right", ""),
    Claim("SC021", "502 PFLOP/s on 3,072 A100 are 52 % of peak", "0.52", lambda o: 502e3 / 3072 / o.peak("dgx-a100"), "of peak",
          "right", ""),
    Claim("SC022", "16,384 GPUs at tp 8, pp 16, cp 16 leave dp 8", "", lambda o: 16384 / o.gpus(tp=8, pp=16, cp=16), "DP", "right",
          "128 at cp 1"),
    Claim("SC023", "400 TFLOP/s are 57 % of an H100's bf16 peak", "0.57", lambda o: 400 / o.peak("dgx-h100"), "of peak", "wrong",
          "40 %: the dense peak is 989, and the published 380 to 430 are 38 to 43 %"),
    Claim("SC024", "Llama 3 405B reached 380 TFLOP/s at 128K", "380", lambda o: 380 / o.peak("dgx-h100"), "of peak", "right", ""),
    Claim("SC025", "Training Llama 3 405B took 3.8e25 FLOPs", "3.8e25", lambda o: 6 * 405e9 * 15.6e12, "FLOP", "right",
          "with 15.6T tokens; the 15T told beside it give 3.645e25"),
    Claim("SC026", "Llama 3 405B was trained on 15T tokens", "15e12", lambda o: 15.6e12, "tokens", "approximate", "15.6T give its 3.8e25 FLOPs"),
    Claim("SC027", "3.8e25 FLOPs on 16,384 GPUs at 400 TFLOP/s take months", "months",
          lambda o: 3.8e25 / (16384 * 400e12) / 86400, "days", "approximate", "67 days of nothing but work"),
    Claim("SC028", "ep 64 spans 8 nodes", "8", lambda o: 64 / 8, "nodes", "right", ""),
    Claim("SC029", "DeepSeek-V3 ran pp 16 on 2,048 GPUs", "", lambda o: 2048 / o.gpus(pp=16), "ranks per stage", "right", "2 x ep 64"),
    Claim("SC030", "DeepSeek-V3 was trained with tensor parallelism", "yes", None, "", "disputed",
          "its report (arXiv:2412.19437, 3.2) names pp 16, ep 64 and ZeRO-1, and says that tensor parallelism was avoided"),
    Claim("SC031", "ZeRO-1 saves up to 4 times", "4x", lambda o: state(o) / state(o, (1, 1, 0)), "x", "right",
          "of all states, towards many ranks"),
    Claim("SC032", "ZeRO-2 saves up to 8 times", "8x", lambda o: state(o) / state(o, (1, 0, 0)), "x", "right",
          "of all states, towards many ranks"),
    Claim("SC033", "ZeRO-3 saves N times", "N x", lambda o: state(o) / state(o, zero=3, dp=8), "x at N = 8", "right", ""),
    Claim("SC034", "ZeRO-3 moves 1.5 times what data parallelism does", "1.5x", lambda o: o.moved(dp=8, zero=3) / o.moved(dp=8, zero=1),
          "x", "right", ""),
    Claim("SC035", "ZeRO-1 and 2 move what data parallelism does", "1x", lambda o: o.moved(dp=8, zero=1) / o.moved(dp=8, zero=0), "x",
          "right", ""),
    Claim("SC036", "ZeRO-1 cuts optimizer memory by up to 4", "4x",
          lambda o: state(o, (0, 0, 1)) / state(o, (0, 0, 1), zero=1, dp=8), "x at N = 8", "wrong",
          "the optimizer's part shrinks N times; 4 is the limit of all states together"),
    Claim("SC037", "PCIe 5 x16 carries 64 GB/s each way", "64 GB/s", lambda o: 32 * 16 / 8 * 128 / 130, "GB/s", "approximate",
          "63.0 after line coding"),
    Claim("SC038", "18 NVLinks 4 are 900 GB/s", "900", lambda o: 2 * o.nvlink("nvlink4"), "GB/s", "right",
          "both directions; 25 GB/s a link each way"),
    Claim("SC039", "18 NVLinks 5 are 1.8 TB/s", "1800", lambda o: 2 * o.nvlink("nvlink5"), "GB/s", "right", ""),
    Claim("SC040", "An NVL72 domain has 130 TB/s", "130", lambda o: 72 * 2 * o.nvlink("nvlink5") / 1e3, "TB/s", "right", ""),
    Claim("SC041", "NDR's 400 Gb/s are 50 GB/s", "50", lambda o: 400 / 8, "GB/s", "right", ""),
    Claim("SC042", "XDR's 800 Gb/s are 100 GB/s", "100", lambda o: 800 / 8, "GB/s", "right", ""),
    Claim("SC043", "Full recomputation costs about a third", "0.33", lambda o: o.recompute_overhead(), "", "right",
          "of the matrix products"),
    Claim("SC044", "Checkpoints every sqrt(n) layers keep O(sqrt n)", "sqrt",
          lambda o: min(k + 64 / k for k in range(1, 65)), "units at n = 64", "right",
          "checkpoints a layer, as frameworks do it, keep n"),
    Claim("SC045", "Mixed precision halves weight memory", "0.5",
          lambda o: 1 - state(o) / sum(o.state_bytes(precision="fp32")), "saved", "wrong",
          "16 bytes a parameter either way, with the master copy; only activations and the working copy halve"),
    Claim("SC046", "An H100 does 989 TFLOP/s in bf16 and 67 in fp32", "989, 67",
          lambda o: o.peak("dgx-h100") / 67, "x", "right", ""),
    Claim("SC047", "FP8 saves three quarters against fp32", "0.75", lambda o: 1 - 1 / 4, "", "right", "a tensor"),
    Claim("SC048", "ZeRO-Infinity fits 30T parameters on 32 DGX-2", "30e12", lambda o: 30e12 * (state(o) + 4) / TB, "TB of state",
          "plausible", "it takes about 18.75 TB of NVMe a node"),
    Claim("SC049", "TorchTitan gains 65 %, 12.6 % and 30 %", "1.65, 1.126, 1.30", None, "", "disputed",
          "the repository's later tables have other runs: 8380/5605, 876/829, 128/100"),
    Claim("SC050", "Mixtral 8x7B has 46.7B parameters", "46.7B", lambda o: o.parameters("mixtral-8x7b") / 1e9, "B", "right", ""),
    Claim("SC051", "12.9B of Mixtral 8x7B are active", "12.9B", lambda o: o.active_parameters("mixtral-8x7b") / 1e9, "B", "right", ""),
    Claim("SC052", "DeepSeek-V3 has 671B parameters", "671B", lambda o: o.parameters({"preset": "deepseek-v3", "mtp_layers": 0}) / 1e9, "B", "right",
          "without its multi-token-prediction module"),
    Claim("SC053", "37B of DeepSeek-V3 are active", "37B", lambda o: o.active_parameters({"preset": "deepseek-v3", "mtp_layers": 0}) / 1e9, "B", "right",
          "37.6B with both embeddings, 36.6B with the head's alone"),
    Claim("SC054", "Inference of 70B needs tp 4 or 8", "4 or 8", lambda o: -(-70 * state(o, (1, 0, 0)) // 80), "GPUs at least",
          "approximate", "two devices of 80 GB hold the weights; the key-value cache asks for more"),
    Claim("SC055", "Pipelines are idle for (S - 1)/M", "(S - 1)/M", lambda o: o.schedule("1f1b", 8, 32)["bubble_ratio"], "",
          "approximate", "as above: to the time of the work"),
    Claim("SC056", "64 H100 as dp 8, tp 8 and any pp", "64", lambda o: 64 / o.gpus(tp=8, dp=8), "pp", "wrong",
          "dp 8 x tp 8 are 64 already: no pipeline is left"),
    Claim("SC057", "3D parallelism gives 50 to 60 % MFU beyond 100B", "0.5-0.6", lambda o: 400 / o.peak("dgx-h100"), "of an H100's peak",
          "optimistic", "published: 52 % on A100 (502 PFLOP/s), 38 to 43 % on H100 (Llama 3)"),
    Claim("SC058", "70B takes 140 GB in fp16", "140 GB", lambda o: 70 * state(o, (1, 0, 0)), "GB", "right", ""),
    Claim("SC059", "25K columns over 8 ranks", "3125", lambda o: 25000 / 8, "columns", "right", ""),
    Claim("SC060", "80 layers over 8 stages", "10", lambda o: 80 / 8, "layers", "right", ""),
    Claim("SC061", "70B unsharded takes 700 GB", "700 GB", lambda o: 70 * state(o), "GB", "wrong",
          "five times the weights leave out half of the optimizer; 16 bytes a parameter are 1,120 GB"),
    Claim("SC062", "70B sharded over 16 GPUs takes 44 GB of states each", "44 GB", lambda o: 70 * state(o) / 16, "GB", "wrong",
          "70 GB: it follows from the 700"),
    Claim("SC063", "Gathering the largest layer takes 2 GB", "2 GB", largest_layer, "GB", "approximate",
          "and FSDP holds two of them while it prefetches"),
    Claim("SC064", "70B sharded over 16 GPUs takes 56 GB in all, which fits", "56 GB", lambda o: 70 * state(o) / 16 + largest_layer(o) + 10, "GB", "wrong",
          "with 16 bytes a parameter and 10 GB of activations it does not fit in 80 GB"),
    Claim("SC065", "tp 4 holds 35 GB of parameters", "35 GB", lambda o: option(o, 70, 4, 1)[0], "GB", "right", ""),
    Claim("SC066", "tp 4 holds 210 GB of optimizer states", "210 GB", lambda o: option(o, 70, 4, 1)[2], "GB", "right", ""),
    Claim("SC067", "tp 4 with ZeRO-1 over 4 holds 53 GB of them", "53 GB", lambda o: option(o, 70, 4, 4)[2], "GB", "right", ""),
    Claim("SC068", "That is 133 GB in all", "133 GB", lambda o: sum(option(o, 70, 4, 4)) + 10, "GB", "right", "with 10 GB of activations"),
    Claim("SC069", "tp 4, pp 2 hold 17.5 GB of parameters", "17.5 GB", lambda o: option(o, 70, 8, 1)[0], "GB", "right", ""),
    Claim("SC070", "tp 4, pp 2 hold 105 GB of optimizer states", "105 GB", lambda o: option(o, 70, 8, 1)[2], "GB", "right", ""),
    Claim("SC071", "tp 4, pp 2 with ZeRO-1 over 2 hold 52.5 GB of them", "52.5 GB", lambda o: option(o, 70, 8, 2)[2], "GB", "right", ""),
    Claim("SC072", "tp 4, pp 4 hold 8.75 GB of parameters", "8.75 GB", lambda o: option(o, 70, 16, 1)[0], "GB", "right", ""),
    Claim("SC073", "tp 4, pp 4 hold 52.5 GB of optimizer states", "52.5 GB", lambda o: option(o, 70, 16, 1)[2], "GB", "right", ""),
    Claim("SC074", "tp 4, pp 4 take 80 GB in all, which fits", "80 GB", lambda o: sum(option(o, 70, 16, 1)) + 10, "GB", "right",
          "80 decimal GB are 74.5 GiB: they fit an 80 GiB device before context, NCCL and fragmentation (1 to 3 GiB)"),
    Claim("SC075", "GPU r starts micro-batch 0 in slot r + 1", "t1 to t4", lambda o: o.first_start(3), "slots, r = 3", "right", ""),
    Claim("SC076", "Pipeline bubbles cannot be eliminated", "never", lambda o: max(o.schedule("zb-v", 8, 32)["idle_inside_window"]),
          "idle", "wrong", "zero-bubble schedules leave no idle slot inside a rank's window; what stays is the skew of (p - 1) forwards"),
    Claim("SC077", "A stage of 8 holds an eighth of the model", "1/8", lambda o: 1 / 8, "", "approximate",
          "of the layers: embedding and head make the ends heavier"),
]
