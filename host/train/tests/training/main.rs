//! A whole training, of a small encoder, on people that are drawn by a formula.

mod learning;
mod resuming;
mod small;
