//! A whole training, of a small encoder, on people who are drawn by a formula.

mod learning;
mod resuming;
mod small;
