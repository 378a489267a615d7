//! The section `[keypad]`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::keypad;

/// A keypad for PINs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "KeypadTable")]
pub struct Keypad(pub keypad::Source);

/// The section of a keypad, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeypadTable {
    device: Option<PathBuf>,
    rows: Option<Vec<String>>,
    columns: Option<Vec<String>>,
    keys: Option<Vec<String>>,
}

impl TryFrom<KeypadTable> for Keypad {
    type Error = String;

    fn try_from(table: KeypadTable) -> core::result::Result<Self, String> {
        let KeypadTable { device, rows, columns, keys } = table;
        let (rows, columns) = match (device, rows, columns) {
            (Some(device), None, None) if keys.is_none() => return Ok(Self(keypad::Source::Device(device))),
            (None, Some(rows), Some(columns)) => (rows, columns),
            _ => return Err("[keypad] needs either device, or rows and columns".to_owned()),
        };
        let keys = keys.unwrap_or_else(|| ["123", "456", "789", "*0#"].map(str::to_owned).into());
        let wanted = format!("{} rows of {} keys", rows.len(), columns.len());
        if [&rows, &columns].iter().any(|lines| lines.is_empty() || lines.len() > keypad::MOST) {
            return Err(format!("[keypad] has 1 to {} rows and columns", keypad::MOST));
        }
        let mut lines: Vec<&String> = rows.iter().chain(&columns).collect();
        if lines.iter().any(|line| line.starts_with('!')) {
            return Err(
                "[keypad] rows and columns have no `!`: the door drives them low by itself".to_owned()
            );
        }
        lines.sort();
        if let Some(twice) = lines.windows(2).find(|two| two[0] == two[1]) {
            return Err(format!("[keypad] names the line {} twice", twice[0]));
        }
        if keys.len() != rows.len() || keys.iter().any(|row| row.len() != columns.len()) {
            return Err(format!(
                "[keypad] keys must have {wanted}, such as [\"123\", \"456\", \"789\", \"*0#\"]"
            ));
        }
        let all = keys.concat();
        if let Some(other) = all.chars().find(|key| !matches!(key, '0'..='9' | '#' | '*' | 'A'..='D')) {
            return Err(format!(
                "[keypad] keys has `{other}`: keys are 0 to 9, # to enter, * to clear; A to D do nothing"
            ));
        }
        if let Some(lacks) = ('0'..='9').chain(['#']).find(|key| !all.contains(*key)) {
            return Err(format!("[keypad] keys lacks `{lacks}`, and a PIN needs 0 to 9 and #"));
        }
        Ok(Self(keypad::Source::Matrix { rows, columns, keys }))
    }
}

impl Keypad {
    /// The same, where the path of a pipe is relative to `folder`.
    pub(super) fn within(self, folder: &Path) -> Self {
        match self.0 {
            keypad::Source::Device(path) => match path.to_str().and_then(|path| path.strip_prefix("file:")) {
                Some(pipe) => {
                    Self(keypad::Source::Device(format!("file:{}", folder.join(pipe).display()).into()))
                }
                None => Self(keypad::Source::Device(folder.join(path))),
            },
            matrix => Self(matrix),
        }
    }
}
