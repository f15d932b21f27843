"""Two people at real terminals (tmux), through a real relay."""
from sottoclient import Server, program, run
from sottopeople import Person, Terminal, no_tmux, people, terminals, wait_for

SOTTO = program("sotto")


def a_conversation_reads_as_it_was_held():
    if no_tmux():
        return no_tmux()
    with Server() as server:
        a, b = Terminal(SOTTO + " session", server.port), Terminal(SOTTO + " session", server.port)
        with a, b:
            a.expect("(C)reate or (J)oin? [C/J]:")
            b.expect("(C)reate or (J)oin? [C/J]:")
            a.line("C")
            a.expect(f"[+] Connected to 127.0.0.1:{server.port} (key pinned)")
            a.expect(f"other side runs: sotto session join --server 127.0.0.1:{server.port}")
            a.expect("[*] Waiting… (Ctrl-C cancels)")
            b.line("J")
            b.expect("Code:")
            b.line(a.code())
            b.expect("[*] Exchanging keys from the code…")
            a.expect("[+] Secure. The server cannot read this chat")
            b.expect("[+] Secure. The server cannot read this chat")
            b.line("Hello!")
            a.expect("[Them]: Hello!")
            a.line("Hi there! Grüße 世界 🐢")
            b.expect("[Them]: Hi there! Grüße 世界 🐢")
            assert a.screen().startswith("(C)reate") and a.screen().count("[You]:") <= 2, a.screen()
            assert "[You]: Hello!" in b.screen() and "[You]: Hi there! Grüße 世界 🐢" in a.screen()
            check = a.screen().split("optional check: ")[1].split("\n")[0]
            assert check == b.screen().split("optional check: ")[1].split("\n")[0]
            a.line("/end")
            assert a.status() == 0 and b.status() == 0
            b.expect("[*] The other side left. Nothing is kept")
            b.expect(" icanon")
            b.expect(" echo ")


def incoming_text_never_tears_the_line_being_typed():
    if no_tmux():
        return no_tmux()
    with Server() as server:
        a, b = terminals(server.port, columns=40)
        with a, b:
            half = "a line that is longer than the narrow screen is wide, 世界 too, and unfinished"
            b.type(half)
            b.expect("unfinished")
            for i in range(5):
                a.line(f"interruption {i}")
            b.expect("[Them]: interruption 4")
            wait_for(lambda: "unfinished" in "".join(b.visible()), "the line, drawn again")
            text = b.screen()
            assert text.count("unfinished") == 1 and text.count("[You]: a line that") == 1, text
            assert text.index("interruption 4") < text.index("[You]: a line that"), text
            b.keys("Home")  # the cursor in the first row of three
            a.line("interruption at home")
            b.expect("[Them]: interruption at home")
            wait_for(lambda: "unfinished" in "".join(b.visible()), "the line, drawn again")
            assert b.screen().count("unfinished") == 1 and b.screen().count("[You]: a line that") == 1, b.screen()
            b.keys("Home")
            b.type("Still ")
            b.keys("End")
            b.line(" no more")
            a.expect(f"Still {half} no more")


def keys_move_and_erase_as_people_expect():
    if no_tmux():
        return no_tmux()
    with Server() as server:
        a, b = terminals(server.port)
        with a, b:
            a.type("wrold äö")
            a.keys("BSpace", "BSpace", "BSpace", "Left", "Left", "Left", "DC", "Right", "r")
            a.type("!")
            a.keys("Enter")
            b.expect("[Them]: wrlr!d")
            a.type("to be erased")
            a.keys("C-u")
            a.line("kept")
            b.expect("[Them]: kept")
            assert "erased" not in b.screen()


def a_thousand_lines_are_pasted_each_way():
    if no_tmux():
        return no_tmux()
    with Server() as server:
        a, b = terminals(server.port)
        with a, b:
            a.paste("".join(f"a{i:04} the quick brown fox\n" for i in range(1000)))
            b.paste("".join(f"b{i:04} over the lazy dog\n" for i in range(1000)))
            a.expect("[Them]: b0999 over the lazy dog", 120)
            b.expect("[Them]: a0999 the quick brown fox", 120)
            heard = [line for line in a.screen().splitlines() if line.startswith("[Them]: b")]
            assert heard == [f"[Them]: b{i:04} over the lazy dog" for i in range(1000)], heard[-3:]
            heard = [line for line in b.screen().splitlines() if line.startswith("[Them]: a")]
            assert heard == [f"[Them]: a{i:04} the quick brown fox" for i in range(1000)], heard[-3:]
            said = [line for line in a.screen().splitlines() if line.startswith("[You]: a")]
            assert said == [f"[You]: a{i:04} the quick brown fox" for i in range(1000)], said[-3:]


