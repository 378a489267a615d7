//! The list of all answers, by the commands that print them.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};

#[cfg(feature = "bridge")]
use crate::answers::fleet;
use crate::answers::{Answer, Failed, board, door, keys, models, people};
use crate::commands::{bench, calibrate, eval, inspect, train};
use crate::{audit_log, board_list, board_report, clock, log_head};

/// An answer of some commands.
pub struct Row {
    /// The commands, in words.
    pub commands: &'static [&'static str],
    /// Its schema.
    schema: fn(&mut SchemaGenerator) -> Schema,
}

impl Row {
    /// The schema of what is printed, with all its parts in it.
    pub fn schema(&self) -> Schema {
        let mut settings = SchemaSettings::draft2020_12().for_serialize();
        settings.inline_subschemas = true;
        (self.schema)(&mut settings.into_generator())
    }
}

/// Makes answers of types, and lists them.
macro_rules! answers {
    ($($(#[$condition:meta])* [$($command:literal),+] $answer:ty;)+) => {
        $($(#[$condition])* impl Answer for $answer {})+

        /// Each answer, by the commands that print it.
        pub const ROWS: &[Row] = &[
            $($(#[$condition])* Row { commands: &[$($command),+], schema: <$answer as JsonSchema>::json_schema },)+
        ];
    };
}

answers! {
    ["setup"] models::Setup;
    ["compile"] models::Compiled;
    ["compile"] models::NpuAdded;
    ["compile"] models::FloatImage;
    ["inspect"] inspect::Description;
    ["bench"] bench::Report;
    ["bench"] bench::frame::Report;
    ["bench"] bench::cycles::Report;
    ["bench"] bench::npu::Report;
    ["bench"] bench::arrival::Report;
    ["train", "distill"] train::result::Report;
    ["calibrate"] calibrate::Report;
    ["train-liveness"] models::TrainedLiveness;
    ["train-liveness network"] models::TrainedNetwork;
    ["eval pairs"] eval::report::Report;
    ["eval detection"] eval::detection::Row;
    ["eval conditions"] eval::conditions::Row;
    ["eval distance"] eval::distance::Row;
    ["eval orientation"] eval::orientation::Row;
    ["eval tracking"] eval::tracking::Row;
    ["eval liveness"] Vec<::eval::presentation::Rates>;
    ["eval liveness"] ::eval::recorded::Report;
    ["eval report"] eval::page::Page;
    ["simulate-attacks"] models::Attack;
    ["board up", "board status"] board_report::Report;
    ["board status"] board_report::StatusReport;
    ["board list"] Vec<board_list::Listed>;
    ["board down"] board::Down;
    ["board delete"] board::Deleted;
    ["board logs"] board::Logged;
    ["board press"] board::Pressed;
    ["board door", "board cover"] board::Switched;
    ["board wires"] board::Wires;
    ["board type"] board::Typed;
    ["board clock"] clock::ClockReport;
    ["pair"] keys::Paired;
    ["keys"] keys::Keys;
    ["keys rotate"] keys::Rotated;
    ["keys invite"] keys::Invited;
    ["keys remove"] keys::Removed;
    ["keys forget"] keys::Forgotten;
    ["keys signing"] keys::SigningKey;
    ["keys protect"] keys::Protected;
    ["keys allow-opening", "keys forbid-opening"] keys::Opener;
    ["sign"] keys::Signed;
    ["flash firmware"] board::FirmwareFlashed;
    ["flash models"] board::ModelFlashed;
    ["settings"] board::Settings;
    ["osdp"] board::Controller;
    ["console"] board::ConsoleAddress;
    #[cfg(feature = "bridge")]
    ["bridge"] ::bridge::payload::EventPublished;
    #[cfg(feature = "bridge")]
    ["bridge"] ::bridge::payload::StatePublished;
    #[cfg(feature = "bridge")]
    ["bridge"] ::bridge::payload::StatusPublished;
    #[cfg(feature = "bridge")]
    ["bridge"] ::bridge::payload::OpeningPublished;
    #[cfg(feature = "bridge")]
    ["fleet init", "fleet code", "fleet join"] fleet::Code;
    #[cfg(feature = "bridge")]
    ["fleet trusted"] fleet::TrustedOperators;
    #[cfg(feature = "bridge")]
    ["fleet add-door", "fleet remove-door", "fleet enroll", "fleet remove", "fleet suspend", "fleet resume", "fleet rule",
        "fleet rename", "fleet release", "fleet withdraw"] fleet::Changed;
    #[cfg(feature = "bridge")]
    ["fleet settings"] fleet::FleetSettings;
    #[cfg(feature = "bridge")]
    ["fleet publish", "fleet set-broker"] fleet::Published;
    #[cfg(feature = "bridge")]
    ["fleet open"] fleet::DoorOpened;
    #[cfg(feature = "bridge")]
    ["fleet status"] fleet::Status;
    #[cfg(feature = "bridge")]
    ["fleet apply"] fleet::Acknowledged;
    #[cfg(feature = "bridge")]
    ["fleet recover"] fleet::FleetRecovered;
    #[cfg(feature = "bridge")]
    ["fleet simulate"] fleet::Simulated;
    ["enroll"] people::Enrolled;
    ["enroll"] people::Portrait;
    ["users"] people::Users;
    ["rule"] people::PersonRule;
    ["suspend", "resume"] people::Suspended;
    ["rename"] people::Renamed;
    ["remove"] people::Removed;
    ["remove"] people::TemplateRemoved;
    ["verify", "identify"] door::Compared;
    ["embed"] door::Embedded;
    ["show"] door::Shown;
    ["watch"] door::Event;
    ["log"] audit_log::Line;
    ["log"] log_head::Line;
    ["log verify"] audit_log::Verified;
    ["stylize"] models::Painted;
    ["stylize"] models::Sheet;
    ["error"] Failed;
}
