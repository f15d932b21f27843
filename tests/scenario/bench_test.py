"""The benches at the real program: each operation has its row, MLS beside its floor, servers beside each other, and what can't be
measured is said."""
import json
import os
import shutil
import subprocess

from sottoclient import program, run, sanitized

ALONE = ["make KeyPackage", "create group"]
TIMED = ["build group in one commit", "join, cold", "commit create, cold", "commit process, cold, far", "add one, Welcome, warm",
         "join, warm", "commit create, warm", "commit process, warm", "encrypt 64 B", "decrypt 64 B", "encrypt 1 KiB",
         "decrypt 1 KiB", "encrypt 64 KiB", "decrypt 64 KiB"]
OTHER = ["heap, cold", "heap, warm", "written after a message", "written after a commit", "all", "write all", "read all"]


FIGURES = ["throughput", "cpu_per_message", "client_cpu_per_message", "ack_p50", "ack_p99", "e2e_p50", "e2e_p99"]
PEERS = {"nats": "nats-server", "mosquitto": "mosquitto"}


def bench(*options, name="mls"):
    done = subprocess.run([program("sotto-bench"), name, *options], capture_output=True, text=True, timeout=300)
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


def installed(peer):
    return shutil.which(PEERS[peer], path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin") is not None


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


def idle_connections_are_weighed():
    status, out, err = bench("--n", "100" if sanitized() else "1000", "--json", name="connections")
    assert status == 0, err
    rows = {row["op"]: row["value"] for row in map(json.loads, out.splitlines())}
    assert rows["memory of the server"] > 0 and rows["wake-up, p99"] > 0 and rows["handshake, server CPU"] > 0, rows
    assert rows["memory per idle connection"] < 2 or sanitized(), rows


def a_peer_is_measured_or_how_to_install_it_is_said():
    for peer, package in PEERS.items():
        status, out, err = bench("--peer", peer, "--senders", "3", "--receivers", "2", "--seconds", "1", "--json", name="relay")
        if not installed(peer):
            assert status == 2 and f"apt install {package}" in err and out == "", (status, out, err)
            continue
        assert status == 0, err
        rows = {(row["op"], row["inflight"], row["rate"]): row for row in map(json.loads, out.splitlines()) if row["peer"] == peer}
        loads = [(32, 0), (1, 0), (0, 1000)]
        assert sorted(rows) == sorted((op, *load) for op in FIGURES for load in loads), sorted(rows)
        for row in rows.values():
            assert row["value"] > 0 and row["n"] == 256, row


def what_a_bench_of_servers_does_not_know_it_says():
    for options in (["--peer", "rabbitmq"], ["--peer"], ["--size", "15"], ["--inflight", "x"], ["--rate", "-1"], ["--what"], ["--peer", "sotto"]):
        status, out, err = bench("--json", *options, name="relay")
        assert status == 2 and err.startswith("sotto-bench relay: ") and out == "", (options, status, out, err)


run([
    every_operation_has_a_row_beside_its_floor,
    one_operation_and_another_suite_can_be_asked_for,
    what_it_cannot_measure_it_says,
    rooms_pass_messages_on,
    store_is_measured_with_little_and_with_much_in_it,
    idle_connections_are_weighed,
    a_peer_is_measured_or_how_to_install_it_is_said,
    what_a_bench_of_servers_does_not_know_it_says,
])