def tab_completes_the_code_and_a_typo_is_told_before_the_guess_is_spent():
    if no_tmux():
        return no_tmux()
    with Server() as server:
        with Terminal(SOTTO + " session new", server.port) as a, Terminal(SOTTO + " session join", server.port) as b:
            slot, first, second = a.code().split("-")
            b.expect("Code:")
            b.line(f"{slot}-{first}-zuchini")
            b.expect("did you mean zucchini?")
            b.line("nonsense")
            b.expect("That is not a session code")
            assert "joined" not in server.log()
            b.type(slot)
            b.keys("Tab")
            b.type(first[:3])
            b.keys("Tab")
            b.type(second[:3])
            b.keys("Tab")
            b.expect(f"Code: {slot}-{first}-{second}")
            b.keys("Enter")
            b.expect("[+] Secure")


def tab_lists_words_when_several_begin_so():
    if no_tmux():
        return no_tmux()
    with Server() as server:
        with Terminal(SOTTO + " session join", server.port) as b:
            b.expect("Code:")
            b.type("7-aardvark-ab")
            b.keys("Tab")
            b.expect("abbey  ability  able")
            b.expect("Code: 7-aardvark-ab")


def what_is_typed_early_is_held_and_then_sent():
    if no_tmux():
        return no_tmux()
    with Server() as server:
        with Terminal(SOTTO + " session new", server.port) as a, Terminal(SOTTO + " session join", server.port) as b:
            code = a.code()
            a.line("said early")
            a.expect("[*] Held until the channel is secure")
            a.line("and this")
            b.expect("Code:")
            b.line(code)
            b.expect("[Them]: said early\n[Them]: and this")


def control_d_and_control_c_leave_cleanly():
    if no_tmux():
        return no_tmux()
    with Server() as server:
        for key in ("C-d", "C-c"):
            a, b = terminals(server.port)
            with a, b:
                b.type("half a line")
                a.keys(key)
                assert a.status() == 0 and b.status() == 0, (a.screen(), b.screen())
                b.expect("The other side left")
                a.expect(" icanon")
                b.expect(" icanon")
        with Terminal(SOTTO + " session", server.port) as a:
            a.expect("[C/J]:")
            a.keys("C-c")
            assert a.status() == 130


def every_prompt_can_be_left():
    if no_tmux():
        return no_tmux()
    for command, prompt in ((" session", "[C/J]:"), (" session join", "Code:")):
        for leave in (lambda a: a.keys("C-d"), lambda a: a.line("exit"), lambda a: a.line("/end")):
            with Terminal(SOTTO + command, 1) as a:
                a.expect(prompt)
                leave(a)
                assert a.status() == 130 and "error" not in a.screen(), a.screen()


def what_was_not_sent_stays_and_is_told():
    if no_tmux():
        return no_tmux()
    with Server() as server:
        a, b = terminals(server.port, columns=40)
        with a, b:
            a.type("a thought that nobody heard, since the other one was faster")
            a.keys("Home")
            a.expect("faster")
            b.line("exit")
            assert a.status() == 0
            a.expect("faster\n[*] The line being typed was not sent\n[*] The other side left")
        with Terminal(SOTTO + " session new", server.port) as a:
            a.code()
            a.line("said early")
            a.expect("[*] Held until")
            a.keys("C-c")
            assert a.status() == 130
            a.expect("[*] What was held was not sent")


def the_lab_leaves_its_prompts_and_never_tears_them():
    if no_tmux():
        return no_tmux()
    for leave in (lambda a: a.keys("C-d"), lambda a: a.line("exit")):
        with Terminal(SOTTO + " lab join", 1) as a:
            a.expect("Code:")
            leave(a)
            assert a.status() == 130 and "error" not in a.screen(), a.screen()
    with Terminal(SOTTO + " lab new", 1) as a:
        assert a.status() == 3
        assert a.screen().startswith("sotto: error: cannot reach"), a.screen()
    with Server() as server, Terminal(SOTTO + " lab new", server.port) as a:
        a.expect(f"the other side runs: sotto lab join --server 127.0.0.1:{server.port}")


