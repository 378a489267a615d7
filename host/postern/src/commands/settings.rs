//! `postern settings`: threshold, liveness, times and lockout of the door.

use anyhow::{Context, bail, ensure};
use client::protocol::{LivenessMode, Matching, ModelKind, Settings, Status, Wiegand};
use models::{CalibrationPoint, ImageFile, Manifest, WorstGroup};
use sha2::{Digest, Sha256};

use crate::answers::{Sorted, board};
use crate::device::DeviceArgs;
use crate::output::{Outcome, Output, note};
use crate::zone::{Named, Names};
use crate::{wiegand, zone};

/// Below this, a false-match rate is no protection worth the name.
const RECKLESS: u32 = 1_000;

/// Options of `postern settings`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    changes: Changes,

    /// Set all settings: those of the options, and the defaults of all others. The way out where the board lost its
    /// settings, or who is locked out, and admits nobody
    #[arg(long)]
    defaults: bool,

    /// Keep `--one-in` also among strangers who are alike: the group that the encoder confuses most, as measured by
    /// `postern calibrate --strangers DIR --groups names --write-manifest`
    #[arg(long, requires = "one_in")]
    worst_group: bool,

    #[command(flatten)]
    device: DeviceArgs,
}

/// What is changed of the settings: an option for each.
#[derive(clap::Args)]
pub struct Changes {
    /// False-match rate: at most one stranger in this number is let in. It gives the threshold
    #[arg(long, value_name = "N")]
    one_in: Option<u32>,

    /// Whether people are enrolled although the encoder's table does not bear out the false-match rate for so many
    /// templates (the log records it); false refuses them
    #[arg(long, value_name = "BOOL")]
    accept_unproven_rate: Option<bool>,

    /// Consecutive pictures that must show the same person
    #[arg(long, value_name = "N")]
    agreement: Option<u8>,

    /// Time that the lock stays open, in milliseconds
    #[arg(long, value_name = "MS")]
    open_ms: Option<u32>,

    /// Liveness check: off (a photograph opens the door), passive (the face must look and move like a live one; without
    /// the liveness network the door stays locked) or challenge (the person must also turn, nod and close the eyes on
    /// request)
    #[arg(long, value_name = "MODE", value_parser = crate::liveness::mode)]
    liveness: Option<LivenessMode>,

    /// Matching: identify (a face is compared with all people) or verify (only with the person of the typed PIN;
    /// people without a PIN cannot enter)
    #[arg(long, value_name = "MODE", value_parser = matching)]
    matching: Option<Matching>,

    /// Failures of a person until this person is locked out
    #[arg(long, value_name = "N")]
    failures: Option<u8>,

    /// Duration of the first lockout in seconds; each further lockout lasts twice as long
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    lockout: Option<u32>,

    /// Passback: seconds in which a person cannot enter twice; 0 disables it
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    passback: Option<u32>,

    /// Seconds that the door waits for a PIN
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pin_time: Option<u32>,

    /// Seconds until the held-open alarm; 0 disables it
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    held: Option<u32>,

    /// Whether the lock is fail-safe (true: it locks while energised, and opens without power and on a fault) or
    /// fail-secure (false: it opens while energised)
    #[arg(long, value_name = "BOOL")]
    fail_safe: Option<bool>,

    /// Wiegand output of the person who was let in: off, 26:FACILITY or 34:FACILITY. OSDP (`postern osdp`) uses the
    /// same card format
    #[arg(long, value_name = "FORMAT", value_parser = wiegand::parse)]
    wiegand: Option<Wiegand>,

    /// Local time at the door, for the time windows of people: a zone such as Europe/Berlin (the board then changes to
    /// daylight saving time by itself), `local` for this computer's zone, or an offset such as +05:30
    #[arg(long, value_name = "ZONE", value_parser = zone::parse, allow_hyphen_values = true)]
    zone: Option<Named>,
}

