//! Drawings as SVG text, the same on server and in the browser, so that taking over a page changes nothing.

pub mod axis;
#[cfg(feature = "ssr")]
pub mod difference;
#[cfg(feature = "ssr")]
pub mod history;
pub mod output;
#[cfg(feature = "ssr")]
pub mod pareto;
mod themed_svg;
#[cfg(feature = "ssr")]
pub mod waterfall;
