"""orrery calibrate --kernels, and calibration: in a scenario."""
import json
import os
import shutil
import signal
import subprocess

import support


class Calibrate(support.Case):
    def kernels(self):
        rows = [f"bf16,{m},{n},{k},{2 * m * n * k / 5e14 * 1e6 + 4}" for m in (512, 1024, 4096) for n in (1024, 4096, 8192)
                for k in (1024, 2048, 4096)]
        path = self.path("gemm.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(["dtype,m,n,k,t_us", *rows]) + "\n")
        return path

    def test_without_a_gpu_and_without_tables_it_says_what_is_missing(self):
        result = self.done("calibrate", status=7)
        self.assertEqual(len(result.stderr.splitlines()), 1)

    def test_a_table_becomes_a_calibration_that_a_run_uses(self):
        calibration = self.path("mine.json")
        self.done("calibrate", "--gpu", "h100-sxm-80gb", "--kernels", self.kernels(), "-o", calibration)
        with open(calibration, encoding="utf-8") as file:
            document = json.load(file)
        self.assertLess(document["gemm"]["curve"]["bf16"]["fit_error"], 0.05)
        self.assertEqual(len(document["gemm"]["points"]), 27)
        scenario = self.scenario(support.SMALL + "calibration: mine.json\n")
        result = json.loads(self.done("run", scenario, "--format", "json").stdout)
        self.assertGreater(result["calibration"]["kernels_corrected"], 0)
        plain = json.loads(self.done("run", self.scenario(support.SMALL, "plain.yaml"), "--format", "json").stdout)
        self.assertNotEqual(result["step_time_s"], plain["step_time_s"])
        self.assertIn("mine.json", self.done("run", scenario).stdout)

    def test_the_shipped_file_is_found_by_its_name_and_a_run_says_what_it_is(self):
        scenario = self.scenario(support.SMALL + "calibration: synthetic-h100.json\n")
        result = json.loads(self.done("run", scenario, "--format", "json").stdout)
        self.assertTrue(any("nothing of it was measured" in line for line in result["warnings"]))
        self.assertTrue(result["calibration"]["contention_measured"])

    def test_transfers_in_a_log_time_those_of_a_run(self):
        log = self.path("all-gather.log")
        with open(log, "w", encoding="utf-8") as file:
            file.write("#  Rank  0 Group  0 Pid 1 on  node device  0 [0x07] NVIDIA H100\n"
                       "#  Rank  1 Group  0 Pid 1 on  node device  1 [0x0b] NVIDIA H100\n"
                       "#       size         count      type   redop    root     time   algbw   busbw #wrong\n")
            for size in (1 << n for n in range(10, 31, 4)):  # a link a hundred times slower than NVLink
                us = 20 + size / 2e9 * 1e6
                file.write(f"{size} {size // 4} float none -1 {us:.2f} {size / us / 1e3:.2f} {size / us / 1e3:.2f} 0\n")
        calibration = self.path("slow.json")
        self.done("calibrate", "--gpu", "h100-sxm-80gb", "--nccl-log", f"all-gather={log}", "-o", calibration)
        plain = json.loads(self.done("run", self.scenario(support.SMALL), "--format", "json").stdout)
        slow = self.scenario(support.SMALL + "calibration: slow.json\n", "slow.yaml")
        result = json.loads(self.done("run", slow, "--format", "json").stdout)
        self.assertGreater(result["calibration"]["transfers_measured"], 0)
        self.assertGreater(result["calibration"]["transfers_modelled"], 0)
        self.assertGreater(result["time"]["exposed_tp_s"], 10 * plain["time"]["exposed_tp_s"])
        self.assertIn("of transfers", self.done("run", slow).stdout)

    def test_intervals_hold_the_step_and_are_the_same_every_time(self):
        scenario = self.scenario(support.SMALL + "calibration: synthetic-h100.json\n")
        results = [json.loads(self.done("run", scenario, "--intervals", "--format", "json").stdout) for _ in range(2)]
        interval = results[0]["intervals"]["step_time_s"]
        self.assertEqual(results[0]["intervals"], results[1]["intervals"])
        self.assertLess(interval["low"], results[0]["step_time_s"])
        self.assertGreater(interval["high"], results[0]["step_time_s"])
        self.assertLess(interval["high"] / interval["low"], 1.2)
        self.assertIn("in 9 of 10 of 200 draws", self.done("run", scenario, "--intervals").stdout)

    def test_a_stand_in_is_measured_and_its_file_says_what_it_is(self):
        calibration = self.path("stand-in.json")
        scenario = self.scenario(support.SMALL + "calibration: stand-in.json\n")
        plan = self.scenario(support.SMALL, "plan.yaml")
        self.done("calibrate", plan, "--stand-in", "dgx-h100", "--gpus", "2", "-o", calibration)
        self.assertFalse(os.path.exists(calibration + ".blocks"))
        with open(calibration, encoding="utf-8") as file:
            document = json.load(file)
        self.assertEqual(document["machine"]["stand_in"], "dgx-h100")
        self.assertGreater(len(document["attention"]["points"]), 50)
        result = json.loads(self.done("run", scenario, "--format", "json").stdout)
        plain = json.loads(self.done("run", plan, "--format", "json").stdout)
        self.assertEqual(result["calibration"]["kernels_by_curve"] + result["calibration"]["kernels_corrected"], 0)
        self.assertAlmostEqual(result["step_time_s"] / plain["step_time_s"], 1, delta=0.03)
        self.assertTrue(any("nothing of it was measured" in line for line in result["warnings"]))

    def test_where_there_is_a_gpu_backend_it_goes_on_as_that(self):
        shutil.copy(support.ORRERY, self.path("orrery"))
        with open(self.path("orrery-gpu"), "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\n[ "$1" = info ] && echo 2 && exit\necho "$@"\nexit 9\n')
        os.chmod(self.path("orrery-gpu"), 0o755)

        def calibrate(*arguments):
            return subprocess.run([self.path("orrery"), "calibrate", "my.yaml", *arguments, "-o", "c.json"],
                                  capture_output=True, text=True, check=False)

        one = calibrate("--gpus", "1", "--gpu", "h200-sxm-141gb")
        self.assertEqual(one.returncode, 9)
        self.assertEqual(one.stdout, "calibrate --seed 1 --gpu-preset h200-sxm-141gb --output c.json my.yaml\n")
        both = calibrate()
        self.assertEqual(both.returncode, 9)
        processes = sorted(both.stdout.splitlines())
        self.assertEqual(len(processes), 2)
        for rank, line in enumerate(processes):
            self.assertTrue(line.startswith("calibrate --seed 1 --output c.json my.yaml "), line)
            self.assertIn(f"--rank {rank} --local-rank {rank} --world 2 --address 127.0.0.1 --port ", line)
        shared = calibrate("--virtual-ranks", "4", "--sms", "16", "--exact", "--minutes", "2")
        self.assertEqual(shared.stdout, "calibrate --seed 1 --minutes 2.000000 --output c.json --exact --virtual-ranks 4 "
                                        "--sms 16 my.yaml\n")
        many = calibrate("--gpus", "3")
        self.assertEqual(many.returncode, 7)
        self.assertIn("there are 2", many.stderr)

    def test_virtual_ranks_are_of_a_gpu(self):
        for arguments, told in ((["--virtual-ranks", "4", "--gpus", "2"], "--gpus"),
                                (["--sms", "16"], "--virtual-ranks"),
                                (["--exact"], "FILE"),
                                (["--gpu", "h100-sxm-80gb", "--kernels", "x.csv", "--virtual-ranks", "4"], "nothing is measured"),
                                (["--stand-in", "dgx-h100", "--virtual-ranks", "4"], "--gpus N")):
            run = support.orrery("calibrate", *arguments)
            self.assertEqual(run.returncode, 2, run.stderr)
            self.assertIn(told, run.stderr)

    def test_links_that_take_no_time_are_left_out(self):
        calibration = self.path("ideal.json")
        self.done("calibrate", "--stand-in", "ideal", "--gpus", "2", "-q", "-o", calibration)
        with open(calibration, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["collective"]["points"], [])

    def test_an_interrupted_run_goes_on(self):
        calibration = self.path("c.json")
        arguments = ["calibrate", "--stand-in", "dgx-h100", "--gpus", "2", "-o", calibration]
        running = subprocess.Popen([support.ORRERY, *arguments], stderr=subprocess.PIPE, text=True)
        for line in running.stderr:
            if "gemm.bf16" in line:
                running.send_signal(signal.SIGINT)
                break
        rest = running.stderr.read()
        running.stderr.close()
        self.assertEqual(running.wait(), 130)
        self.assertIn("the same command goes on", rest)
        self.assertFalse(os.path.exists(calibration))
        self.assertIn("01-peaks.json", os.listdir(calibration + ".blocks"))
        again = self.done(*arguments)
        self.assertNotIn("peaks: measuring", again.stderr)
        self.assertTrue(os.path.exists(calibration))

    def test_what_does_not_go_together_is_refused(self):
        kernels = self.kernels()
        for wrong in (["--gpu", "h100-sxm-80gb", "--stand-in", "dgx-h100"], ["--kernels", kernels],
                      ["--gpu", "h100-sxm-80gb", "--kernels", kernels, "--stand-in", "dgx-h100"],
                      ["--gpu", "h100-sxm-80gb", "--kernels", kernels, "--gpus", "2"]):
            self.done("calibrate", *wrong, status=2)
        self.assertIn("--stand-in: error: no preset",
                      self.done("calibrate", "--stand-in", "dgx-h900", status=3).stderr)
        self.done("calibrate", "--stand-in", "dgx-h100", "--seed", "-1", status=2)
        self.done("calibrate", "--stand-in", "dgx-h100", "-o", self.folder, status=5)
        nowhere = self.path("no/such/folder")
        self.done("calibrate", "--stand-in", "dgx-h100", "--gpus", "1", "-o", nowhere, status=5)
        self.assertFalse(os.path.exists(os.path.dirname(nowhere)))
        self.done("calibrate", "--stand-in", "dgx-h100", "--gpus", "99", status=3)
        other = self.scenario(support.SMALL)
        self.assertIn("what is measured is a100",
                      self.done("calibrate", other, "--stand-in", "dgx-a100", status=3).stderr)

    def test_faults_have_their_places(self):
        wrong = self.scenario(support.SMALL + "calibration: none.json\n")
        self.assertIn(f"{wrong}:6:14: error: there is no calibration file", self.done("run", wrong, status=5).stderr)
        other = self.scenario(support.SMALL.replace("dgx-h100", "dgx-a100") + "calibration: synthetic-h100.json\n")
        self.assertIn("was measured on h100-sxm-80gb, but the cluster has a100", self.done("run", other, status=3).stderr)
        with open(self.path("broken.json"), "w", encoding="utf-8") as file:
            file.write('{"schema": "orrery-calibration/1",\n "machine": {"gpu": "h100-sxm-80gb"}, "gemn": 1}')
        broken = self.scenario(support.SMALL + "calibration: broken.json\n")
        self.assertIn("broken.json:2:39: error: unknown key 'gemn'", self.done("run", broken, status=3).stderr)

    def test_wrong_tables_are_told_with_their_lines(self):
        table = self.path("wrong.csv")
        with open(table, "w", encoding="utf-8") as file:
            file.write("m,n,k,t_us\n1,2,3,4\n1,2,x,4\n1,2,3,-4\n")
        errors = self.done("calibrate", "--gpu", "h100-sxm-80gb", "--kernels", table, status=3).stderr
        self.assertIn("wrong.csv:3", errors)
        self.assertIn("wrong.csv:4", errors)
        mixed = self.path("mixed.csv")
        with open(mixed, "w", encoding="utf-8") as file:
            file.write("gpu,m,n,k,t_us\nb200,1,2,3,4\na100,1,2,3,9\n")
        self.assertIn("mixed.csv:3: error: is of gpu 'a100'",
                      self.done("calibrate", "--gpu", "h100-sxm-80gb", "--kernels", mixed, status=3).stderr)
        self.done("calibrate", "--kernels", table, status=2)
        self.done("calibrate", "--gpu", "h100-sxm-80gb", "--kernels", os.path.join(self.folder, "none.csv"), status=5)
        self.done("calibrate", "--gpu", "no-such-gpu", "--kernels", self.kernels(), status=3)


support.main()