impl Changes {
    /// Makes the changes.
    pub fn make(&self, settings: &mut Settings) {
        settings.far_one_in = self.one_in.unwrap_or(settings.far_one_in);
        settings.accept_unproven = self.accept_unproven_rate.unwrap_or(settings.accept_unproven);
        settings.agreement_frames = self.agreement.unwrap_or(settings.agreement_frames);
        settings.open_ms = self.open_ms.unwrap_or(settings.open_ms);
        settings.liveness = self.liveness.unwrap_or(settings.liveness);
        settings.matching = self.matching.unwrap_or(settings.matching);
        settings.wiegand = self.wiegand.unwrap_or(settings.wiegand);
        let limits = &mut settings.limits;
        limits.failures = self.failures.unwrap_or(limits.failures);
        limits.lockout_ms = self.lockout.unwrap_or(limits.lockout_ms);
        limits.passback_ms = self.passback.unwrap_or(limits.passback_ms);
        limits.pin_ms = self.pin_time.unwrap_or(limits.pin_ms);
        limits.held_ms = self.held.unwrap_or(limits.held_ms);
        limits.fail_safe = self.fail_safe.unwrap_or(limits.fail_safe);
        limits.zone = self.zone.as_ref().map_or(limits.zone, |named| named.zone);
    }
}

#[cfg(feature = "bridge")]
impl Changes {
    /// Checks that a board takes the numbers.
    ///
    /// # Errors
    /// It would refuse one.
    pub fn check(&self) -> anyhow::Result<()> {
        use client::protocol::{SettingName, range};
        let fields = [
            (SettingName::FarOneIn, self.one_in, range::FAR_ONE_IN),
            (SettingName::AgreementFrames, self.agreement.map(u32::from), range::AGREEMENT_FRAMES),
            (SettingName::OpenMs, self.open_ms, range::OPEN_MS),
            (SettingName::Failures, self.failures.map(u32::from), range::FAILURES),
            (SettingName::LockoutMs, self.lockout, range::LOCKOUT_MS),
            (SettingName::PassbackMs, self.passback, range::PASSBACK_MS),
            (SettingName::PinMs, self.pin_time, range::PIN_MS),
            (SettingName::HeldMs, self.held, range::HELD_MS),
        ];
        let is_out = |(_, value, (low, high)): &(_, Option<u32>, (u32, u32))| {
            value.is_some_and(|value| !(*low..=*high).contains(&value))
        };
        match fields.into_iter().find(is_out) {
            Some((setting, _, (low, high))) => {
                Err(client::Error::Refused(client::protocol::Error::BadSetting { setting, low, high }).into())
            }
            None => Ok(()),
        }
    }

    /// The changes of the options of these names, without their dashes, to these values.
    ///
    /// # Errors
    /// There is no such option, or it takes no such value.
    pub fn of(options: &std::collections::BTreeMap<String, String>) -> anyhow::Result<Self> {
        use clap::{Args as _, FromArgMatches as _};
        let command =
            Self::augment_args(clap::Command::new("settings").no_binary_name(true).disable_help_flag(true));
        let arguments = options.iter().map(|(name, value)| format!("--{name}={value}"));
        let parsed =
            command.try_get_matches_from(arguments).and_then(|matches| Self::from_arg_matches(&matches));
        parsed.map_err(|error| {
            let text = error.render().to_string();
            let line =
                text.lines().next().unwrap_or_default().trim_start_matches("error: ").replace("'--", "'");
            let line = line.replace("invalid digit found in string", "this is no whole number");
            anyhow::anyhow!("{line}: `postern settings --help` has the options")
        })
    }
}

