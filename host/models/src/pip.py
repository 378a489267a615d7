# Runs pip in a process that starts no other program.
#
# pip runs a source package's setup.py to learn its metadata, and first installs what that asks for, without digests.
# pip has checked the digest of the package itself by then, and the archive lies in its temporary folder. So this ends
# the process where pip starts Python, without the clean-up, and the archive is there to be unpacked. pip does without
# every other program: it asks some for their versions.
import sys

sys.path[:] = [path for path in sys.path if path]

import os
import runpy

STARTS = (
    "subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "os.system",
)


def refuse(event, details):
    if event not in STARTS:
        return
    if event == "subprocess.Popen" and str(details[0]) == sys.executable:
        os._exit(0)
    raise PermissionError(f"{event} is refused: a package is fetched, not run")


sys.addaudithook(refuse)
sys.argv[0] = "pip"
runpy.run_module("pip", run_name="__main__")
