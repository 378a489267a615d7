//! Progress bars.
//!
//! indicatif writes to the terminal itself, past [`output`](crate::output). So each bar is made here: what it looks like is a
//! text of this program, in which a brace stands for a figure, and all that is said beside it is [`visible`] first.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::visible::visible;

/// How a bar looks over things of which so many come in a second.
const COUNTED: &str = "  {msg} {bar:30} {pos}/{len} {per_sec}, {eta} left";

/// A bar.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar that looks like `template`, which is a text of ours alone, with a text beside it.
    pub fn new(length: u64, template: &'static str, message: &str) -> Self {
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(ProgressBar::new(length).with_style(style).with_message(visible(message)))
    }

    /// A bar over so many things that `what` names.
    pub fn counted(length: usize, what: &str) -> Self {
        Self::new(length as u64, COUNTED, what)
    }

    /// A sign that something goes on, of which nobody knows the end.
    pub fn spinner() -> Self {
        let style = ProgressStyle::with_template("  {spinner} {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::new_spinner().with_style(style);
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }

    /// Says something beside the bar.
    pub fn say(&self, message: &str) {
        self.0.set_message(visible(message));
    }

    /// Writes a line above the bar. Where there is no terminal it writes nothing.
    pub fn line(&self, line: &str) {
        self.0.println(visible(line));
    }

    /// So many more are done.
    pub fn inc(&self, more: u64) {
        self.0.inc(more);
    }

    /// So many of all are done.
    pub fn set_position(&self, done: u64) {
        self.0.set_position(done);
    }

    /// There are so many.
    pub fn set_length(&self, length: u64) {
        self.0.set_length(length);
    }

    /// What was done until now does not count for the rate.
    pub fn reset_eta(&self) {
        self.0.reset_eta();
    }

    /// Whether there is no terminal.
    pub fn is_hidden(&self) -> bool {
        self.0.is_hidden()
    }

    /// Takes the bar away while something else is written.
    pub fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }

    /// Takes the bar away.
    pub fn finish_and_clear(&self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::{ProgressDrawTarget, TermLike};

    use super::*;
    use crate::visible::is_obeyed;

    /// A terminal that keeps what is written to it.
    #[derive(Clone, Debug, Default)]
    struct Terminal(Arc<Mutex<String>>);

    impl Terminal {
        fn written(&self) -> String {
            self.0.lock().unwrap().clone()
        }
    }

    impl TermLike for Terminal {
        fn width(&self) -> u16 {
            200
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a bar writes to a terminal while `act` uses it.
    fn written(bar: &Bar, act: impl FnOnce(&Bar)) -> String {
        let terminal = Terminal::default();
        bar.0.set_draw_target(ProgressDrawTarget::term_like_with_hz(Box::new(terminal.clone()), 255));
        bar.0.tick();
        act(bar);
        bar.0.abandon();
        terminal.written()
    }

    #[test]
    fn what_a_bar_says_is_neither_obeyed_by_a_terminal_nor_a_template() {
        let hostile = "\u{1b}[2J{bar:90}{elapsed}\u{9b}31m\u{202e}";
        let seen = "\\u{1b}[2J{bar:90}{elapsed}\\u{9b}31m\\u{202e}";
        let beside = written(&Bar::counted(7, hostile), |_| ());
        let said = written(&Bar::counted(7, ""), |bar| bar.say(hostile));
        let above = written(&Bar::counted(7, ""), |bar| bar.line(hostile));
        for text in [beside, said, above] {
            assert!(text.contains(seen), "{text:?}");
            assert!(!text.chars().any(is_obeyed), "{text:?}");
        }
    }
}
