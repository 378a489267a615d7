//! The host: framing, Noise sessions, roles, pairing, requests. The messages of the protocol are known here alone, with
//! two exceptions: `store` and `update` keep what a host sets in the protocol's own types.
//!
//! | module | subject |
//! |---|---|
//! | `framing` | from the line to a request, and from its result to the reply |
//! | `table` | each request: who may ask, slow or not, audited as |
//! | `access`, `pairing` | session, paired hosts, roles |
//! | `requests` | what each request does |
//! | `audit_map` | the audit entry of a request |
//! | `disclosure` | what a role may read in a reply |
//! | `executed` | no request is executed twice |
//! | `quota` | how many audit entries a host may cause |
//! | `events` | the newest door events |
//! | `configure`, `translate` | settings to parts; types of the door to messages |
//! | `capture`, `staging` | the frame of a request |

pub(crate) mod access;
mod audit_map;
mod capture;
pub(crate) mod configure;
pub(crate) mod disclosure;
pub(crate) mod events;
pub(crate) mod executed;
pub(crate) mod framing;
pub(crate) mod pairing;
pub(crate) mod quota;
mod requests;
pub(crate) mod staging;
mod table;
pub(crate) mod translate;
