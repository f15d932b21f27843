"""A server that is attacked in all the ways that sotto-bench knows, with its limits as they are by default: those who send messages
meanwhile notice little, newcomers get in, nobody is lost, and afterwards memory and open files are what they were. SOTTO_IDLE sets how many
devices are signed in and silent."""
import json
import os
import subprocess

from sottoclient import program, run, sanitized

# What an attack may cost: so much, or (not at full size) so many times what it takes in peace, or what the bench itself was late with
# its sending meanwhile because of what else this machine does, which no server can help: a message waits for a core at each of its
# steps, there and back.
P99_MS, TIMES = 50, 10
LET_IN = 50  # per cent of newcomers at their first try
IDLE = os.environ.get("SOTTO_IDLE")
FOES = 12  # with a sanitizer
SECONDS = 2  # of each attack, at first
TRIES = 3  # a machine that does other things is slow now and then; a server that can be held up always is
FILES = 60  # more than before
GROWTH_MIB = 40  # of all attacks together: what a flood needs once is kept for the next; 16 of it are the database's cache
DURING_MIB = 64  # during one of them: what attackers have the server keep for them has bounds
HEAP_MIB = 1  # in use after an attack of strangers and not before: none of it is theirs, but others write meanwhile
MEMBERS = ("slow-readers", "slow-pushes", "pings", "requests", "sends")  # whose accounts and messages stay

# what /metrics must tell of an attack: one of these
TOLD = {
    "connects": ["refused_unauthenticated_total", "evicted_total"],
    "slow-heads": ["refused_unauthenticated_total", "evicted_total"],
    "garbage": ["handshakes_failed_total"],
    "oversize": ["closed_malformed_total"],
    "malformed": ["closed_malformed_total"],
    "signatures": ["errors_total{kind=E_DENIED}"],
    "registers": ["rate_limited_total{limit=registers}"],
    "pings": ["paused_frames_total"],
    "requests": ["rate_limited_total{limit=requests}"],
    "sends": ["rate_limited_total{limit=sends}"],
}
MANY = ("connects", "slow-heads")  # what is told of them takes more attackers than a build with a sanitizer gets
AT_ONCE = {"hellos": FOES if sanitized() else 64, "handshakes": 2}  # who is answered begins anew: in the end it has come more often than there are places


def bench(*options):
    done = subprocess.run([program("sotto-bench"), "hostile", *options], capture_output=True, text=True, timeout=500 if IDLE is None else 3600)
    return done.returncode, done.stdout, done.stderr


def attacked(*options, seconds=SECONDS):
    """{attack: {op: value}}, in the order of the attacks."""
    size = ("--idle", "20", "--foes", str(FOES)) if sanitized() else ("--idle", IDLE or "200")
    status, out, err = bench(*size, "--seconds", str(seconds), "--json", *options)
    assert status == 0, err
    found = {}
    for row in map(json.loads, out.splitlines()):
        attack, op = row["op"].split(": ", 1)
        found.setdefault(attack, {})[op] = row["value"]
    for attack, row in found.items():
        assert row["members lost"] <= 0, (attack, row)  # negative: attackers whom the server still holds up
    return found


def excused_ms(row):
    """How late the bench was, by the share of others in what kept it from its turn: a server that takes all cores excuses nothing."""
    others, server = row["others' CPU"], row["server CPU"]
    return row["late_p99"] * others / (others + server) if others > 0 else 0


def harm(attack, row, calm):
    """What others noticed, and what the server kept."""
    most = max(P99_MS, 0 if IDLE else TIMES * calm["ack_p99"], TIMES * excused_ms(row))
    bounds = {
        "ack_p99": row["ack_p99"] < most,
        "newcomers": row["newcomers let in"] >= LET_IN,
        "files": row["files after"] - row["files before"] <= FILES,
        "memory": row["memory during"] - row["memory before"] < DURING_MIB,
        "heap": attack in MEMBERS or row["heap after"] - row["heap before"] < HEAP_MIB,
    }
    return [name for name, kept in bounds.items() if not kept]


def gets_on(attack, row):
    """Attackers came, got in and acted; and where the server must have noticed it, its metrics say so."""
    if attack == "none":
        return True
    if row["attackers' connections"] <= 0 or row["attackers let in"] <= 0 or row["attackers' acts"] <= 0:
        return False
    if row["attackers let in"] <= AT_ONCE.get(attack, 0):
        return False
    told = attack in TOLD and not (sanitized() and attack in MANY)
    return not told or any(row.get(name, 0) > 0 for name in TOLD[attack])


def attacked_well(attack, row=None):
    """What an attack did; one that a busy machine kept from getting anywhere is made again and has more time. `row`: of one that was made already."""
    for number in range(TRIES):
        if number > 0 or row is None:
            row = attacked("--attack", attack, seconds=SECONDS << number)[attack]
        if gets_on(attack, row):
            return row
    raise AssertionError((attack, row))


def harms(attack, row, calm):
    """All that was harmed, each time that it was tried; nothing, if nothing was once. Peace is measured again, too."""
    seen = []
    for number in range(TRIES):
        if number > 0:
            calm, row = attacked_well("none"), attacked_well(attack)
        harmed = harm(attack, row, calm)
        if not harmed:
            return []
        seen.append((attack, harmed, calm["ack_p99"], row))
    return seen


def growth(found):
    """MiB, from the first attack to the last."""
    return list(found.values())[-1]["memory after"] - found["none"]["memory before"]


def others_notice_little():
    all_of_them = attacked()
    names = [line.split()[0] for line in bench("--attack", "list")[1].splitlines() if line and not line.startswith("hostile")]
    assert list(all_of_them) == names and names[0] == "none", (list(all_of_them), names)
    found = {attack: attacked_well(attack, row) for attack, row in all_of_them.items()}
    if sanitized():
        return
    for attack, row in found.items():
        seen = harms(attack, row, found["none"])
        assert not seen, seen
    grown = [growth(all_of_them)]
    while grown[-1] >= GROWTH_MIB and len(grown) < TRIES:
        grown.append(growth(attacked()))
    assert grown[-1] < GROWTH_MIB, (grown, {attack: row["memory after"] for attack, row in all_of_them.items()})


def an_attack_that_nobody_knows_is_said():
    status, out, err = bench("--attack", "nothing", "--json")
    assert status == 2 and out == "" and "no attack is called nothing" in err and "slow-readers" in err, (status, out, err)


run([others_notice_little, an_attack_that_nobody_knows_is_said])
