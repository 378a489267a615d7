//! Devices that are named by a number: the kernel gives it by what is found first, so another device may have it after the
//! next start.

/// What such names begin with, and what lists a name that stays.
const NUMBERED: [(&str, &str); 5] = [
    ("/dev/video", "`ls -l /dev/v4l/by-id`"),
    ("/dev/input/event", "`ls -l /dev/input/by-id`"),
    ("/dev/ttyUSB", "`ls -l /dev/serial/by-id`"),
    ("/dev/ttyACM", "`ls -l /dev/serial/by-id`"),
    ("/dev/gpiochip", "`gpioinfo`, of the line itself,"),
];

/// What to do about a name in the configuration that has such a number.
pub fn advice(name: &str) -> Option<String> {
    NUMBERED.iter().find_map(|(device, lists)| {
        let number = name.get(name.find(device)? + device.len()..)?;
        number.starts_with(|digit: char| digit.is_ascii_digit()).then(|| {
            format!("{name}: its number may be another device's after the next start; {lists} lists a name that stays")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_number_of_the_kernel_is_told_what_to_do() {
        for (name, lists) in [
            ("/dev/video0", "/dev/v4l/by-id"),
            ("/dev/input/event12", "/dev/input/by-id"),
            ("serial:/dev/ttyUSB0:9600", "/dev/serial/by-id"),
            ("serial:/dev/ttyACM1", "/dev/serial/by-id"),
            ("!/dev/gpiochip2:17", "gpioinfo"),
        ] {
            assert!(advice(name).is_some_and(|said| said.contains(name) && said.contains(lists)), "{name}");
        }
        for name in [
            "/dev/v4l/by-id/usb-046d_0825-video-index0",
            "/dev/input/by-id/usb-0000_USB_Keypad-event-kbd",
            "serial:/dev/serial0:115200",
            "serial:/dev/ttyAMA0",
            "tcp:127.0.0.1:7700",
            "GPIO17",
        ] {
            assert_eq!(advice(name), None);
        }
    }
}
