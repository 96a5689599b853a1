# SPDX-License-Identifier: MIT
"""A program in tmux: what a person sees of it, in a window of any size."""
import subprocess

from world import DEADLINE, wait_for


class Tmux:
    """`command` in a window of its own; `socket` is a path that nothing else has. `shell`: from an interactive shell,
    whose child can be stopped, with `first` run in it before."""

    def __init__(self, command, env, socket, columns=80, rows=24, shell=False, first=":"):
        self.env = dict(env, LC_ALL="C.UTF-8", TERM="xterm-256color")
        self.socket = str(socket)
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
                  *(["bash", "--norc", "-i"] if shell else command))
        if shell:
            self.type(first + "\n" + " ".join(command) + "\n")

    def tmux(self, *words):
        return subprocess.run(["tmux", "-S", self.socket, *words], env=self.env, check=True, capture_output=True,
                              text=True, timeout=DEADLINE).stdout

    def keys(self, *names):
        self.tmux("send-keys", *names)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def paste(self, text, bracketed):
        self.tmux("set-buffer", text)
        self.tmux("paste-buffer", *(["-p"] if bracketed else []))

    def seen(self):
        return self.tmux("capture-pane", "-p")

    def until(self, *texts):
        last = [""]

        def shown():
            last[0] = self.seen()
            return all(text in last[0] for text in texts)

        try:
            wait_for(repr(texts), shown, 60)
        except AssertionError as e:
            raise AssertionError(f"{e}\n{last[0]}") from None
        return last[0]

    def is_over(self):
        """The program has ended, and the window with it."""
        return subprocess.run(["tmux", "-S", self.socket, "has-session"], env=self.env, capture_output=True,
                              check=False).returncode != 0

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def end(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], env=self.env, capture_output=True, check=False)
