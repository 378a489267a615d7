"""An OSDP access controller built on libosdp. The peripheral is at stdin and stdout; stderr reports what it sends.

    controller.py KEY ATTEMPTS

KEY is the secure channel base key in hexadecimal digits. ATTEMPTS is how often the controller may begin a secure
channel before it reports `secure: False` and ends.

libosdp measures time with the host's clock: it drops a command without a reply within 200 ms, repeats it eight times,
and then leaves the peripheral alone for 300 s. An emulated board on a busy host answers later than that. So this
program does not let libosdp look at its clock while a reply is due: after each command it waits until the whole reply
has arrived, and only then calls libosdp again. libosdp processes a reply that is there before it checks the time.
A command that really was lost is still repeated by libosdp, and a channel that was closed is opened again.
"""

import os
import select
import sys
import time

PACKAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../.cache/python")
if not os.path.isdir(PACKAGES):
    sys.exit(f"{PACKAGES} is not there: run `cargo xtask setup`")
sys.path.insert(0, PACKAGES)

from osdp import Channel, Command, ControlPanel, Event, EventNotification, LibFlag, LogLevel, PDInfo

ADDRESS = 5
# The first byte of a packet, and the byte that may precede it.
START, MARK = 0x53, 0xFF
# Seconds until a command or its reply counts as lost. A reply takes milliseconds on an idle machine.
LOST = 20
# Seconds until the program ends, so that a test that fails also ends.
END = time.monotonic() + 1800
# Seconds between two calls of libosdp while no reply is due. It polls 20 times a second at most.
PAUSE = 0.01


class Bus(Channel):
    """Stdin and stdout, moved to other descriptors so that nothing is printed into them."""

    def __init__(self):
        super().__init__()
        self.input, self.output = os.dup(0), os.dup(1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        self.received = b""
        self.due = False

    def read(self, max_bytes):
        taken, self.received = self.received[:max_bytes], self.received[max_bytes:]
        return taken

    def write(self, buf):
        self.due = True
        return os.write(self.output, buf)

    def flush(self):
        """Drops a reply that came too late: libosdp calls this before it repeats a command."""
        self.receive(0)
        self.received = b""

    def receive(self, seconds):
        """Takes the bytes that arrive within this time; returns whether there were any."""
        if not select.select([self.input], [], [], seconds)[0]:
            return False
        taken = os.read(self.input, 4096)
        if not taken:
            os._exit(0)  # The test has heard enough.
        self.received += taken
        return True

    def wait(self):
        """Waits until the reply that is due has arrived as a whole."""
        while self.due and not self.is_whole() and self.receive(LOST):
            pass
        self.due = False

    def is_whole(self):
        packet = self.received.lstrip(bytes([MARK]))
        return len(packet) >= 4 and packet[0] == START and len(packet) >= int.from_bytes(packet[2:4], "little")


class Controller:
    """A control panel for one peripheral, and the events that it reported."""

    def __init__(self, bus, key):
        self.bus, self.events, self.is_offline = bus, [], False
        bus.flush()
        flags = [LibFlag.EnforceSecure, LibFlag.EnableNotification]
        info = PDInfo(ADDRESS, bus, scbk=key, flags=flags)
        self.panel = ControlPanel([info], log_level=LogLevel.Emergency, event_handler=self.handle).ctx

    def handle(self, _, event):
        if event["event"] != Event.Notification:
            self.events.append(event)
        elif event["type"] == EventNotification.PeripheralDeviceStatus:
            self.is_offline = not event["arg0"]
        return 0

    def step(self):
        """Lets libosdp send or receive one packet."""
        self.panel.refresh()
        if self.bus.due:
            self.bus.wait()
        else:
            time.sleep(PAUSE)

    def is_secure(self):
        return bool(self.panel.sc_status() & 1)


def connect(bus, key, attempts):
    """A controller with a secure channel, or the last one without."""
    for _ in range(attempts):
        controller = Controller(bus, key)
        while time.monotonic() < END and not controller.is_offline:
            if controller.is_secure():
                return controller
            controller.step()
    return controller


def say(*words):
    os.write(2, (" ".join(map(str, words)) + "\n").encode())


def report(event):
    """Reports an event; returns whether it was the last one that is expected."""
    if event["event"] == Event.CardRead:
        say("card:", event["length"], event["data"].hex())
    elif event["event"] == Event.Status:
        say("status:", event["report"].hex())
        return True
    return False


def main(key, attempts):
    bus = Bus()
    controller = connect(bus, key, attempts)
    say("secure:", controller.is_secure())
    if not controller.is_secure():
        return
    peripheral = controller.panel.get_pd_id(0)
    serial = peripheral["serial_number"] & 0xFFFFFFFF
    say("identity:", peripheral["model"], peripheral["version"], hex(serial))
    led = {
        "command": Command.LED, "reader": 0, "led_number": 0, "control_code": 1, "temporary": False,
        "on_count": 10, "off_count": 10, "on_color": 1, "off_color": 2, "timer_count": 10,
    }
    say("lamp:", controller.panel.submit_command(0, led))
    is_done = False
    while time.monotonic() < END and not is_done:
        if controller.is_offline:
            controller = connect(bus, key, attempts)
        controller.step()
        events, controller.events = controller.events, []
        is_done = any([report(event) for event in events])
    say("secure:", controller.is_secure())


main(bytes.fromhex(sys.argv[1]), int(sys.argv[2]))
os._exit(0)
