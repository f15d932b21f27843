#!/usr/bin/python3
"""A random walk of one MLS group whose members live in two programs, ours and another implementation. Prints TAP.

  walk.py --ours CMD --theirs CMD [--suites 1,2,3] [--steps 500] [--seed N] [--members 2..20]

Both programs speak the protocol of docs/mls-harness.md; each member lives in one of them. A step changes the group once, or sends
messages; after each step all members must have the same epoch authenticator and export the same secret. The seed decides every
choice of the walk (keys are the programs' own): with the same seed and settings the walk is the same walk.
"""
import argparse
import collections
import json
import queue
import random
import shlex
import subprocess
import sys
import threading

ANSWER_WITHIN_S = 300
PRIVATE_EXTENSIONS = (0xF100, 0xF101)  # every member lists these in its capabilities
REQUIRED_CAPABILITIES, EXTERNAL_SENDERS = 3, 5
EPOCHS_KEPT = 3  # messages this old must still open, resumption PSKs this old must still be known
SPREAD = 8  # of one sender in one epoch, messages that may overtake another one


class Failed(Exception):
    """The walk cannot go on: somebody refused, or members differ."""


class Refused(Failed):
    """The answer was an error."""


class Program:
    """One of the two programs. Requests may be sent ahead of reading the answers."""

    def __init__(self, command):
        self.process = subprocess.Popen(shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.answers = queue.Queue()
        self.last_id = 0
        threading.Thread(target=self.listen, daemon=True).start()
        self.lacks = {}
        about = self.call("name")
        self.name = about["name"]
        self.lacks = about.get("lacks", {})
        self.suites = self.call("supported_ciphersuites")["ciphersuites"]

    def listen(self):
        for line in self.process.stdout:
            self.answers.put(line)
        self.answers.put(None)

    def send(self, method, **fields):
        self.last_id += 1
        try:
            self.process.stdin.write(json.dumps({"id": self.last_id, "method": method, **fields}) + "\n")
            self.process.stdin.flush()
        except OSError as error:
            raise Failed(f"the program is gone: {error}") from None
        return self.last_id

    def answer(self, number):
        try:
            line = self.answers.get(timeout=ANSWER_WITHIN_S)
        except queue.Empty:
            raise Failed(f"no answer within {ANSWER_WITHIN_S} s") from None
        if line is None:
            raise Failed(f"the program ended, with {self.process.wait()}")
        answer = json.loads(line)
        if answer["id"] != number:
            raise Failed(f"answer {answer['id']} to request {number}")
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["result"]

    def call(self, method, **fields):
        return self.answer(self.send(method, **fields))

    def stop(self):
        self.process.stdin.close()
        try:
            return self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return None


class Member:
    """A member, or somebody who is about to join: then `state` is None and `transaction` is not."""

    def __init__(self, name, program):
        self.name, self.program = name, program
        self.identity = name.encode().hex()
        self.state = self.transaction = self.key_package = None
        self.since = 0  # the first epoch of which it can read messages
        self.leaf = None

    def __str__(self):
        return self.name

    def where(self):
        return {"state_or_transaction_id": self.state if self.state is not None else self.transaction}


Held = collections.namedtuple("Held", "epoch sender generation ciphertext plaintext aad recipients")
Signer = collections.namedtuple("Signer", "program id sender")


def vector(octets):
    n = len(octets)
    if n < 0x40:
        return bytes([n]) + octets
    if n < 0x4000:
        return (0x4000 | n).to_bytes(2, "big") + octets
    return (0x80000000 | n).to_bytes(4, "big") + octets


def names(members):
    return " ".join(str(m) for m in members)


class Walk:
    def __init__(self, programs, suites, suite, seed, low, high):
        self.programs, self.suites, self.suite = programs, suites, suite
        self.rng = random.Random(f"{seed}/{suite}")
        self.low, self.high = low, high
        self.members, self.stranded, self.extensions, self.signers, self.held = [], [], [], [], []
        self.epoch = 0
        self.group_id = ""
        self.names = self.groups = self.messages = 0
        self.generations = collections.Counter()
        self.kinds, self.skipped = collections.Counter(), collections.Counter()
        self.largest = 0
        self.log = collections.deque(maxlen=60)

    # ---- choices -------------------------------------------------------------------------------------------------
    def chance(self, share):
        return self.rng.random() < share

    def octets(self, low, high):
        return self.rng.randbytes(self.rng.randint(low, high))

    def some(self, members, most):
        return self.rng.sample(members, self.rng.randint(1, min(most, len(members))))

    def others(self, *members):
        return [m for m in self.members if m not in members]

    def newcomer(self, program=None):
        self.names += 1
        program = program or self.rng.choice(self.programs)
        return Member(f"m{self.names}{'ot'[self.programs.index(program)]}", program)

    def removable(self, members):
        """Without the last member of a program: both are in the group from its first step to its last."""
        left = collections.Counter(m.program for m in self.members)
        chosen = []
        for m in members:
            if left[m.program] > 1 and len(self.members) - len(chosen) > self.low and self.keeps_left_half(chosen + [m]):
                left[m.program] -= 1
                chosen.append(m)
        return chosen

    def keeps_left_half(self, leaving):
        """A tree whose left half is blank has a root that is in no filtered direct path (RFC 9420 4.1.2)."""
        leaves = [m.leaf for m in self.others(*leaving)]
        return 2 * min(leaves) < 1 << max(leaves).bit_length() or self.all_can("blank left half")

    def can(self, program, what):
        """Whether a program has an ability; else the lack is counted, and told at the end."""
        if what not in program.lacks:
            return True
        self.skipped[f"{program.name}: {program.lacks[what]}"] += 1
        return False

    def all_can(self, what):
        return all([self.can(program, what) for program in self.programs])

    def able(self, members, what):
        lacking = [p for p in self.programs if any(m.program is p for m in members) and not self.can(p, what)]
        return [m for m in members if m.program not in lacking]

    def committer(self, members, what):
        """Somebody for a commit that needs a path, if that is `what`; None: nobody can."""
        able = self.able(members, what)
        return self.rng.choice(able) if able else None

    # ---- calls ---------------------------------------------------------------------------------------------------
    def note(self, text):
        self.log.append(f"epoch {self.epoch}: {text}")

    def call(self, member, method, **fields):
        try:
            return member.program.call(method, **fields)
        except Refused as error:
            raise Failed(f"{member}: {method}: {error}") from None

    def refuses(self, member, method, **fields):
        try:
            member.program.call(method, **fields)
        except Refused:
            return
        raise Failed(f"{member}: {method}: was not refused")

    def all(self, members, method, **fields):
        """The same call to several members, all sent before the first answer is awaited. Callables get the member."""
        sent = [(m, m.program.send(method, **{k: v(m) if callable(v) else v for k, v in fields.items()})) for m in members]
        answers, errors = [], []
        for m, number in sent:
            try:
                answers.append(m.program.answer(number))
            except Refused as error:
                errors.append(f"{m}: {method}: {error}")
        if errors:
            raise Failed("\n".join(errors))
        return answers

    @staticmethod
    def state_of(member):
        return member.state

    def encrypt_handshake(self, _member):
        return self.chance(0.5)

    def agree(self, members, authenticators, where):
        if len(set(authenticators)) != 1:
            raise Failed(where + ": the epoch authenticators differ\n" + "\n".join(f"{m} {a}" for m, a in zip(members, authenticators)))

    def check(self):
        """All members are in the same epoch with the same secrets."""
        answers = self.all(self.members, "state_auth", state_id=self.state_of)
        self.agree(self.members, [a["state_auth_secret"] for a in answers], "state_auth")
        for m, answer in zip(self.members, answers):
            m.leaf = answer["leaf_index"]
        answers = self.all(self.members, "export", state_id=self.state_of, label=self.rng.choice(["walk", "", "exporter"]),
                           context=self.octets(0, 40).hex(), key_length=self.rng.choice([1, 16, 32, 64]))
        if len({a["exported_secret"] for a in answers}) != 1:
            raise Failed("the exported secrets differ")

    # ---- a commit ------------------------------------------------------------------------------------------------
    def package(self, joiner):
        answer = self.call(joiner, "create_key_package", cipher_suite=self.suite, identity=joiner.identity)
        joiner.transaction, joiner.key_package = answer["transaction_id"], answer["key_package"]

    def join(self, joiners, answer, epoch_authenticator):
        fields = {"welcome": answer["welcome"], "ratchet_tree": answer.get("ratchet_tree", ""), "transaction_id": lambda m: m.transaction,
                  "encrypt_handshake": self.encrypt_handshake, "identity": lambda m: m.identity}
        sure = [m for m in joiners if "join any tree" not in m.program.lacks]
        results = self.all(sure, "join_group", **fields)
        for joiner in joiners:
            if joiner not in sure:
                try:
                    results += self.all([joiner], "join_group", **fields)
                    sure.append(joiner)
                except Failed as error:
                    if "unmerged_leaves" not in str(error):
                        raise
                    self.can(joiner.program, "join any tree")
                    self.stranded.append(joiner)
        for m, result in zip(sure, results):
            m.state, m.since = result["state_id"], self.epoch
        self.agree(sure, [r["epoch_authenticator"] for r in results] + [epoch_authenticator], "join_group")
        self.members += sure
        self.largest = max(self.largest, len(self.members))

    def remove_stranded(self):
        """Those who could not join have leaves all the same."""
        while self.stranded:
            removed = [{"proposal_type": "remove", "removed_id": m.identity} for m in self.stranded]
            self.stranded = []
            self.commit(self.committer(self.members, "path"), by_value=removed)

    def follow(self, commit, proposals, leaving, epoch_authenticator, besides, joiners=()):
        """A commit reaches everybody else; those who leave must see that they do."""
        rest = [m for m in self.members if m not in besides and m not in leaving]
        results = self.all(rest, "handle_commit", state_id=self.state_of, proposal=proposals, commit=commit)
        for m, result in zip(rest, results):
            m.state = result["state_id"]
        self.agree(rest, [r["epoch_authenticator"] for r in results] + [epoch_authenticator], "handle_commit")
        for m in leaving:
            if self.can(m.program, "removed") and (not joiners or self.can(m.program, "removed and leaf filled")):
                if not self.call(m, "handle_commit", state_id=m.state, proposal=proposals, commit=commit).get("removed"):
                    raise Failed(f"{m}: handle_commit: did not see that it was removed")
                self.refuses(m, "protect", state_id=m.state, plaintext="00")
            self.call(m, "free", state_id=m.state)
            self.members.remove(m)

    def next_epoch(self):
        self.epoch += 1
        self.generations.clear()
        self.deliver_held(lambda h: h.epoch + EPOCHS_KEPT <= self.epoch + 1 and self.chance(0.5) or h.epoch + EPOCHS_KEPT <= self.epoch)

    def commit(self, committer, by_reference=(), by_value=(), joiners=(), leaving=(), force_path=None):
        force_path = self.chance(0.3) if force_path is None else force_path
        external_tree = self.chance(0.5)
        by_reference = list(by_reference)
        self.note(f"{committer} commits, {len(by_reference)} by reference, by value {[v['proposal_type'] for v in by_value]}"
                  f"{', path' if force_path else ''}{f', joining {names(joiners)}' if joiners else ''}"
                  f"{f', leaving {names(leaving)}' if leaving else ''}{', tree beside' if external_tree else ''}")
        answer = self.call(committer, "commit", state_id=committer.state, by_reference=by_reference, by_value=list(by_value),
                           force_path=force_path, external_tree=external_tree)
        self.publish(committer, answer, by_reference, joiners, leaving)

    def publish(self, committer, answer, by_reference, joiners, leaving):
        own = self.call(committer, "handle_pending_commit", state_id=committer.state)
        committer.state = own["state_id"]
        self.follow(answer["commit"], by_reference, leaving, own["epoch_authenticator"], [committer], joiners)
        self.next_epoch()
        if joiners:
            self.join(list(joiners), answer, own["epoch_authenticator"])

    def proposal(self, member, method, **fields):
        self.note(f"{member}: {method}")
        return self.call(member, method, state_id=member.state, **fields)["proposal"]

    def offer(self, proposers, committer, value, method, **fields):
        """A proposal by value or by reference, as chance will: ([message], [description])."""
        if self.chance(0.5):
            return [], [value]
        proposer = self.rng.choice(proposers or [committer])
        return [self.proposal(proposer, method, **fields)], []

    # ---- parts of a commit: each gives (by reference, by value) ---------------------------------------------------
    def part_add(self, committer, joiner, stay):
        tellers = self.able(stay, "external_pub")
        if tellers and self.chance(0.15):  # the newcomer proposes itself
            teller = self.rng.choice(tellers)
            info = self.call(teller, "group_info", state_id=teller.state, external_tree=self.chance(0.5))
            self.note(f"{joiner}: new_member_add_proposal")
            answer = self.call(joiner, "new_member_add_proposal", group_info=info["group_info"], identity=joiner.identity)
            joiner.transaction = answer["transaction_id"]
            return [answer["proposal"]], []
        self.package(joiner)
        package = {"key_package": joiner.key_package}
        signed = self.by_signer(committer, {"proposal_type": "add", **package})
        if signed:
            return signed, []
        return self.offer(stay, committer, {"proposal_type": "add", **package}, "add_proposal", **package)

    def part_remove(self, committer, leaving, stay):
        removed = {"removed_id": leaving.identity}
        signed = self.by_signer(committer, {"proposal_type": "remove", **removed})
        if signed:
            return signed, []
        return self.offer(stay + [leaving], committer, {"proposal_type": "remove", **removed}, "remove_proposal", **removed)

    def part_psk(self, committer, stay, joiners):
        psk_id, secret = self.octets(1, 32).hex(), self.octets(16, 64).hex()
        for m in self.members + list(joiners):
            self.call(m, "store_psk", **m.where(), psk_id=psk_id, psk_secret=secret)
        signed = self.by_signer(committer, {"proposal_type": "externalPSK", "psk_id": psk_id})
        if signed:
            return signed, []
        return self.offer(stay, committer, {"proposal_type": "externalPSK", "psk_id": psk_id}, "external_psk_proposal", psk_id=psk_id)

    def part_resumption(self, committer, stay):
        oldest = max(self.epoch - EPOCHS_KEPT, *(m.since for m in self.members))
        epoch = self.rng.randint(oldest, self.epoch)
        return self.offer(stay, committer, {"proposal_type": "resumptionPSK", "epoch_id": epoch}, "resumption_psk_proposal", epoch_id=epoch)

    def part_extensions(self, committer, stay):
        new = self.choose_extensions()
        fields = {"extensions": new}
        offered = self.offer(stay, committer, {"proposal_type": "groupContextExtensions", **fields}, "group_context_extensions_proposal", **fields)
        self.extensions = new
        if not any(e["extension_type"] == EXTERNAL_SENDERS for e in new):
            self.signers = []
        return offered

    def choose_extensions(self):
        new = [e for e in self.extensions if e["extension_type"] == EXTERNAL_SENDERS and self.chance(0.8)]
        for kind in PRIVATE_EXTENSIONS:
            if self.chance(0.5):
                new.append({"extension_type": kind, "extension_data": self.octets(0, 80).hex()})
        if self.chance(0.4):
            kinds = b"".join(k.to_bytes(2, "big") for k in PRIVATE_EXTENSIONS if self.chance(0.5))
            data = vector(kinds) + vector(b"") + vector(b"\0\1")
            new.append({"extension_type": REQUIRED_CAPABILITIES, "extension_data": data.hex()})
        if not new and not self.all_can("no extensions"):
            new.append({"extension_type": PRIVATE_EXTENSIONS[0], "extension_data": ""})
        self.rng.shuffle(new)
        return new

    def by_signer(self, teller, description):
        """The proposal of an external sender, now and then, if the group has any."""
        if not self.signers or not self.chance(0.4):
            return []
        index = self.rng.randrange(len(self.signers))
        signer = self.signers[index]
        info = self.call(teller, "group_info", state_id=teller.state, external_tree=True)
        self.note(f"signer {index} proposes {description['proposal_type']}")
        try:
            answer = signer.program.call("external_signer_proposal", signer_id=signer.id, signer_index=index,
                                         group_info=info["group_info"], ratchet_tree=info["ratchet_tree"], description=description)
        except Refused as error:
            raise Failed(f"signer {index}: external_signer_proposal: {error}") from None
        self.kinds["(proposals of external senders)"] += 1
        return [answer["proposal"]]

    # ---- steps: each gives False when there is no occasion for it --------------------------------------------------
    def step_add(self):
        room = self.high - len(self.members)
        if room < 1:
            return False
        committer = self.rng.choice(self.members)
        joiners = [self.newcomer() for _ in range(self.rng.randint(1, min(3, room)))]
        reference, value = [], []
        for joiner in joiners:
            r, v = self.part_add(committer, joiner, self.members)
            reference, value = reference + r, value + v
        self.commit(committer, reference, value, joiners)
        return True

    def step_remove(self):
        leaving = self.removable(self.some(self.members, 2))
        stay = self.others(*leaving)
        if not leaving:
            return False
        committer = self.committer(stay, "path")
        if committer is None:
            return False
        reference, value = [], []
        for m in leaving:
            r, v = self.part_remove(committer, m, stay)
            reference, value = reference + r, value + v
        self.commit(committer, reference, value, leaving=leaving)
        return True

    def step_update(self):
        committer = self.committer(self.members, "path")
        able = self.able(self.others(committer), "update_proposal")
        if committer is None or not able:
            return False
        updating = self.some(able, 3)
        self.commit(committer, [self.proposal(m, "update_proposal") for m in updating])
        return True

    def step_path(self):
        self.commit(self.rng.choice(self.members), force_path=self.chance(0.5))
        return True

    def step_external_psk(self):
        committer = self.rng.choice(self.members)
        self.commit(committer, *self.part_psk(committer, self.members, []))
        return True

    def step_resumption_psk(self):
        committer = self.committer(self.members, "commit resumption psk")
        if committer is None:
            return False
        self.commit(committer, *self.part_resumption(committer, self.members))
        return True

    def step_extensions(self):
        committer = self.committer(self.members, "path")
        if committer is None:
            return False
        self.commit(committer, *self.part_extensions(committer, self.members))
        return True

    def step_mixed(self):
        """Several kinds in one commit."""
        committer = self.committer(self.members, "path")
        if committer is None:
            return False
        rest = self.others(committer)
        leaving = self.removable(self.some(rest, 2)) if self.chance(0.5) else []
        stay = self.others(*leaving)
        updating = [m for m in self.able(rest, "update_proposal") if m not in leaving and self.chance(0.3)]
        room = self.high - len(self.members)
        joiners = [self.newcomer() for _ in range(min(room, self.rng.randint(0, 2)))]
        parts = [([self.proposal(m, "update_proposal")], []) for m in updating]
        parts += [self.part_remove(committer, m, stay) for m in leaving]
        parts += [self.part_add(committer, m, stay) for m in joiners]
        if self.chance(0.4):
            parts.append(self.part_psk(committer, stay, joiners))
        if self.chance(0.3):
            parts.append(self.part_extensions(committer, stay))
        self.rng.shuffle(parts)
        if not parts:
            return False
        self.commit(committer, sum((r for r, _ in parts), []), sum((v for _, v in parts), []), joiners, leaving)
        return True

    def step_race(self):
        """Two commit in the same epoch; one is ordered first, the other's is dropped."""
        first, second = self.rng.sample(self.members, 2)
        self.note(f"{first} and {second} commit at once")
        answers = [self.call(m, "commit", state_id=m.state, force_path=True) for m in (first, second)]
        self.publish(first, answers[0], [], [], [])
        self.refuses(first, "handle_commit", state_id=first.state, commit=answers[1]["commit"])
        return True

    def external_join(self, joiner, remove_prior):
        teller = self.rng.choice(self.able(self.others(joiner), "external_pub"))
        external_tree = self.chance(0.5)
        info = self.call(teller, "group_info", state_id=teller.state, external_tree=external_tree)
        psks = []
        if self.chance(0.3) and self.can(joiner.program, "external_join psks"):
            psks = [{"psk_id": self.octets(1, 32).hex(), "psk_secret": self.octets(16, 64).hex()} for _ in range(self.rng.randint(1, 2))]
            for m in self.others(joiner):
                for psk in psks:
                    self.call(m, "store_psk", **m.where(), **psk)
        self.note(f"{joiner} joins by itself, told by {teller}{', again' if remove_prior else ''}{', tree beside' if external_tree else ''}"
                  f"{', with PSKs' if psks else ''}")
        answer = self.call(joiner, "external_join", group_info=info["group_info"], ratchet_tree=info["ratchet_tree"],
                           encrypt_handshake=self.chance(0.5), identity=joiner.identity, remove_prior=remove_prior, psks=psks)
        self.follow(answer["commit"], [], [], answer["epoch_authenticator"], [joiner])
        joiner.state = answer["state_id"]
        self.next_epoch()
        joiner.since = self.epoch

    def step_external_join(self):
        programs = [p for p in self.programs if self.can(p, "external_join")]
        if len(self.members) >= self.high or not programs:
            return False
        joiner = self.newcomer(self.rng.choice(programs))
        if not self.able(self.members, "external_pub"):
            return False
        self.external_join(joiner, False)
        self.members.append(joiner)
        self.largest = max(self.largest, len(self.members))
        return True

    def step_rejoin(self):
        """A member has lost its state and comes back by itself, perhaps with the other program."""
        programs = [p for p in self.programs if self.can(p, "external_join")]
        joiners = self.members if len(programs) == len(self.programs) else [m for m in self.members if m.program in programs]
        if not joiners:
            return False
        joiner = self.rng.choice(joiners)
        if not self.able(self.others(joiner), "external_pub"):
            return False
        self.call(joiner, "free", state_id=joiner.state)
        self.held = [h._replace(recipients=[m for m in h.recipients if m is not joiner]) for h in self.held]
        if sum(m.program is joiner.program for m in self.members) > 1 and self.chance(0.5):
            joiner.program = self.rng.choice(programs)
        self.external_join(joiner, True)
        return True

    def step_add_signer(self):
        if len(self.signers) >= 2 or not self.all_can("external senders"):
            return False
        program = self.rng.choice(self.programs)
        committer, proposer = self.committer(self.members, "path"), self.rng.choice(self.members)
        made = program.call("create_external_signer", cipher_suite=self.suite, identity=f"signer{self.epoch}".encode().hex())
        self.note(f"{proposer}: add_external_signer")
        answer = self.call(proposer, "add_external_signer", state_id=proposer.state, external_sender=made["external_sender"])
        if answer["signer_index"] != len(self.signers):
            raise Failed(f"{proposer}: add_external_signer: signer_index {answer['signer_index']}, not {len(self.signers)}")
        self.commit(committer, [answer["proposal"]])
        self.signers.append(Signer(program, made["signer_id"], made["external_sender"]))
        data = vector(b"".join(bytes.fromhex(s.sender) for s in self.signers)).hex()
        self.extensions = [e for e in self.extensions if e["extension_type"] != EXTERNAL_SENDERS]
        self.extensions.append({"extension_type": EXTERNAL_SENDERS, "extension_data": data})
        return True

    def step_branch(self):
        """Some members make a group of their own, which is tried and left again."""
        creator, *rest = self.some(self.members, 5)
        if not rest:
            return False
        for m in rest:
            self.package(m)
        external_tree = self.chance(0.5)
        self.note(f"{creator} branches with {names(rest)}{', tree beside' if external_tree else ''}")
        made = self.call(creator, "create_branch", state_id=creator.state, group_id=self.new_group_id(), extensions=self.extensions,
                         key_packages=[m.key_package for m in rest], external_tree=external_tree)
        answers = self.all(rest, "handle_branch", state_id=self.state_of, transaction_id=lambda m: m.transaction,
                           welcome=made["welcome"], ratchet_tree=made.get("ratchet_tree", ""))
        self.agree([creator] + rest, [a["epoch_authenticator"] for a in [made] + answers], "branch")
        states = {m: a["state_id"] for m, a in zip([creator] + rest, [made] + answers)}
        said = self.octets(0, 50).hex()
        text = self.call(creator, "protect", state_id=states[creator], plaintext=said)["ciphertext"]
        for m, answer in zip(rest, self.all(rest, "unprotect", state_id=lambda m: states[m], ciphertext=text)):
            if answer["plaintext"] != said:
                raise Failed(f"{m}: unprotect: another plaintext in the branch")
        self.all(states, "free", state_id=lambda m: states[m])
        return True

    def new_group_id(self):
        self.groups += 1
        return f"walk {self.groups}".encode().hex()

    def step_reinit(self):
        """The group ends and goes on as another one, perhaps with another suite."""
        committer, proposer = self.rng.choice(self.members), self.rng.choice(self.members)
        suite, group_id = self.rng.choice(self.suites), self.new_group_id()
        left_out = [EXTERNAL_SENDERS]  # whose keys are of this suite
        if not self.all_can("reinit with required_capabilities"):
            left_out.append(REQUIRED_CAPABILITIES)
        extensions = [e for e in self.choose_extensions() if e["extension_type"] not in left_out]
        external_tree = self.chance(0.5)
        wanted = {"cipher_suite": suite, "group_id": group_id, "extensions": extensions}
        signed = self.by_signer(committer, {"proposal_type": "reinit", **wanted})
        by_reference = signed or [self.proposal(proposer, "reinit_proposal", **wanted)]
        self.note(f"{committer} commits the reinit, suite {suite}")
        answer = self.call(committer, "re_init_commit", state_id=committer.state, by_reference=by_reference)
        rest = self.others(committer)
        ready = {committer: self.call(committer, "handle_pending_re_init_commit", state_id=committer.state)}
        ready.update(zip(rest, self.all(rest, "handle_re_init_commit", state_id=self.state_of, proposal=by_reference, commit=answer["commit"])))
        self.agree(list(ready), [a["epoch_authenticator"] for a in ready.values()], "reinit")
        for m in self.members:
            self.refuses(m, "protect", state_id=m.state, plaintext="00")
        creator = self.rng.choice(self.members)
        rest = self.others(creator)
        self.note(f"{creator} makes the new group{', tree beside' if external_tree else ''}")
        made = self.call(creator, "re_init_welcome", reinit_id=ready[creator]["reinit_id"], external_tree=external_tree,
                         key_package=[ready[m]["key_package"] for m in rest])
        answers = self.all(rest, "handle_re_init_welcome", reinit_id=lambda m: ready[m]["reinit_id"], welcome=made["welcome"],
                           ratchet_tree=made.get("ratchet_tree", ""))
        self.agree([creator] + rest, [a["epoch_authenticator"] for a in [made] + answers], "the new group")
        self.all(self.members, "free", state_id=self.state_of)
        for m, a in zip([creator] + rest, [made] + answers):
            m.state, m.since = a["state_id"], 1
        self.suite, self.group_id, self.extensions, self.epoch = suite, group_id, extensions, 1
        self.held, self.signers = [], []
        self.generations.clear()
        return True

    def step_messages(self):
        for _ in range(self.rng.randint(1, 5)):
            self.message()
        self.deliver_held(lambda h: self.chance(0.5))
        return True

    def message(self):
        sender = self.rng.choice(self.members)
        generation = self.generations[sender]
        self.deliver_held(lambda h: h.sender is sender and h.epoch == self.epoch and h.generation + SPREAD <= generation)
        plaintext, aad = self.octets(0, self.rng.choice([10, 100, 3000])).hex(), self.octets(0, self.rng.choice([0, 30])).hex()
        self.note(f"{sender} sends {len(plaintext) // 2} B")
        answer = self.call(sender, "protect", state_id=sender.state, authenticated_data=aad, plaintext=plaintext)
        self.generations[sender] += 1
        self.messages += 1
        to = self.others(sender)
        late = [m for m in to if self.chance(0.4)]
        self.held.append(Held(self.epoch, sender, generation, answer["ciphertext"], plaintext, aad, late))
        self.receive(self.held[-1], [m for m in to if m not in late])

    def deliver_held(self, now):
        """Messages that were kept back reach those who were members then and still are, in any order."""
        ready = [h for h in self.held if now(h)]
        self.held = [h for h in self.held if not any(h is r for r in ready)]
        self.rng.shuffle(ready)
        for h in ready:
            to = [m for m in h.recipients if m in self.members and m.since <= h.epoch]
            if to:
                self.note(f"late, of epoch {h.epoch}, from {h.sender} to {names(to)}")
                self.receive(h, to)

    def receive(self, held, members):
        answers = self.all(members, "unprotect", state_id=self.state_of, ciphertext=held.ciphertext)
        for m, answer in zip(members, answers):
            if (answer["plaintext"], answer.get("authenticated_data", "")) != (held.plaintext, held.aad):
                raise Failed(f"{m}: unprotect: not what {held.sender} had sent")
        if members and self.chance(0.1):  # once more: its key is gone
            self.refuses(members[0], "unprotect", state_id=members[0].state, ciphertext=held.ciphertext)

    # ---- the walk ------------------------------------------------------------------------------------------------
    STEPS = {"add": 14, "remove": 9, "update": 12, "path": 8, "external_psk": 5, "resumption_psk": 5, "extensions": 5, "mixed": 10,
             "race": 4, "external_join": 6, "rejoin": 5, "add_signer": 2, "branch": 3, "reinit": 1, "messages": 20}

    def begin(self):
        first = self.newcomer()
        self.group_id = self.new_group_id()
        first.state = self.call(first, "create_group", group_id=self.group_id, cipher_suite=self.suite,
                                encrypt_handshake=self.chance(0.5), identity=first.identity)["state_id"]
        self.members = [first]
        joiners = [self.newcomer(p) for p in self.programs for _ in range(max(1, self.low // 2))]
        for joiner in joiners:
            self.package(joiner)
        self.commit(first, by_value=[{"proposal_type": "add", "key_package": m.key_package} for m in joiners], joiners=joiners)
        self.check()

    def step(self):
        while True:
            kind = self.rng.choices(list(self.STEPS), self.STEPS.values())[0]
            if kind == "remove" and self.chance(0.6 * (1 - len(self.members) / self.high)):
                continue  # leans towards larger groups
            suite = self.suite
            if getattr(self, "step_" + kind)():
                break
        self.remove_stranded()
        self.check()
        self.kinds[kind] += 1
        return suite


class Tap:
    def __init__(self):
        self.count = self.failures = 0

    def result(self, good, name, detail=""):
        self.count += 1
        self.failures += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}")
        for line in str(detail).splitlines():
            print("# " + line)
        sys.stdout.flush()

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}", flush=True)


def run(tap, walk, suite, steps, seed):
    done, in_suite = 0, collections.Counter()
    try:
        walk.begin()
        while done < steps:
            in_suite[walk.step()] += 1
            done += 1
    except Failed as error:
        last = "\n".join(walk.log)
        members = names(walk.members)
        tap.result(False, f"suite {suite}: {steps} steps, seed {seed}", f"seed {seed}, suite {suite}, step {done + 1}: {error}\nmembers: {members}\nthe last operations:\n{last}")
        return
    suites = ", ".join(f"suite {s} {n}" for s, n in sorted(in_suite.items()))
    tap.result(True, f"suite {suite}: {steps} steps, seed {seed}, at most {walk.largest} members", f"{suites}; {walk.messages} messages")
    for kind, count in sorted(walk.kinds.items()):
        tap.result(True, f"suite {suite}: {kind.replace('_', ' ')}: {count}")
    for what, count in sorted(walk.skipped.items()):
        tap.skip(f"suite {suite}: left out {count} times: {what}", "see docs/mls-harness.md")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", required=True)
    parser.add_argument("--theirs", required=True)
    parser.add_argument("--suites", default="1,2,3")
    parser.add_argument("--steps", type=int, default=500, help="of each suite's walk")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--members", default="2..20")
    args = parser.parse_args()
    suites = [int(s) for s in args.suites.split(",")]
    low, high = (int(n) for n in args.members.split(".."))
    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"# seed {seed}: walk.py --seed {seed} --steps {args.steps} --suites {args.suites} --members {args.members}", flush=True)
    tap = Tap()
    try:
        programs = [Program(args.ours), Program(args.theirs)]
        print(f"# {programs[0].name} and {programs[1].name}", flush=True)
        for suite in suites:
            if not all(suite in p.suites for p in programs):
                tap.skip(f"suite {suite}", "one of the programs has it not")
                continue
            run(tap, Walk(programs, suites, suite, seed, low, high), suite, args.steps, seed)
        for p in programs:
            code = p.stop()
            tap.result(code == 0, f"{p.name} ends well", f"it ended with {code}" if code != 0 else "")
    except (Failed, Refused) as error:
        tap.result(False, "the programs start", error)
    print(f"1..{tap.count}")
    return 1 if tap.failures else 0


if __name__ == "__main__":
    sys.exit(main())
