//! Drawings as SVG text, the same on server and in the browser, so that taking over a page changes nothing.

pub mod axis;
pub mod output;
mod themed_svg;
