//! Who may do what: permissions, the roles that hold them, and where they hold.

mod matrix;
mod permission;
mod reach;
mod role;

pub use matrix::{markdown, written_into};
pub use permission::{Permission, PermissionSet};
pub use reach::{Grant, Place, Reach, Rights};
pub use role::{DEFAULT_ROLES, DefaultRole, sets};
