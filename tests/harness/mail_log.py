"""What an MTA of ours wrote into its own mail log."""

from .waiting import PATIENCE, wait_until


class MailLog:
    """For an MTA with `log`, the path of the file."""

    def logged(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def wait_logged(self, look, what, start=0, patience=PATIENCE):
        """The first line of the mail log, from a position on, for which look(line) is true."""

        def found():
            return next((line for line in self.logged()[start:].splitlines() if look(line)), None)

        return wait_until(found, f"{what} in the mail log", patience, self.logged)
