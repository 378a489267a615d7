//! A door in the browser: pages over what the command line can do.
//!
//! ```text
//! server     where it listens
//! connections how many there are, and how long each may take
//! patient    a connection that gives up who takes nothing
//! tls        a certificate and its key
//! guard      what a request passes first, and the headers of each reply
//! pages      a file a page, and which page answers which address
//! form       the fields of a form, after its token was checked
//! layout     the frame of each page
//! state      what every page has at hand, and how it asks a board
//! role       what the roles are called
//! offer      what the pages offer, and which role that needs by the table of requests
//! standing   what this computer is to a board, and which forms it can use
//! visitor    the browser of a request
//! sign_in    tokens, cookies, sessions
//! station    what the console asks of the program that starts it, as traits
//! text       what the pages say, in English and German
//! ```
//! The pages are made on the server, and each form works without a script. The script (`assets/console.js`) only renews
//! parts of a page. Everything is in this crate: a page loads nothing from elsewhere.
//!
//! The console decides nothing about a door. Roles are the board's, and what a board refuses is shown as its sentence.
#![forbid(unsafe_code)]

mod connections;
mod error;
mod form;
mod guard;
mod layout;
mod notice;
mod offer;
mod pages;
mod patient;
mod role;
mod server;
mod sign_in;
mod standing;
mod state;
pub mod station;
mod text;
mod tls;
mod visit;
mod visitor;

pub use connections::Limits;
pub use error::Error;
pub use server::{bind, router, serve};
pub use state::Console;
pub use tls::Tls;
