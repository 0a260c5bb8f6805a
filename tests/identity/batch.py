"""One process that answers lines with lines."""

import subprocess
import threading


class Batch:
    """command is asked line by line; each line is answered by one. folder: where it runs."""

    def __init__(self, name, command, folder, environment=None):
        self.name = name
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, lines):
        """The answers, in order."""
        writer = threading.Thread(target=self._write, args=(lines,))
        writer.start()
        answers = []
        for _ in lines:
            answer = self.process.stdout.readline()
            assert answer.endswith("\n"), f"{self.name} ended ({self.process.poll()}) at {lines[len(answers)]}"
            answers.append(answer.rstrip("\n"))
        writer.join()
        return answers

    def _write(self, lines):
        try:
            self.process.stdin.write("".join(line + "\n" for line in lines))
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # ask says so

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
