//! The list of commands in the help, under headings.
//!
//! clap has headings for options but not for subcommands, so this module writes the template from the one-line
//! descriptions of the commands. A test checks that each command is in one group.

use std::fmt::Write;

use clap::CommandFactory;

/// Headings, and the names of the commands under each.
const GROUPS: &[(&str, &[&str])] = &[
    ("Installation", &["setup"]),
    (
        "Models",
        &[
            "compile",
            "inspect",
            "bench",
            "train",
            "distill",
            "calibrate",
            "train-liveness",
            "eval",
            "simulate-attacks",
        ],
    ),
    ("The board", &["board", "pair", "keys", "sign", "flash", "settings", "osdp"]),
    ("People", &["enroll", "users", "rule", "suspend", "resume", "rename", "remove"]),
    #[cfg(feature = "console")]
    ("In the browser", &["console"]),
    #[cfg(feature = "bridge")]
    ("In the house", &["bridge", "fleet"]),
    ("The door", &["verify", "identify", "embed", "show", "watch", "log"]),
    ("Art", &["stylize"]),
    ("Programs and the shell", &["json-schema", "completions"]),
];

/// The command line `C`, with a help text that lists the commands by group.
pub fn grouped<C: CommandFactory>() -> clap::Command {
    let command = C::command();
    let mut template = String::from("{about-with-newline}\n{usage-heading} {usage}\n");
    for (heading, names) in GROUPS {
        let _ = write!(template, "\n{heading}:\n");
        for name in *names {
            let about = command
                .find_subcommand(name)
                .and_then(clap::Command::get_about)
                .map(ToString::to_string)
                .unwrap_or_default();
            let _ = writeln!(template, "  {name:<14} {about}");
        }
    }
    template.push_str("\nOptions:\n{options}{after-help}");
    command.help_template(template).after_help("Exit code: 0 match or done, 1 no match, 2 error.")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_command_is_in_one_group_and_described() {
        let command = crate::Cli::command();
        let grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        let unique: BTreeSet<&str> = grouped.iter().copied().collect();
        assert_eq!(grouped.len(), unique.len(), "a command is listed twice");
        let known: BTreeSet<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(unique, known);
        assert!(command.get_subcommands().all(|sub| sub.get_about().is_some()));
    }

    #[test]
    fn the_command_line_is_well_formed() {
        grouped::<crate::Cli>().debug_assert();
    }
}