def a_pasted_tab_is_text():
    if no_tmux():
        return no_tmux()
    with Server() as server:
        a, b = terminals(server.port)
        with a, b:
            a.paste("two\twords\r")
            b.expect("[Them]: two words")


def commands_are_listed_and_never_sent_by_mistake():
    if no_tmux():
        return no_tmux()
    with Server() as server:
        a, b = terminals(server.port)
        with a, b:
            a.line("/help")
            a.expect("/end or exit")
            a.line("/hlep")
            a.expect("No such command")
            a.line("//slash")
            b.expect("[Them]: /slash")
            assert "hlep" not in b.screen()


def escape_sequences_of_the_other_side_do_nothing():
    if no_tmux():
        return no_tmux()
    with Server() as server:
        with Terminal(SOTTO + " session new", server.port) as a:
            with Person("session", "join", "-", port=server.port) as b:
                b.say(a.code() + "\n")
                a.expect("[+] Secure")
                b.say("\x1b[2J\x1b[1;1H\x1b]0;owned\x07\x1b[31m\rforged [You]: yes \u202eevil\n")
                a.expect("[Them]: [2J[1;1H]0;owned[31mforged [You]: yes evil")
                assert "[+] Secure" in a.screen()


def a_stopped_program_gives_the_terminal_back_and_goes_on():
    if no_tmux():
        return no_tmux()
    with Server() as server:
        with Terminal("bash --norc -i", server.port) as a, Person("session", "join", "-", port=server.port) as b:
            a.line(SOTTO + " session new")
            b.say(a.code() + "\n")
            a.expect("[+] Secure")
            a.type("half a")
            a.expect("half a")
            a.keys("C-z")
            a.expect("Stopped")
            b.say("meanwhile\n")
            a.line("stty -a | grep -c icanon.*echo")
            a.expect("\n1\n")
            a.line("fg")
            a.expect("[Them]: meanwhile")
            a.line(" line")
            b.expect_out("[Them]: half a line")


def a_resized_terminal_goes_on():
    if no_tmux():
        return no_tmux()
    with Server() as server:
        a, b = terminals(server.port)
        with a, b:
            a.type("before and ")
            a.tmux("resize-window", "-x", "50", "-y", "20")
            b.line("meanwhile")
            a.expect("[Them]: meanwhile")
            a.line("after")
            b.expect("[Them]: before and after")


def a_dumb_terminal_works_line_by_line():
    if no_tmux():
        return no_tmux()
    with Server() as server:
        with Terminal("env TERM=dumb " + SOTTO + " session new", server.port) as a:
            with Person("session", "join", "-", port=server.port) as b:
                b.say(a.code() + "\n")
                a.expect("[+] Secure")
                b.say("hello\n")
                a.expect("[Them]: hello")
                a.line("hello too")
                b.expect_out("[Them]: hello too")
                a.line("/help")
                a.expect("this list")
                a.keys("C-d")
                assert a.status() == 0 and "/help" not in b.out(), b.out()


def colour_needs_a_terminal_and_leave():
    if no_tmux():
        return no_tmux()
    with Server() as server:
        with Terminal(SOTTO + " session new", server.port) as a, Terminal("env NO_COLOR=1 " + SOTTO + " session new", server.port) as b:
            a.code()
            b.code()
            assert "\x1b[" in a.tmux("capture-pane", "-p", "-e") and "\x1b[3" not in b.tmux("capture-pane", "-p", "-e")
        x, y = people(server.port)
        assert "\x1b" not in x.err() + x.out() + y.err()


run([
    a_conversation_reads_as_it_was_held,
    incoming_text_never_tears_the_line_being_typed,
    keys_move_and_erase_as_people_expect,
    a_thousand_lines_are_pasted_each_way,
    tab_completes_the_code_and_a_typo_is_told_before_the_guess_is_spent,
    tab_lists_words_when_several_begin_so,
    what_is_typed_early_is_held_and_then_sent,
    control_d_and_control_c_leave_cleanly,
    every_prompt_can_be_left,
    what_was_not_sent_stays_and_is_told,
    the_lab_leaves_its_prompts_and_never_tears_them,
    a_pasted_tab_is_text,
    commands_are_listed_and_never_sent_by_mistake,
    escape_sequences_of_the_other_side_do_nothing,
    a_stopped_program_gives_the_terminal_back_and_goes_on,
    a_resized_terminal_goes_on,
    a_dumb_terminal_works_line_by_line,
    colour_needs_a_terminal_and_leave,
])
