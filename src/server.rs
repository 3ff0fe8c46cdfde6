//! The server: everything that stands beside the database.

pub mod andon;
pub mod auth;
pub mod calendar;
pub mod clock;
pub mod command;
pub mod config;
pub mod db;
pub mod delivery;
pub mod http;
pub mod ingest;
pub mod live;
pub mod log;
pub mod metrics;
pub mod outbound;
pub mod plant;
mod private_file;
pub mod replay;
pub mod rollup;
pub mod services;
pub mod simulator;
pub mod state;
pub mod tls;
