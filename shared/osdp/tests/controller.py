"""An access controller, by libosdp, for the device at stdin and stdout; prints what it receives to stderr.

controller.py KEY SECONDS: the key in hexadecimal digits, and the timeout.
"""

import os
import sys
import time

PACKAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../.cache/python")
if not os.path.isdir(PACKAGES):
    sys.exit(f"{PACKAGES} not found: run `cargo xtask setup`")
sys.path.insert(0, PACKAGES)

from osdp import Channel, Command, ControlPanel, Event, LibFlag, LogLevel, PDInfo

ADDRESS = 5


class Pipes(Channel):
    """Stdin and stdout, moved to other file descriptors so that no print reaches them."""

    def __init__(self):
        super().__init__()
        self.input, self.output = os.dup(0), os.dup(1)
        os.set_blocking(self.input, False)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def read(self, max_bytes):
        try:
            return os.read(self.input, max_bytes)
        except BlockingIOError:
            return b""

    def write(self, buf):
        return os.write(self.output, buf)

    def flush(self):
        pass


def say(*words):
    os.write(2, (" ".join(map(str, words)) + "\n").encode())


def hear(event):
    if event["event"] == Event.CardRead:
        say("card:", event["length"], event["data"].hex())
    elif event["event"] == Event.Status:
        say("status:", event["report"].hex())
        return True
    return False


key = bytes.fromhex(sys.argv[1])
panel = ControlPanel(
    [PDInfo(ADDRESS, Pipes(), scbk=key, flags=[LibFlag.EnforceSecure])], log_level=LogLevel.Emergency
)
panel.start()
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end and not panel.is_sc_active(ADDRESS):
    time.sleep(0.05)
say("secure:", panel.is_sc_active(ADDRESS))
if panel.is_sc_active(ADDRESS):
    who = panel.get_pd_id(ADDRESS)
    say("identity:", who.model, who.version, hex(who.serial_number & 0xFFFFFFFF))
    lamp = {
        "command": Command.LED, "reader": 0, "led_number": 0, "control_code": 1, "temporary": False,
        "on_count": 10, "off_count": 10, "on_color": 1, "off_color": 2, "timer_count": 10,
    }
    say("lamp:", panel.submit_command(ADDRESS, lamp))
    while time.monotonic() < end:
        event = panel.get_event(ADDRESS, timeout=1)
        if event and hear(event):
            break
    say("secure:", panel.is_sc_active(ADDRESS))
os._exit(0)
