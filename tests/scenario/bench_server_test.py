"""The benches of the server at the real program: loads of every kind, peers beside it, and what is not installed is said."""
import json
import os
import shutil
import tempfile

from sottobench import bench, rows_of
from sottoclient import Missing, run, sanitized

FIGURES = ["throughput", "cpu_per_message", "client_cpu_per_message", "ack_p50", "ack_p99", "e2e_p50", "e2e_p99"]
PEERS = {"nats": "nats-server", "mosquitto": "mosquitto"}
CONNECTION_KIB = 4  # a device that is signed in and silent
TRIES = 3  # what else the server allocates meanwhile is in it


def installed(peer):
    folders = os.environ.get("PATH", "").split(":")
    beside = [folder[:-3] + "sbin" for folder in folders if folder.endswith("/bin")]
    return shutil.which(PEERS[peer], path=":".join(folders + beside)) is not None


def messages_go_from_one_to_another():
    rows = rows_of("relay", "--senders", "3", "--receivers", "2", "--seconds", "1", "--durable")
    ours = {(row["op"], row["inflight"], row["rate"]): row for row in rows if row["peer"] == "sotto"}
    assert sorted(ours) == sorted((op, *load) for op in FIGURES for load in [(32, 0), (1, 0), (0, 1000)]), sorted(ours)
    for (op, _, _), row in ours.items():
        assert row["value"] > 0 and row["n"] == 256, row
        assert (row["floor"] is not None) == op.startswith("ack_"), row
    assert {row["op"] for row in rows if row["peer"] == "disk"} == {
        f"fdatasync{how}_{share}" for how in ("", "_ahead") for share in ("p50", "p99")}


def one_load_can_be_asked_for():
    rows = rows_of("relay", "--senders", "2", "--receivers", "4", "--seconds", "1", "--inflight", "2", "--size", "1000")
    assert {(row["inflight"], row["rate"], row["n"]) for row in rows if row["peer"] == "sotto"} == {(2, 0, 1000)}, rows
    rows = rows_of("relay", "--senders", "4", "--receivers", "2", "--seconds", "1", "--rate", "200")
    assert {(row["inflight"], row["rate"]) for row in rows if row["peer"] == "sotto"} == {(0, 200)}, rows


def other_benches_of_the_server_have_their_rows():
    wanted = {
        ("churn", "--devices", "3", "--seconds", "1"): ["visits", "cpu_per_visit", "visit_p50", "visit_p99"],
        ("connections", "--n", "20", "--idle", "1"): ["handshake_cpu", "login_cpu", "memory_per_connection", "memory", "idle_cpu", "wake_p50", "wake_p99"],
        ("fanout", "--devices", "70", "--online", "5"): ["append_cpu", "cpu_per_message", "cpu_per_online_device", "all_have_it_p50",
                                                         "all_have_it_p99"],
        ("offline", "--n", "2000"): ["queue", "queue_cpu_per_message", "drain", "drain_cpu_per_message"],
    }
    for options, ops in wanted.items():
        rows = rows_of(*options)
        assert [row["op"] for row in rows] == ops and all(row["peer"] == "sotto" for row in rows), (options, rows)


def a_silent_connection_takes_little_memory():
    if sanitized():
        return "a sanitizer's memory is no figure"
    seen = []
    while len(seen) < TRIES:
        seen += [row["value"] for row in rows_of("connections", "--n", "500", "--idle", "1") if row["op"] == "memory_per_connection"]
        if seen[-1] < CONNECTION_KIB:
            return None
    raise AssertionError(f"KiB each: {seen}")


def how_to_install_a_peer_that_is_not_there_is_said():
    with tempfile.TemporaryDirectory() as empty:
        for peer, package in PEERS.items():
            for name in ("relay", "offline", "churn", "connections"):
                status, out, err = bench("--peer", peer, "--json", name=name, path=empty)
                assert status == 2 and err == f"sotto-bench: {package} is not installed: apt install {package}\n" and out == "", (name, status, out, err)


def peers_that_are_installed_are_measured():
    there = [peer for peer in PEERS if installed(peer)]
    for peer in there:
        status, out, err = bench("--peer", peer, "--senders", "3", "--receivers", "2", "--seconds", "1", "--inflight", "2", "--durable", "--json", name="relay")
        assert status == 0, err
        rows = {(row["op"], row["peer"]): row for row in map(json.loads, out.splitlines()) if row["peer"] != "disk"}
        assert sorted(rows) == sorted((op, who) for op in FIGURES for who in ("sotto", peer)), sorted(rows)
        for (op, who), row in rows.items():
            assert row["value"] > 0 and (f"ratio_{peer}" in row) == (who == "sotto"), row
            assert (row["floor"] is not None) == (who == "sotto" and op.startswith("ack_")), row
        for name, options in [("offline", ["--n", "2000"]), ("churn", ["--seconds", "1", "--devices", "2"]), ("connections", ["--n", "20", "--idle", "1"])]:
            rows = rows_of(name, "--peer", peer, "--alone", *options)
            assert rows and {row["peer"] for row in rows} == {peer}, rows
    lacking = [package for peer, package in PEERS.items() if peer not in there]
    return Missing(f"no {' and no '.join(lacking)} here") if lacking else None


def what_a_bench_of_servers_does_not_know_it_says():
    for options in (["--peer", "rabbitmq"], ["--peer"], ["--size", "15"], ["--inflight", "x"], ["--rate", "-1"], ["--what"], ["--peer", "sotto"], ["--alone"]):
        status, out, err = bench("--json", *options, name="relay")
        assert status == 2 and err.startswith("sotto-bench relay: ") and out == "", (options, status, out, err)


run([
    messages_go_from_one_to_another,
    one_load_can_be_asked_for,
    other_benches_of_the_server_have_their_rows,
    a_silent_connection_takes_little_memory,
    how_to_install_a_peer_that_is_not_there_is_said,
    peers_that_are_installed_are_measured,
    what_a_bench_of_servers_does_not_know_it_says,
])