/// Shows the settings, after changing those that are given.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    let mut device = args.device.connect()?;
    let before = if args.defaults { None } else { Some(device.settings()?) };
    let mut settings = before.unwrap_or_default();
    args.changes.make(&mut settings);
    if let Some(one_in) = args.changes.one_in.filter(|_| args.worst_group) {
        settings.far_one_in = among_the_worst(one_in, &device.status()?)?;
    }
    settings = match before {
        Some(before) if before == settings => settings,
        Some(_) => device.set_settings(settings)?,
        None => device.restore_settings(settings)?,
    };
    let names = Names::of(args.device.folder()?.path());
    if let Some(named) = &args.changes.zone {
        names.keep(named).context("the zone is set, but its name cannot be kept")?;
    }
    let zone_name = names.name(&settings.limits.zone);
    if let Some(one_in) = args.changes.one_in.filter(|&one_in| one_in < RECKLESS) {
        note!(
            "One stranger in {one_in} will be let in: {} of a hundred who try. A door wants 10000 or more.",
            100u32.div_ceil(one_in.max(1))
        );
    }
    let report = board::Settings {
        far_one_in: settings.far_one_in,
        accept_unproven_rate: settings.accept_unproven,
        agreement_frames: settings.agreement_frames,
        open_ms: settings.open_ms,
        liveness: settings.liveness.to_string(),
        failures: settings.limits.failures,
        lockout_ms: settings.limits.lockout_ms,
        passback_ms: settings.limits.passback_ms,
        pin_ms: settings.limits.pin_ms,
        utc_offset_minutes: zone::offset_now(&settings.limits.zone),
        zone: zone::posix(&settings.limits.zone),
        zone_name: zone_name.clone(),
        held_ms: settings.limits.held_ms,
        fail_safe: settings.limits.fail_safe,
        wiegand: wiegand::text(settings.wiegand),
        matching: settings.matching.to_string(),
    };
    output.print(&Sorted(report), |out| {
        writeln!(out, "one in     {} strangers may be let in", settings.far_one_in)?;
        if settings.accept_unproven {
            writeln!(out, "           also where the encoder's table does not bear that out")?;
        }
        writeln!(out, "agreement  {} pictures in a row", settings.agreement_frames)?;
        writeln!(out, "open       for {} ms", settings.open_ms)?;
        writeln!(out, "liveness   {}", settings.liveness)?;
        writeln!(out, "matching   {}", settings.matching)?;
        let limits = &settings.limits;
        let lockout = f64::from(limits.lockout_ms) / 1e3;
        writeln!(
            out,
            "failures   {} in a row of a person lock them out for {lockout} s, then for longer",
            limits.failures
        )?;
        match limits.passback_ms {
            0 => writeln!(out, "passback   anybody may come in again at once")?,
            ms => writeln!(out, "passback   a person is admitted once in {} s", f64::from(ms) / 1e3)?,
        }
        writeln!(out, "PIN        within {} s of the face", f64::from(limits.pin_ms) / 1e3)?;
        match limits.held_ms {
            0 => writeln!(out, "held open  as long as it likes")?,
            ms => writeln!(out, "held open  an alarm after {} s", f64::from(ms) / 1e3)?,
        }
        let without =
            if limits.fail_safe { "lets the door go (fail-safe)" } else { "stays locked (fail-secure)" };
        writeln!(out, "no power   the lock {without}")?;
        writeln!(out, "wiegand    {}", wiegand::text(settings.wiegand))?;
        writeln!(out, "time zone  {}", zone::text(&limits.zone, zone_name.as_deref()))
    })?;
    Ok(Outcome::Done)
}

/// The rate among all strangers that keeps `one_in` among those of the group that the board's encoder confuses most.
fn among_the_worst(one_in: u32, status: &Status) -> anyhow::Result<u32> {
    let encoder = status.models.iter().find(|model| model.kind == ModelKind::Encoder);
    let encoder = encoder.context("the board has no encoder: `postern flash models`")?;
    let name = encoder.name.as_str();
    let calibration = Manifest::read(name)?.calibration;
    let points = calibration.as_ref().map(|calibration| calibration.points.clone()).unwrap_or_default();
    let Some(WorstGroup { group, times, .. }) = calibration.and_then(|calibration| calibration.worst_group)
    else {
        bail!(
            "nobody measured the groups of {name}: `postern calibrate --strangers DIR --groups names --encoder {name} \
             --write-manifest` does"
        );
    };
    let image = ImageFile::read(&models::named_image(name)?)?;
    ensure!(
        is_measured(&encoder.sha256, &image, &points)?,
        "the groups of {name} were measured against the table of its manifest here, and the encoder of the board is another one, \
         or has another table: `postern compile {name}` writes the table into an image, and `postern flash models` brings it"
    );
    let among_all = times_rarer(one_in, times);
    note!("1 in {one_in} among strangers of the worst group ({group}) is 1 in {among_all} among all.");
    Ok(among_all)
}

