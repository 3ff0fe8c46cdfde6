//! Who asks, and whether they may.
//!
//! **Invariant.** A service that changes something demands a [`Ctx`], and only [`guard`] makes one: by the one table in
//! [`access`], for a wall screen also by that in [`walls`], or for a command that shows that somebody typed it
//! ([`TypedHere`](super::command::TypedHere)). A route that is not in the table is refused, and a test walks all of them.

pub mod access;
pub mod caller;
pub mod guard;
pub mod household;
pub mod housekeeping;
pub mod identify;
pub mod merged;
pub mod oidc;
pub mod password;
pub mod recent;
pub mod rights;
pub mod secret;
pub mod session;
pub mod totp;
pub mod turns;
pub mod uses;
pub mod walls;

pub use caller::{Caller, Who};
pub use guard::Ctx;
