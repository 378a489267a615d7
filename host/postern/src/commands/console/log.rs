//! The audit log for the console's page: its newest entries, its check, and its export.

use std::collections::VecDeque;

use anyhow::ensure;
use client::Device;
use client::protocol::LogEntry;
use console::station::{LogLine, Verified};

use crate::answers::Sorted;
use crate::audit_log::{Check, Line, Names, folded, is_erasure, to_text};
use crate::commands::log::remember;
use crate::device::DeviceArgs;
use crate::log_head;

/// Gives each entry from a number on to `take`.
pub fn read(device: &mut Device, from: u32, mut take: impl FnMut(LogEntry)) -> anyhow::Result<()> {
    let mut next = Some(from);
    while let Some(first) = next {
        let page = device.log(first)?;
        page.entries.into_iter().for_each(&mut take);
        next = page.next;
    }
    Ok(())
}

/// The newest entries, the newest first.
pub fn newest(device: &mut Device, most: usize) -> anyhow::Result<Vec<LogLine>> {
    let mut names = Names::of(device.users()?).with_hosts(device.hosts()?);
    let end = device.log(u32::MAX)?.end;
    let mut entries = Vec::new();
    read(device, end.saturating_sub(u32::try_from(most)?), |entry| {
        names.take(&entry);
        entries.push(entry);
    })?;
    let lines = folded(&entries, &names).into_iter().rev().take(most);
    Ok(lines.map(|(entry, text)| LogLine { text, ..line(entry, &names) }).collect())
}

/// Entries among which visits are looked for.
const VISITS_AMONG: u32 = 2_000;

/// The entries of the newest [`VISITS_AMONG`] that let a person in or refused them, the newest first. Before the board was erased
/// somebody else had the number.
pub fn visits(device: &mut Device, person: u32) -> anyhow::Result<Vec<LogLine>> {
    let mut names = Names::of(device.users()?);
    let end = device.log(u32::MAX)?.end;
    let mut entries = VecDeque::new();
    read(device, end.saturating_sub(VISITS_AMONG), |entry| {
        names.take(&entry);
        if is_erasure(&entry) {
            entries.clear();
        }
        let is_visit = audit::Entry::from_bytes(&entry.entry).is_some_and(|entry| {
            entry.person == Some(person) && matches!(entry.kind, audit::Kind::Admitted | audit::Kind::Refused)
        });
        if is_visit {
            entries.push_front(entry);
        }
    })?;
    Ok(entries.iter().map(|entry| line(entry, &names)).collect())
}

fn line(entry: &LogEntry, names: &Names) -> LogLine {
    LogLine { number: entry.number, kind: Line::of(entry, names).said.kind, text: to_text(entry, names) }
}

/// Checks the chain of the whole log.
pub fn verify(device: &mut Device) -> anyhow::Result<Verified> {
    let mut check = Check::default();
    read(device, 0, |entry| check.take(&entry, None))?;
    Ok(Verified { entries: check.entries, finding: check.finding.map(|(_, what)| what) })
}

/// The whole log with its signed head, as `postern log --json` prints it.
pub fn export(args: &DeviceArgs, device: &mut Device) -> anyhow::Result<String> {
    let mut names = Names::of(device.users()?);
    let (mut entries, mut first, mut next) = (Vec::new(), None, 0);
    loop {
        read(device, next, |entry| {
            first.get_or_insert(entry.number);
            next = entry.number.saturating_add(1);
            names.take(&entry);
            entries.push(entry);
        })?;
        let Some(first) = first else { return Ok(String::new()) };
        let head = device.log_head(first)?;
        ensure!(head.first == first, "the oldest entries were erased meanwhile: export the log again");
        // An entry that came meanwhile is signed, so it must be in the file.
        if head.last < next {
            remember(args, &head)?;
            let lines = entries.iter().map(|entry| serde_json::to_string(&Sorted(Line::of(entry, &names))));
            let lines = lines.chain([serde_json::to_string(&Sorted(log_head::Line::of(&head)))]);
            return Ok(lines.map(|line| line.map(|line| line + "\n")).collect::<Result<_, _>>()?);
        }
    }
}
