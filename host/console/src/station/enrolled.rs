//! What came of an enrolment.

/// What came of an enrolment that was not refused for another reason.
#[derive(Clone, Debug)]
pub enum Enrolled {
    /// It was done: what there is to say.
    Done(Vec<String>),
    /// Nothing was changed, since this face or this name is enrolled already.
    Known(Known),
}

/// Somebody who is enrolled already, and the pictures that somebody else, or the same person, was to be enrolled from.
#[derive(Clone, Debug)]
pub struct Known {
    /// The board's sentence.
    pub sentence: String,
    /// Who is enrolled.
    pub name: String,
    /// The pictures, as PNG files, made small.
    pub pictures: Vec<Vec<u8>>,
}
