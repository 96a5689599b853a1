# SPDX-License-Identifier: MIT
"""A program on a pseudo terminal, for black-box tests. Nothing here sleeps to wait."""
import errno
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios

import world
from world import wait_for


STATUS_QUERY, STATUS = "\x1b[5n", b"\x1b[0n"


class Terminal:
    """A tool on a pseudo terminal. Its text so far is `seen`; `typed` is there before the tool begins. As terminals do,
    it answers what has been read of it, unless `answers` is false: nothing of it is on the glass yet."""

    answers = True

    def __init__(self, command, env, typed=b"", columns=80, term="xterm", **options):
        self.mine, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.type(typed)
        self.seen = ""
        self.answered = 0
        self.child = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=dict(env, TERM=term),
                                      start_new_session=True, **options)
        os.close(its)

    def type(self, keys):
        os.write(self.mine, keys)

    def read(self):
        while select.select([self.mine], [], [], 0)[0]:
            try:
                piece = os.read(self.mine, 4096)
            except OSError as e:
                if e.errno != errno.EIO:  # the other side is closed
                    raise
                piece = b""
            if not piece:
                return
            self.seen += piece.decode(errors="replace")
            self.answer()

    def answer(self):
        while self.answers and (at := self.seen.find(STATUS_QUERY, self.answered)) >= 0:
            self.answered = at + len(STATUS_QUERY)
            os.write(self.mine, STATUS)

    def expect(self, text):
        def said():
            self.read()
            if text not in self.seen and self.child.poll() is not None:
                raise AssertionError(f"ended with {self.child.returncode} before {text!r}:\n{self.seen}")
            return text in self.seen

        wait_for(repr(text), said)

    def lines(self):
        """`seen` without what steers the terminal."""
        return re.sub(r"\x1b(\[[0-9;?>]*[a-zA-Z]|[=>]|\][^\x07]*\x07)|[\x07\r]", "", self.seen)

    def end(self):
        def ended():
            self.read()
            return self.child.poll() is not None

        wait_for("the end of " + self.child.args[0], ended)
        self.read()
        return self.child.returncode

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        os.close(self.mine)


class Dialogue(Terminal):
    """kflash in a world's simulation, on a terminal that it can be interrupted from: question by question."""

    def __init__(self, w, *words, columns=200, env=None):
        full = dict(os.environ, HOME=str(w.home), XDG_STATE_HOME=str(w.root / "logs"), NO_COLOR="1")
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "SUDO_UID", "SUDO_GID"):
            full.pop(name, None)
        full.update(env or {})
        term = (env or {}).get("TERM", "xterm")
        self.past = 0
        super().__init__([world.KFLASH, words[0], "--sim-root", str(w.root / "w"), *words[1:]], full, columns=columns,
                         term=term, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    @property
    def text(self):
        return self.seen.replace("\r\n", "\n")

    def pass_by(self, text):
        """On to behind the next `text`."""
        def said():
            ended = self.child.poll() is not None  # before the last look
            self.read()
            if text not in self.seen[self.past:] and ended:
                raise AssertionError(f"ended with {self.child.returncode} without {text!r}:\n{self.seen}")
            return text in self.seen[self.past:]

        wait_for(repr(text), said)
        self.past = self.seen.index(text, self.past) + len(text)

    def sees(self, question):
        """On to behind the next `question` of a screen, when keys count."""
        self.pass_by(question)
        self.pass_by(STATUS_QUERY)

    def say(self, question, answer):
        self.pass_by(question)
        self.type(answer.encode())

    def end(self):
        code = super().end()
        self.close()
        return code
