//! `postern json-schema`: the schemas of what the commands print with `--json`.

#[cfg(test)]
mod page;
mod rows;

use anyhow::{Context, ensure};
use serde_json::{Map, Value};

use crate::output::{Outcome, stdout};
use rows::{ROWS, Row};

/// The version of JSON Schema.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Options of `postern json-schema`.
#[derive(clap::Args)]
pub struct Args {
    /// The command, such as `users` or `board status`; `error` for an error [default: all of them]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

/// Prints a schema, or an object of all by their commands.
pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let wanted = args.command.join(" ");
    let schema = if wanted.is_empty() {
        Value::Object(commands().into_iter().map(|command| (command.to_owned(), schema(command))).collect())
    } else {
        ensure!(
            commands().contains(&&*wanted),
            "`postern {wanted}` prints no JSON: there are {}",
            commands().join(", ")
        );
        schema(&wanted)
    };
    let text = serde_json::to_string_pretty(&schema).context("a schema is JSON")?;
    std::io::Write::write_all(&mut stdout(), format!("{text}\n").as_bytes())?;
    Ok(Outcome::Done)
}

/// The commands that print JSON, in the order of the help, each once.
fn commands() -> Vec<&'static str> {
    let mut found = Vec::new();
    for command in ROWS.iter().flat_map(|row| row.commands) {
        if !found.contains(command) {
            found.push(*command);
        }
    }
    found
}

/// The schema of each line that a command prints.
fn schema(command: &str) -> Value {
    let mut answers: Vec<Value> = of(command).map(Row::schema).map(Value::from).collect();
    let mut fields = match (answers.pop(), answers.is_empty()) {
        (Some(Value::Object(only)), true) => only,
        (last, _) => Map::from_iter([("anyOf".to_owned(), answers.into_iter().chain(last).collect())]),
    };
    fields.insert("$schema".to_owned(), DIALECT.into());
    Value::Object(fields)
}

/// The answers of a command.
fn of(command: &str) -> impl Iterator<Item = &'static Row> + use<'_> {
    ROWS.iter().filter(move |row| row.commands.contains(&command))
}
