//! The name of the USB keypad, as udev gives it: `/dev/input/by-id/…-event-kbd`. There is no udev here, and the number in
//! `/dev/input/eventN` goes by which device comes first. vivid has one too, a remote control, whose keys are digits as well.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The path under which the door's configuration names the keypad, whatever its number is.
const KEYPAD: &str = "/dev/input/by-id/usb-QEMU_QEMU_USB_Keyboard-event-kbd";

/// What the keypad says that it is.
const NAME: &str = "QEMU QEMU USB Keyboard";

/// The time between two looks at what is plugged in.
const PAUSE: Duration = Duration::from_millis(200);

/// Names the keypad, now and after each time that it is plugged in again.
///
/// # Errors
/// The folder of names cannot be made.
pub fn name() -> io::Result<()> {
    let link = Path::new(KEYPAD);
    fs::create_dir_all(link.parent().unwrap_or(link))?;
    std::thread::spawn(move || {
        loop {
            let device = device(Path::new("/sys/class/input"));
            if device != fs::read_link(link).ok() {
                let _ = fs::remove_file(link);
                if let Some(Err(error)) = device.map(|device| std::os::unix::fs::symlink(device, link)) {
                    eprintln!("guest: the keypad has no name: {error}");
                }
            }
            std::thread::sleep(PAUSE);
        }
    });
    Ok(())
}

/// The node of the keypad, by the kernel's folder of input devices. `None` while it is unplugged.
fn device(class: &Path) -> Option<PathBuf> {
    let is_keypad = |event: &Path| {
        let name = fs::read_to_string(event.join("device/name")).unwrap_or_default();
        name.trim_end() == NAME
    };
    let events = fs::read_dir(class).ok()?.flatten().map(|entry| entry.path());
    let event = events.filter(|event| event.join("dev").is_file()).find(|event| is_keypad(event))?;
    let node = event.file_name()?;
    node.to_str()?.starts_with("event").then(|| Path::new("/dev/input").join(node))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keypad_is_found_by_what_it_is_called() {
        let class = std::env::temp_dir().join(format!("postern-guest-input-{}", std::process::id()));
        let plug_in = |node: &str, name: &str| {
            let device = class.join(node).join("device");
            fs::create_dir_all(&device).expect("a folder");
            fs::write(device.join("name"), format!("{name}\n")).expect("a name");
            fs::write(class.join(node).join("dev"), "13:64\n").expect("a number");
        };
        plug_in("event0", "vivid-000-vid-cap0");
        assert_eq!(device(&class), None);
        plug_in("event1", NAME);
        assert_eq!(device(&class), Some("/dev/input/event1".into()));
        fs::remove_dir_all(&class).expect("it was there");
    }
}
