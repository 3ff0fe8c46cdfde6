//! Drawings as SVG text. The server draws them, so that no browser needs to load what they are drawn with.

#[cfg(feature = "ssr")]
pub mod axis;
#[cfg(feature = "ssr")]
pub mod difference;
#[cfg(feature = "ssr")]
mod grid;
#[cfg(feature = "ssr")]
pub mod history;
#[cfg(feature = "ssr")]
pub mod load;
#[cfg(feature = "ssr")]
pub mod output;
#[cfg(feature = "ssr")]
pub mod pareto;
#[cfg(feature = "ssr")]
mod themed_svg;
#[cfg(feature = "ssr")]
pub mod waiting;
#[cfg(feature = "ssr")]
pub mod waterfall;
