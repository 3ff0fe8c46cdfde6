//! The screens, the same code on the server and in the browser.
//!
//! **Invariants.** The first render depends on nothing but the data: no clock, no locale, no chance, so that the
//! server's HTML and the browser's first view are the same. Numbers become text in `format` only. Nothing here carries
//! a `style` attribute: the content security policy would drop it.

pub mod arrival;
pub mod calls;
pub mod charts;
pub mod clock;
pub mod components;
#[cfg(feature = "ssr")]
pub mod desk;
pub mod format;
pub mod live;
pub mod loaded;
pub mod loss_tone;
pub mod pages;
pub mod retry;
#[cfg(feature = "ssr")]
pub mod sheets;
pub mod theme;
pub mod way_in;
