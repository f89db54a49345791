"""`orrery collective`: what nccl-tests would print."""
import json
import os

import support

ALL = ["all-reduce", "all-gather", "reduce-scatter", "all-to-all", "broadcast", "reduce", "gather", "scatter", "send-recv"]
H100 = ["--cluster", "dgx-h100"]
LOG = """\
#       size         count      type   redop    root     time   algbw   busbw #wrong     time   algbw   busbw #wrong
        1024           256     float     sum      -1    16.00    0.06    0.11      0    15.90    0.06    0.11      0
  1073741824     268435456     float     sum      -1   4038.8  265.86  465.25      0   4040.0  265.86  465.25      0
"""


class Collective(support.Case):
    def rows(self, *arguments):
        return json.loads(self.done("collective", *arguments, "--format", "json").stdout)["rows"]

    # A cube mesh whose rings hop over GPUs that no NVLink joins: the file's word counts, and it is slower.
    def test_rings_are_as_nccl_laid_them(self):
        def graph(*orders):
            channels = "".join("<channel>" + "".join(f'<gpu dev="{g}"/>' for g in order) + "</channel>" for order in orders)
            return self.scenario(f'<graphs version="1"><graph id="0" pattern="4" crossnic="0" nchannels="{len(orders)}" '
                                 'speedintra="20" speedinter="20" typeintra="NVL" typeinter="PIX" samechannels="1">'
                                 f'{channels}</graph></graphs>', "graph.xml")

        def time(*options, status=0):
            result = self.done("collective", "all-reduce", "--cluster", "dgx-1v", "--nodes", "1", "--bytes", "256M",
                               "--format", "json", *options, status=status)
            return result.stderr if status else json.loads(result.stdout)["rows"][0]["time_us"]

        found = time()
        own = [0, 3, 2, 1, 5, 6, 7, 4]  # over double links, all but two
        self.assertLess(found, time("--graph", graph([0, 5, 2, 7, 1, 4, 3, 6])))
        self.assertLessEqual(found, time("--graph", graph(own)))
        self.assertIn("a node of this cluster has GPUs 0 to 7", time("--graph", graph([0, 1, 2, 3]), status=3))
        self.assertIn("the group has 4 GPUs of node 0", time("--graph", graph(own), "--ranks", "0-3", status=3))
        self.assertIn("twice", time("--graph", graph([0, 3, 2, 1, 5, 6, 7, 7]), status=3))
        self.assertIn("holds no rings", time("--graph", self.scenario("<graphs version=\"1\"/>", "none.xml"), status=3))
        self.assertIn("not supported yet", time("--graph", graph(own), "--network", "chunk", status=2))

    # A server of four on PCIe: a ring that crosses between the sockets at each step is slower, and a file with trees
    # says how many channels there are.
    def test_graphs_of_a_server_on_pcie(self):
        def graph(ring, trees=()):
            def one(number, pattern, orders):
                channels = "".join("<channel>" + "".join(f'<gpu dev="{g}"/>' for g in order) + "</channel>" for order in orders)
                return (f'<graph id="{number}" pattern="{pattern}" crossnic="0" nchannels="{len(orders)}" speedintra="12" '
                        f'speedinter="12" typeintra="SYS" typeinter="PIX" samechannels="0">{channels}</graph>')
            trees = one(1, 1, trees) if trees else ""
            return self.scenario(f'<graphs version="1">{one(0, 4, [ring, ring])}{trees}</graphs>', "graph.xml")

        def row(*options):
            return self.rows("all-reduce", "--cluster", "l40s-4gpu", "--nodes", "1", "--bytes", "256M", *options)[0]

        near, far = row("--graph", graph([0, 1, 2, 3])), row("--graph", graph([0, 2, 1, 3]))
        self.assertLess(near["time_us"], far["time_us"])
        self.assertEqual(near["channels"], 4)
        self.assertEqual(row("--graph", graph([0, 1, 2, 3], [[3, 2, 1, 0]]))["channels"], 2)
        options = "--algo", "tree", "--graph"
        near, far = (row(*options, graph([0, 1, 2, 3], [order] * 2)) for order in ([0, 1, 2, 3], [0, 2, 1, 3]))
        self.assertEqual(near["algorithm"], "tree")
        self.assertLess(near["time_us"], far["time_us"])

    def test_every_operation_has_the_contracts_columns(self):
        columns = {"bytes", "time_us", "algbw_GBps", "busbw_GBps", "algorithm", "protocol", "channels", "busiest_link"}
        for operation in ALL:
            rows = self.rows(operation, *H100, "--nodes", 2, "-b", "8", "-e", "8G", "-f", 32)
            self.assertEqual([row["bytes"] for row in rows], [8 * 32**i for i in range(7)])
            for row in rows:
                self.assertEqual(set(row), columns)
                self.assertGreater(row["time_us"], 0)
            self.assertEqual(sorted(row["time_us"] for row in rows), [row["time_us"] for row in rows], operation)

    def test_bus_bandwidth_is_nccl_tests(self):
        factors = {"all-reduce": 2 * 15 / 16, "all-gather": 15 / 16, "all-to-all": 15 / 16, "broadcast": 1, "send-recv": 1}
        for operation, factor in factors.items():
            [row] = self.rows(operation, *H100, "--nodes", 2, "--bytes", "1G")
            self.assertAlmostEqual(row["algbw_GBps"], 2**30 / row["time_us"] / 1e3, places=6)
            self.assertAlmostEqual(row["busbw_GBps"], row["algbw_GBps"] * factor, places=6)

    def test_analytic_and_flow_agree_on_an_idle_fabric(self):
        for operation in ALL:
            both = [self.rows(operation, *H100, "--nodes", 4, "--network", network) for network in ["analytic", "flow"]]
            for analytic, flow in zip(*both):
                self.assertLess(abs(analytic["time_us"] / flow["time_us"] - 1), 0.001, (operation, flow))
                self.assertEqual(analytic["busiest_link"], flow["busiest_link"])

    def test_textbook_algorithms_run_on_request(self):
        hand = [("all-reduce", ["two-level", "recursive-doubling", "halving-doubling", "one-shot", "two-shot"]),
                ("all-gather", ["two-level", "halving-doubling", "bruck"]), ("all-to-all", ["bruck"]),
                ("broadcast", ["binomial"])]
        for operation, algorithms in hand:
            for algorithm in algorithms:
                rows = self.rows(operation, *H100, "--nodes", 2, "--bytes", "1K,256M", "--algorithm", algorithm)
                self.assertEqual([row["algorithm"] for row in rows], 2 * [algorithm])
                self.assertLess(rows[0]["time_us"], rows[1]["time_us"])
                # 8 NICs of 48 GB/s stand between the nodes.
                self.assertLess(rows[1]["algbw_GBps"], 8 * 50)
        [torus] = self.rows("all-reduce", "--cluster", "tpu-v4", "--gpus", 64, "--bytes", "1G", "--algo", "torus-rings")
        [ring] = self.rows("all-reduce", "--cluster", "tpu-v4", "--gpus", 64, "--bytes", "1G", "--algo", "ring")
        self.assertLess(torus["time_us"], ring["time_us"])  # six links a chip, not one

    def test_an_algorithm_may_be_a_file(self):
        steps = self.scenario("step,from,to,share,times\n0,0,1,1/2,1\n0,1,0,1/2,1\n1,0,1,0.5,1\n1,1,0,0.5,1\n", "pair.csv")
        [mine] = self.rows("all-reduce", *H100, "--ranks", "0,1", "--bytes", "1G", "--algo", steps)
        [halves] = self.rows("all-reduce", *H100, "--ranks", "0,1", "--bytes", "1G", "--algo", "halving-doubling")
        self.assertEqual((mine["algorithm"], mine["time_us"]), ("written", halves["time_us"]))
        wrong = self.done("collective", "all-reduce", *H100, "--ranks", "0", "--algo", steps, status=3)
        self.assertIn("2 ranks, but the group has 1", wrong.stderr)
        broken = self.scenario("step,from,to,share\n0,1,1,1\n", "broken.csv")
        self.assertIn("broken.csv:2:1", self.done("collective", "all-reduce", *H100, "--algo", broken, status=3).stderr)
        self.done("collective", "all-reduce", *H100, "--algo", self.path("absent.csv"), status=5)

    def test_parts_may_be_uneven(self):
        even = self.scenario("\n".join(8 * [",".join(8 * ["1048576"])]), "even.csv")
        lines = [8 * ["1048576"] for _ in range(8)]
        lines[3][5] = str(16 << 20)
        uneven = self.scenario("\n".join(map(",".join, lines)), "uneven.csv")
        [a], [b] = (self.rows("all-to-all", *H100, "--matrix", file) for file in (even, uneven))
        self.assertEqual((a["bytes"], b["bytes"]), (8 << 20, 23 << 20))
        self.assertGreater(b["time_us"], 2 * a["time_us"])
        self.assertIn("--matrix", self.done("collective", "all-reduce", *H100, "--matrix", even, status=3).stderr)

    def test_rings_can_be_run_chunk_by_chunk(self):
        for operation in ["all-reduce", "all-gather"]:
            size = ["--nodes", 128, "--bytes", "1M,1G", "--algo", "ring", "--proto", "simple"]
            flow, chunk = (self.rows(operation, *H100, *size, "--network", network) for network in ["flow", "chunk"])
            for a, b in zip(flow, chunk):
                self.assertEqual(a["busiest_link"], b["busiest_link"])
                self.assertLess(abs(b["time_us"] / a["time_us"] - 1), 0.3, (operation, a, b))

    def test_sizes_and_ranks(self):
        self.assertEqual([row["bytes"] for row in self.rows("all-reduce", *H100, "--bytes", "1024,64K,3M")],
                         [1024, 65536, 3 << 20])
        whole = self.rows("all-gather", *H100, "--nodes", 1, "--bytes", "1M")
        self.assertEqual(whole, self.rows("all-gather", *H100, "--nodes", 2, "--ranks", "0-7", "--bytes", "1M"))
        self.assertEqual(self.rows("all-gather", *H100, "--nodes", 4, "--ranks", "0-31:8", "--bytes", "1M"),
                         self.rows("all-gather", *H100, "--nodes", 4, "--ranks", "0,8,16,24", "--bytes", "1M"))

    def test_one_rank_and_no_bytes_take_no_time(self):
        self.assertEqual(self.rows("all-reduce", *H100, "--ranks", "3", "--bytes", "1G")[0]["time_us"], 0)
        self.assertEqual(self.rows("all-reduce", *H100, "--bytes", "0")[0]["time_us"], 0)

    def test_what_nccl_chooses_can_be_overruled(self):
        # Seen on 8 H100: NVLS from 2 MiB on, ring LL below (ml-engineering, NCCL 2.27.7).
        small, large = self.rows("all-reduce", *H100, "--bytes", "1M,2M", "--nccl", "2.27.7")
        self.assertEqual((small["algorithm"], small["protocol"]), ("ring", "LL"))
        self.assertEqual(large["algorithm"], "nvls")
        [forced] = self.rows("all-reduce", *H100, "--bytes", "2M", "--algo", "Ring", "--proto", "simple")
        self.assertEqual((forced["algorithm"], forced["protocol"]), ("ring", "Simple"))

    # PAT gathers and scatters one rank a node, and nothing else.
    def test_what_cannot_run_is_remarked(self):
        asked = ["--bytes", "1M", "--algo", "pat"]
        self.assertIn("--algo pat does no such all-reduce", self.done("collective", "all-reduce", *H100, "--nodes", 2, *asked).stderr)
        self.assertEqual(self.done("collective", "all-gather", *H100, "--nodes", 2, "--gpus-per-node", 1, *asked).stderr, "")
        self.assertIn("--proto LL128 does no such all-to-all",
                      self.done("collective", "all-to-all", *H100, "--bytes", "1M", "--proto", "LL128").stderr)

    # What no preset has: switches that reduce. The file's nodes stand where no option says another number.
    def test_the_cluster_may_be_a_scenarios(self):
        file = self.scenario("cluster: {preset: dgx-h100, nodes: 4, fabric: {sharp: true}}\n")
        [row] = self.rows("all-reduce", "--cluster", file, "--bytes", "64M", "--algo", "collnet-chain")
        self.assertEqual((row["algorithm"], row["protocol"]), ("collnet-chain", "Simple"))
        [direct] = self.rows("all-reduce", "--cluster", file, "--bytes", "64M", "--algo", "CollnetDirect")
        self.assertEqual((direct["algorithm"], direct["protocol"]), ("collnet-direct", "Simple"))
        self.assertLess(direct["time_us"], row["time_us"])
        [more] = self.rows("all-reduce", "--cluster", file, "--nodes", 8, "--bytes", "64M", "--algo", "ring")
        [less] = self.rows("all-reduce", "--cluster", file, "--bytes", "64M", "--algo", "ring")
        self.assertGreater(more["busbw_GBps"] * more["time_us"], less["busbw_GBps"] * less["time_us"])  # 2(n-1)/n
        name = self.scenario("cluster: dgx-a100\n")
        self.assertEqual(self.rows("all-reduce", "--cluster", name, "--nodes", 1, "--bytes", "1M")[0]["channels"], 24)
        self.assertIn("has no 'cluster'", self.done("collective", "all-reduce", "--cluster",
                                                    self.scenario("model: llama-3.1-8b\n"), status=3).stderr)

    def test_a_log_stands_beside_its_prediction(self):
        log = self.scenario(LOG, "log.txt")
        plot = self.path("plot.svg")
        text = self.done("collective", "all-reduce", *H100, "--compare", log, "--plot", plot).stdout
        self.assertIn("measured", text)
        self.assertIn("median error", text)
        rows = self.rows("all-reduce", *H100, "--compare", log)
        self.assertEqual([row["bytes"] for row in rows], [1024, 1 << 30])
        self.assertAlmostEqual(rows[1]["error"], rows[1]["time_us"] / 4038.8 - 1)
        with open(plot, encoding="utf-8") as file:
            drawing = file.read()
        self.assertTrue(drawing.startswith("<svg"))
        self.assertEqual(drawing.count("<circle"), 2)

    def test_formats(self):
        for arguments in [[], ["--format", "csv"]]:
            text = self.done("collective", "all-reduce", *H100, "--bytes", "1M", *arguments).stdout
            self.assertIn("1048576", text)
            self.assertIn("channels", text)

    def test_mistakes_are_told(self):
        def told(status, *arguments):
            return self.done("collective", *arguments, status=status).stderr
        self.assertIn("did you mean 'all-reduce'?", told(2, "all-reduc", *H100))
        self.assertIn("rank 3 is in the group twice", told(3, "all-reduce", *H100, "--ranks", "3,0-4"))
        self.assertIn("outside the cluster of 8 GPUs", told(3, "all-reduce", *H100, "--ranks", "0-8"))
        self.assertIn("dgx-h100", told(3, "all-reduce", "--cluster", "dgx-h1000"))
        self.assertIn("no size", told(2, "all-reduce", *H100, "-b", "8X"))
        self.assertIn("no algorithm", told(2, "all-reduce", *H100, "--algo", "rng"))
        self.assertIn("2.18", told(3, "all-reduce", *H100, "--nccl", "2.3"))
        self.assertIn("--nodes", told(2, "all-reduce", *H100, "--nodes", 1, "--gpus", 8))
        self.assertIn("no row", told(3, "all-reduce", *H100, "--compare", self.scenario("hello", "x")))
        told(5, "all-reduce", *H100, "--compare", self.path("absent"))


support.main()
