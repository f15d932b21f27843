"""The benches at the real program: each operation has its row, MLS beside its floor, servers beside each other, and what can't be
measured is said."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from sottoclient import program, run, sanitized

ALONE = ["make KeyPackage", "create group"]
TIMED = ["build group in one commit", "join, cold", "commit create, cold", "commit process, cold, far", "add one, Welcome, warm",
         "join, warm", "commit create, warm", "commit process, warm", "encrypt 64 B", "decrypt 64 B", "encrypt 1 KiB",
         "decrypt 1 KiB", "encrypt 64 KiB", "decrypt 64 KiB"]
OTHER = ["heap, cold", "heap, warm", "written after a message", "written after a commit", "all", "write all", "read all"]


FIGURES = ["throughput", "cpu_per_message", "client_cpu_per_message", "ack_p50", "ack_p99", "e2e_p50", "e2e_p99"]
PEERS = {"nats": "nats-server", "mosquitto": "mosquitto"}


def bench(*options, name="mls", path=None):
    done = subprocess.run([program("sotto-bench"), name, *options], capture_output=True, text=True, timeout=300,
                          env={**os.environ, **({"PATH": path} if path else {})})
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
    folders = os.environ.get("PATH", "").split(":")
    beside = [folder[:-3] + "sbin" for folder in folders if folder.endswith("/bin")]
    return shutil.which(PEERS[peer], path=":".join(folders + beside)) is not None


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


def rows_of(name, *options):
    status, out, err = bench(*options, "--json", name=name)
    assert status == 0, err
    return [json.loads(line) for line in out.splitlines()]


def messages_go_from_one_to_another():
    rows = rows_of("relay", "--senders", "3", "--receivers", "2", "--seconds", "1", "--durable")
    ours = {(row["op"], row["inflight"], row["rate"]): row for row in rows if row["peer"] == "sotto"}
    assert sorted(ours) == sorted((op, *load) for op in FIGURES for load in [(32, 0), (1, 0), (0, 1000)]), sorted(ours)
    for (op, _, _), row in ours.items():
        assert row["value"] > 0 and row["n"] == 256, row
        assert (row["floor"] is not None) == op.startswith("ack_"), row
    assert {row["op"] for row in rows if row["peer"] == "disk"} == {"fdatasync_p50", "fdatasync_p99"}


def one_load_can_be_asked_for():
    rows = rows_of("relay", "--senders", "2", "--receivers", "4", "--seconds", "1", "--inflight", "2", "--size", "1000")
    assert {(row["inflight"], row["rate"], row["n"]) for row in rows if row["peer"] == "sotto"} == {(2, 0, 1000)}, rows
    rows = rows_of("relay", "--senders", "4", "--receivers", "2", "--seconds", "1", "--rate", "200")
    assert {(row["inflight"], row["rate"]) for row in rows if row["peer"] == "sotto"} == {(0, 200)}, rows


def other_benches_of_the_server_have_their_rows():
    wanted = {
        ("churn", "--devices", "3", "--seconds", "1"): ["visits", "cpu_per_visit", "visit_p50", "visit_p99"],
        ("connections", "--n", "20"): ["handshake_cpu", "login_cpu", "memory_per_connection", "memory", "idle_cpu", "wake_p50", "wake_p99"],
        ("fanout", "--devices", "70", "--online", "5"): ["append_cpu", "cpu_per_message", "cpu_per_online_device", "all_have_it_p50",
                                                         "all_have_it_p99"],
        ("offline", "--n", "2000"): ["queue", "queue_cpu_per_message", "drain", "drain_cpu_per_message"],
    }
    for options, ops in wanted.items():
        rows = rows_of(*options)
        assert [row["op"] for row in rows] == ops and all(row["peer"] == "sotto" for row in rows), (options, rows)


def a_store_can_be_full_before():
    rows = rows_of("offline", "--n", "500", "--stored", "2000")
    assert rows and {row["stored"] for row in rows} == {2000}, rows
    rows = rows_of("start", "--accounts", "3000", "--stored", "2000")
    ops = ["start_p50", "start_worst", "start_cpu", "memory"]
    assert [row["op"] for row in rows] == ops + [op + "_killed" for op in ops] and all(row["value"] > 0 for row in rows), rows


DAY = ["database", "delivered", "files", "lost", "memory", "messages", "returned_heard", "returned_told_lost", "stored", "taken"]


def a_day_passes_at_speed():
    for store in ([], ["--memory"]):
        rows = rows_of("day", "--devices", "40", "--messages", "2000", "--hours", "2", "--retention", "1800", *store)
        last = {row["op"]: row["value"] for row in rows if row["n"] == 2}
        assert sorted(last) == DAY, rows
        assert last["messages"] == 2000 and last["delivered"] > 2000 and last["memory"] > 0, last


def when_all_is_in_balance_a_day_takes_no_more():
    rows = rows_of("day", "--devices", "60", "--messages", "24000", "--hours", "12", "--retention", "3600", "--queue", "50")
    last = {row["op"]: row["value"] for row in rows if row["n"] == 12}
    assert sorted(last) == sorted(DAY + ["memory_growth", "database_growth"]), rows
    assert last["memory_growth"] < 1.25 and last["database_growth"] < 1.25, last
    files = {row["n"]: row["value"] for row in rows if row["op"] == "files"}
    assert len(files) >= 12 and len(set(files.values())) == 1, files


def how_to_install_a_peer_that_is_not_there_is_said():
    with tempfile.TemporaryDirectory() as empty:
        for peer, package in PEERS.items():
            for name in ("relay", "offline", "churn", "connections"):
                status, out, err = bench("--peer", peer, "--json", name=name, path=empty)
                assert status == 2 and err == f"sotto-bench: {package} is not installed: apt install {package}\n" and out == "", (name, status, out, err)


def peers_that_are_installed_are_measured():
    there = [peer for peer in PEERS if installed(peer)]
    for peer in there:
        status, out, err = bench("--peer", peer, "--senders", "3", "--receivers", "2", "--seconds", "1", "--inflight", "2", "--json", name="relay")
        assert status == 0, err
        rows = {(row["op"], row["peer"]): row for row in map(json.loads, out.splitlines()) if row["peer"] != "disk"}
        assert sorted(rows) == sorted((op, who) for op in FIGURES for who in ("sotto", peer)), sorted(rows)
        for (op, who), row in rows.items():
            assert row["value"] > 0 and (f"ratio_{peer}" in row) == (who == "sotto"), row
        for name, options in [("offline", ["--n", "2000"]), ("churn", ["--seconds", "1", "--devices", "2"]), ("connections", ["--n", "20"])]:
            rows = rows_of(name, "--peer", peer, "--alone", *options)
            assert rows and {row["peer"] for row in rows} == {peer}, rows
    return None if there else "no peer is installed"


def what_a_bench_of_servers_does_not_know_it_says():
    for options in (["--peer", "rabbitmq"], ["--peer"], ["--size", "15"], ["--inflight", "x"], ["--rate", "-1"], ["--what"], ["--peer", "sotto"], ["--alone"]):
        status, out, err = bench("--json", *options, name="relay")
        assert status == 2 and err.startswith("sotto-bench relay: ") and out == "", (options, status, out, err)


def begun(folder, *options):
    """A bench that has files now."""
    process = subprocess.Popen([program("sotto-bench"), *options, "--dir", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not any(files for _, _, files in os.walk(folder)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.poll() is None and os.listdir(folder) == [name for name in os.listdir(folder) if f"-{process.pid}-" in name]
    return process


LONG = {"day": ["day", "--devices", "30", "--messages", "1000000000"], "start": ["start", "--accounts", "100000"]}


def who_interrupts_a_bench_finds_no_files_of_it():
    for options in LONG.values():
        for number in (signal.SIGINT, signal.SIGTERM):
            with tempfile.TemporaryDirectory() as folder:
                process = begun(folder, *options)
                process.send_signal(number)
                assert process.wait(60) == 1 and os.listdir(folder) == [], (options, number, os.listdir(folder))


def what_a_killed_bench_left_the_next_one_takes_away():
    with tempfile.TemporaryDirectory() as folder:
        process = begun(folder, *LONG["day"])
        living = os.path.join(folder, f"sotto-bench-{os.getpid()}-abcdef")
        os.mkdir(living)
        os.mkdir(os.path.join(folder, "sotto-bench-notes"))
        process.kill()
        process.wait()
        assert len(os.listdir(folder)) == 3
        assert bench("--devices", "30", "--messages", "10", "--hours", "1", "--dir", folder, name="day")[0] == 0
        assert sorted(os.listdir(folder)) == sorted([os.path.basename(living), "sotto-bench-notes"])


run([
    every_operation_has_a_row_beside_its_floor,
    one_operation_and_another_suite_can_be_asked_for,
    what_it_cannot_measure_it_says,
    rooms_pass_messages_on,
    store_is_measured_with_little_and_with_much_in_it,
    messages_go_from_one_to_another,
    one_load_can_be_asked_for,
    other_benches_of_the_server_have_their_rows,
    a_store_can_be_full_before,
    a_day_passes_at_speed,
    when_all_is_in_balance_a_day_takes_no_more,
    who_interrupts_a_bench_finds_no_files_of_it,
    what_a_killed_bench_left_the_next_one_takes_away,
    how_to_install_a_peer_that_is_not_there_is_said,
    peers_that_are_installed_are_measured,
    what_a_bench_of_servers_does_not_know_it_says,
])