/// Whether the encoder of the board, by the SHA-256 of its image, is the image of this computer, and has this table. A group's rate is
/// relative to a table, so it says nothing of another encoder with the same name, nor of the same one with another table.
fn is_measured(sha256: &[u8; 32], image: &ImageFile, points: &[CalibrationPoint]) -> anyhow::Result<bool> {
    let model = image.model().context("the image of this computer")?;
    let table = model.calibration().map(|row| (row.one_in, row.threshold));
    let measured = points.iter().map(|point| (point.one_in, point.threshold));
    Ok(Sha256::digest(image.bytes()).as_slice() == sha256 && table.eq(measured))
}

/// One in this many, so many times rarer; never more frequent.
fn times_rarer(one_in: u32, times: f64) -> u32 {
    (f64::from(one_in) * times.max(1.0)).ceil() as u32
}

/// Seconds, as milliseconds.
fn seconds(text: &str) -> Result<u32, String> {
    let seconds: u32 = text.parse().map_err(|_| "seconds are a whole number".to_owned())?;
    seconds.checked_mul(1000).ok_or_else(|| "so many seconds are more than a month".to_owned())
}

/// The way of matching called `name`.
fn matching(name: &str) -> Result<Matching, String> {
    match name {
        "identify" => Ok(Matching::Identify),
        "verify" => Ok(Matching::Verify),
        _ => Err(format!("{name} is not identify or verify")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_among_the_worst_is_a_rarer_one_among_all_and_never_a_more_frequent_one() {
        assert_eq!(times_rarer(10_000, 24.31), 243_100);
        assert_eq!(times_rarer(10_000, 0.4), 10_000);
        assert_eq!(times_rarer(u32::MAX, 2.0), u32::MAX);
    }

    #[cfg(feature = "bridge")]
    #[test]
    fn changes_are_read_from_names_and_values_and_what_is_wrong_is_said() {
        let of = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            Changes::of(&pairs.collect())
        };
        let read = of(&[("open-ms", "4000"), ("fail-safe", "true"), ("zone", "-05:00")]).unwrap();
        assert_eq!((read.open_ms, read.fail_safe, read.agreement), (Some(4000), Some(true), None));
        assert!(read.zone.is_some());
        for (wrong, word) in [
            (&[("open-ms", "soon")][..], "open-ms"),
            (&[("device", "tcp:somewhere")], "device"),
            (&[("worst-group", "true")], "worst-group"),
            (&[("help", "")], "help"),
        ] {
            let said = of(wrong).err().expect("it is refused").to_string();
            assert!(said.contains(word) && said.contains("postern settings --help"), "{said}");
        }
    }

    #[cfg(feature = "bridge")]
    #[test]
    fn a_number_that_no_board_takes_is_refused_where_it_is_decided() {
        let check = |name: &str, value: &str| {
            Changes::of(&[(name.to_owned(), value.to_owned())].into()).unwrap().check()
        };
        for (name, good, wrong) in [
            ("open-ms", "60000", "60001"),
            ("one-in", "1", "0"),
            ("lockout", "3600", "3601"),
            ("agreement", "16", "17"),
        ] {
            check(name, good).unwrap();
            let said = check(name, wrong).unwrap_err().to_string();
            assert!(said.contains("must be"), "{said}");
        }
    }

    #[test]
    fn a_group_counts_for_the_encoder_and_the_table_that_it_was_measured_with() {
        let image = ImageFile::read(&models::image("postern-128").expect("published")).expect("read");
        let points = Manifest::read("postern-128").expect("there").calibration.expect("a table").points;
        let sha256: [u8; 32] = Sha256::digest(image.bytes()).into();
        let is_measured = |sha256, points: &[_]| is_measured(sha256, &image, points).expect("a model");
        assert!(is_measured(&sha256, &points));
        let mut other = sha256;
        other[31] ^= 1;
        assert!(!is_measured(&other, &points), "another encoder of that name");
        let mut later = points.clone();
        later[0].threshold += 1;
        assert!(!is_measured(&sha256, &later), "another table");
        assert!(!is_measured(&sha256, &points[1..]) && !is_measured(&sha256, &[]));
    }
}
