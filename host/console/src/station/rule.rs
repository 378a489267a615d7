//! When a person may pass, as the pages show and change it.

/// A person's rule, without the PINs.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The hours as `postern rule` writes them.
    pub hours: String,
    /// Whether there are none.
    pub always: bool,
    /// Whether a PIN is asked for.
    pub pin: bool,
    /// Whether there is a duress PIN.
    pub duress_pin: bool,
    /// Whether the person is suspended.
    pub suspended: bool,
    /// The zone and the clock by which the board reads hours.
    pub time: BoardTime,
}

/// The zone and the clock of a board.
#[derive(Clone, Debug)]
pub struct BoardTime {
    /// The zone in words.
    pub zone: String,
    /// What the clock shows.
    pub clock: String,
    /// What is wrong with the clock, as `postern rule` says it.
    pub remarks: Vec<String>,
}

/// A rule as it comes from a form.
#[derive(Clone, Debug)]
pub struct NewRule {
    /// `always`, or windows.
    pub hours: String,
    /// The PIN, 4 to 10 digits; empty if none is given.
    pub pin: String,
    /// That no PIN is needed: a PIN that the board has is ended by this alone, not by an empty field.
    pub no_pin: bool,
    /// The duress PIN; empty if none is given.
    pub duress_pin: String,
    /// That there is no duress PIN any more: one that the board has is ended by this alone.
    pub no_duress_pin: bool,
}
