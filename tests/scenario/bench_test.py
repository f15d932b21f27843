"""The bench of MLS at the real program: each operation has its row, beside its floor, and what it can't measure it says."""
import json
import subprocess

from sottoclient import program, run, sanitized

ALONE = ["make KeyPackage", "create group"]
TIMED = ["build group in one commit", "join, cold", "commit create, cold", "commit process, cold, far", "add one, Welcome, warm",
         "join, warm", "commit create, warm", "commit process, warm", "encrypt 64 B", "decrypt 64 B", "encrypt 1 KiB",
         "decrypt 1 KiB", "encrypt 64 KiB", "decrypt 64 KiB"]
OTHER = ["heap, cold", "heap, warm", "written after a message", "written after a commit", "all", "write all", "read all"]


def bench(*options):
    done = subprocess.run([program("sotto-bench"), "mls", *options], capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def every_operation_has_a_row_beside_its_floor():
    status, out, err = bench("--n", "2,5", "--json")
    assert status == 0, err
    rows = {(row["op"], row["n"]): row for row in map(json.loads, out.splitlines())}
    timed = [(op, 2) for op in ALONE] + [(op, n) for op in TIMED for n in (2, 5)] + [("commit process, cold, near", 5)]
    other = [(op, n) for op in OTHER for n in (2, 5) if not (sanitized() and op.startswith("heap"))]
    assert sorted(rows) == sorted(timed + other), sorted(rows)
    for key in timed:
        assert rows[key]["value"] > 0 and rows[key]["floor"] > 0 and rows[key]["unit"] == "us", rows[key]
    for key in other:
        assert rows[key]["value"] > 0 and rows[key]["floor"] is None, rows[key]


def one_operation_and_another_suite_can_be_asked_for():
    status, out, err = bench("--n", "3", "--suite", "0xF0A1", "--op", "decrypt 1 KiB", "--json")
    assert status == 0, err
    assert [json.loads(line)["op"] for line in out.splitlines() if json.loads(line)["floor"]] == ["decrypt 1 KiB"], out


def what_it_cannot_measure_it_says():
    for options in (["--n", "1"], ["--n", "2,"], ["--n", "2,x"], ["--n"], ["--suite", "0x7777"], ["--what", "2"]):
        status, out, err = bench(*options)
        assert status == 2 and "usage: sotto-bench mls" in err, (options, status, out, err)


run([
    every_operation_has_a_row_beside_its_floor,
    one_operation_and_another_suite_can_be_asked_for,
    what_it_cannot_measure_it_says,
])
