"""The benches at the real program: each operation has its row, MLS beside its floor, and what can't be measured is said."""
import json

from sottobench import bench
from sottoclient import run, sanitized

ALONE = ["make KeyPackage", "create group"]
TIMED = ["build group in one commit", "join, cold", "commit create, cold", "commit process, cold, far", "add one, Welcome, warm",
         "join, warm", "commit create, warm", "commit process, warm", "encrypt 64 B", "decrypt 64 B", "encrypt 1 KiB",
         "decrypt 1 KiB", "encrypt 64 KiB", "decrypt 64 KiB"]
OTHER = ["heap, cold", "heap, warm", "written after a message", "written after a commit", "all", "write all", "read all"]


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


def rooms_pass_messages_on():
    status, out, err = bench("--pairs", "2", "--seconds", "1", "--inflight", "4", "--json", name="rooms")
    assert status == 0, err
    rows = {row["op"]: row["value"] for row in map(json.loads, out.splitlines())}
    assert rows["messages, 4 in flight"] > 0 and rows["CPU a message, 4 in flight"] > 0, rows


def store_is_measured_with_little_and_with_much_in_it():
    status, out, err = bench("--entries", "2000", "--seconds", "1", "--group", "64", "--json", name="store")
    assert status == 0, err
    rows = {(row["op"], row["n"]): row for row in map(json.loads, out.splitlines())}
    for held in (0, 2000):
        assert rows["open", held]["value"] > 0 and rows["CPU an entry, group 64", held]["value"] > 0, rows
        assert rows["commit p50, group 64", held]["value"] > 0 and rows["commit p50, group 64", held]["floor"] > 0, rows
    assert rows["CPU an entry, read", 2000]["iterations"] == 2000, rows


run([
    every_operation_has_a_row_beside_its_floor,
    one_operation_and_another_suite_can_be_asked_for,
    what_it_cannot_measure_it_says,
    rooms_pass_messages_on,
    store_is_measured_with_little_and_with_much_in_it,
])
