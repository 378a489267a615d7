//! `postern log`: prints the board's audit log, and checks that it is complete.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use client::protocol::{Hash, LogEntry, LogHead};
use client::{Credentials, Device};

use crate::answers::Sorted;
use crate::audit_log::{Check, Line, Names, Verified, folded, from_json};
use crate::device::DeviceArgs;
use crate::log_head;
use crate::output::{Outcome, Output};
use crate::progress::Bar;

/// Options of `postern log`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,

    /// Start with the entry of this number
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    from: u32,

    #[command(flatten)]
    device: DeviceArgs,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Check that no entry was changed or is missing, in the board's log or in a file that `postern log --json` wrote. A file is
    /// checked without the board, by the signature at its end
    Verify(VerifyArgs),
}

#[derive(clap::Args)]
struct VerifyArgs {
    /// The output of `postern log --json` [default: the board's log]
    file: Option<PathBuf>,

    /// Also compare the file with the board, which finds entries missing at the file's end
    #[arg(long, requires = "file")]
    with_board: bool,

    /// The key with which the board signs its log, as `postern keys` shows it [default: the one remembered at pairing]
    #[arg(long, value_name = "KEY", requires = "file", value_parser = log_head::public_key)]
    key: Option<Hash>,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Prints the log, or checks it.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    if let Some(Action::Verify(args)) = args.action {
        return verify(&args, output);
    }
    let mut device = args.device.connect()?;
    let mut names = Names::of(device.users()?).with_hosts(device.hosts()?);
    let (mut first, mut next) = (None, args.from);
    loop {
        // What an entry is printed with depends on later ones: whether the board was erased.
        let mut entries = Vec::new();
        read(&mut device, next, |entry| {
            names.take(entry);
            entries.push(*entry);
        })?;
        if let (Some(oldest), Some(newest)) = (entries.first(), entries.last()) {
            first.get_or_insert(oldest.number);
            next = newest.number.saturating_add(1);
        }
        if !output.json {
            for (entry, text) in folded(&entries, &names) {
                output.print(&Sorted(Line::of(entry, &names)), |out| writeln!(out, "{text}"))?;
            }
            return Ok(Outcome::Done);
        }
        for entry in &entries {
            output.print(&Sorted(Line::of(entry, &names)), |_| Ok(()))?;
        }
        let Some(first) = first else { return Ok(Outcome::Done) };
        let head = device.log_head(first)?;
        ensure!(head.first == first, "the oldest entries were erased meanwhile: print the log again");
        // An entry that came meanwhile is signed, so it must be printed.
        if head.last < next {
            remember(&args.device, &head)?;
            output.print(&Sorted(log_head::Line::of(&head)), |_| Ok(()))?;
            return Ok(Outcome::Done);
        }
    }
}

/// Remembers the key of the board's log, which this computer may not know from a pairing before there was one.
pub fn remember(args: &DeviceArgs, head: &LogHead) -> anyhow::Result<()> {
    let path = args.folder()?.host_key();
    let Some(kept) = Credentials::load(&path)? else { return Ok(()) };
    match kept.log {
        None => Ok(Credentials { log: Some(head.signer), ..kept }.save(&path)?),
        Some(key) if key == head.signer => Ok(()),
        Some(_) => bail!("the board signs its log with another key than before: is it the same board?"),
    }
}

/// The key by which the board's signature is checked.
fn log_key(args: &VerifyArgs) -> anyhow::Result<Hash> {
    if let Some(key) = args.key {
        return Ok(key);
    }
    let kept = Credentials::load(&args.device.folder()?.host_key())?;
    kept.and_then(|kept| kept.log).context(
        "this computer does not know the key with which the board signs its log: name it with `--key`, as \
         `postern keys` shows it on a computer that is paired with the board",
    )
}

fn verify(args: &VerifyArgs, output: &Output) -> anyhow::Result<Outcome> {
    let mut check = Check::default();
    let (mut unsigned, mut cut_off) = (None, None);
    match &args.file {
        None => {
            read(&mut args.device.connect()?, 0, |entry| check.take(entry, None))?;
        }
        Some(path) => {
            let key = log_key(args)?;
            let head = read_file(path, |entry, wrong| check.take(entry, wrong))?;
            unsigned = log_head::finding(head.as_ref(), &check, &key);
            if args.with_board {
                cut_off = compare(&mut args.device.connect()?, &check)?;
            }
        }
    }
    let wrong = check.finding.take().or(unsigned).or(cut_off);
    let report = Verified {
        entries: check.entries,
        first: check.first,
        last: check.last(),
        link: check.link(),
        whole: wrong.is_none(),
        entry: wrong.as_ref().map(|(number, _)| *number),
        finding: wrong.as_ref().map(|(_, what)| what.clone()),
    };
    output.print(&Sorted(report), |out| match (&wrong, check.first.zip(check.last())) {
        (Some((_, what)), _) => writeln!(out, "{what}"),
        (None, None) => writeln!(out, "the log is empty"),
        (None, Some((first, last))) => {
            writeln!(
                out,
                "{} entries, {first} to {last}, none changed and none missing between",
                check.entries
            )?;
            writeln!(out, "link {}", check.link().unwrap_or_default())
        }
    })?;
    Ok(if wrong.is_none() { Outcome::Done } else { Outcome::NoMatch })
}

/// Holds the end of a file against the board's log: the number of an entry that the file lacks or has
/// otherwise, and what is wrong.
fn compare(device: &mut Device, check: &Check) -> anyhow::Result<Option<(u32, String)>> {
    let Some(last) = check.last() else {
        return Ok((device.log(0)?.end > 0).then(|| (0, "the file has no entry, the board has".to_owned())));
    };
    let page = device.log(last)?;
    let Some(entry) = page.entries.first() else {
        return Ok(Some((last, format!("entry {last} is not in the board's log"))));
    };
    if entry.number != last || Some(hex::encode(entry.chain)) != check.link() {
        return Ok(Some((last, format!("entry {last} is another one in the board's log"))));
    }
    Ok(page.entries.get(1).map(|next| (next.number, format!("the file ends before entry {}", next.number))))
}

/// Takes every entry of the board's log from a number on.
fn read(device: &mut Device, from: u32, mut take: impl FnMut(&LogEntry)) -> anyhow::Result<()> {
    let bar = Bar::counted(0, "entries");
    let (mut next, mut shown) = (Some(from), 0);
    while let Some(first) = next {
        let page = device.log(first)?;
        if shown == 0 {
            let oldest = page.entries.first().map_or(page.end, |entry| entry.number);
            bar.set_length(page.end.saturating_sub(oldest).into());
        }
        page.entries.iter().for_each(&mut take);
        shown += page.entries.len();
        bar.set_position(shown as u64);
        next = page.next;
    }
    bar.finish_and_clear();
    Ok(())
}

/// Shows every entry of a file, and gives the signed head at its end.
fn read_file(
    path: &Path,
    mut show: impl FnMut(&LogEntry, Option<String>),
) -> anyhow::Result<Option<LogHead>> {
    let mut head = None;
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    for (line, text) in (1..).zip(BufReader::new(file).lines()) {
        let place = || format!("{}, line {line}", path.display());
        let text = text.with_context(place)?;
        if text.trim().is_empty() {
            continue;
        }
        if head.is_some() {
            bail!("{}: it stands behind the signed head, which is the last line of a log", place());
        }
        if let Some(found) = log_head::from_json(&text) {
            head = Some(found);
        } else {
            let (entry, wrong) = from_json(&text).with_context(place)?;
            show(&entry, wrong);
        }
    }
    Ok(head)
}
