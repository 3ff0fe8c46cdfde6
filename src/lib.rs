//! MS5 Floor: what a factory's lines make, second by second, against what they should make.
//!
//! # Bird's-eye view
//!
//! ```text
//!  connectors, REST clients, recordings, simulated plant
//!          |
//!   POST /api/v1/ingest          check each item, drop repetitions, one durable batch, then acknowledge
//!          |
//!        facts                   append-only: what happened, where, when, who says so
//!          |
//!   fold (pure)                  facts -> state transitions and counts by minute, per machine
//!      |         |
//!   figures    live hub          accounts, losses, OEE (pure), roll-ups  |  server-sent events to every open screen
//!      |         |
//!   pages, REST                  rendered on the server, hydrated in the browser
//! ```
//!
//! A correction is a new fact; the stretch of the timeline that it touches is folded again. Reading never writes.
//!
//! # Code map
//!
//! | room | what it holds | what it must not know |
//! |---|---|---|
//! | [`domain`] | types and arithmetic, the same in server and browser | clocks, chance, I/O, anything of ours outside itself |
//! | [`api`] | server functions and the shapes that travel | SQL, layout |
//! | [`ui`] | pages, components, charts, the live connection; what stands still is drawn by the server and sent as HTML | the server |
//! | [`app`] | the document and THE route table | |
//! | `server::db` | the only SQL, for both engines | HTTP |
//! | `server::ingest` | the one door for facts, the one task that writes them | screens |
//! | `server::services` | use cases: one function, one transaction | HTTP status codes |
//! | `server::rollup` | accounts by hour, shift, day and month, so that a year costs little more than a day | HTTP, screens |
//! | `server::andon` | what calls do by themselves: steps that are due, machines that call | HTTP, screens |
//! | `server::live` | from a commit to every screen | how figures are computed |
//! | `server::delivery` | messages to people: an outbox, the task that sends from it, a file for each channel | why they are sent |
//! | `server::http` | routes, problem documents, headers | SQL |
//! | `server::tls` | the certificate, its authority, its renewal | HTTP |
//! | `server::auth` | who somebody is | screens |
//! | `server::log`, `server::metrics` | what the program tells of itself | what callers typed |
//! | `server::simulator` | a plant made from a seed | clocks, I/O |
//! | `server::replay` | recordings as facts | the database |
//! | `server::command` | what the program can be told to do | |
//!
//! Integration tests live in `src/tests`, one file a policy; `src/tests/layering.rs` holds the third column.
//!
//! # Invariants
//!
//! 1. The timeline depends on the set of facts only: any order of arrival, any repetition, any restart in between
//!    gives the same rows (`domain::fold`, `src/tests`).
//! 2. What was acknowledged is on disk, once. Nobody is answered before the commit.
//! 3. Every millisecond of a window is in exactly one bucket of an [`Account`](domain::account::Account); a machine has no
//!    time before it came to the plant. Pieces of time without data are in the total, and in no ratio of known time.
//! 4. A figure that cannot be computed is a reason, never 0 ([`Figure`](domain::figure::Figure)). No data is a state
//!    of its own, never "idle".
//! 5. One arithmetic: tile, page and API take a number from the same function of [`domain`].
//! 6. Sequence numbers of facts are in commit order, also with several nodes, so a stream that resumes misses nothing.
//! 7. What people said about a stop is added, never changed; the last word about a time holds, wherever late facts move
//!    the stop ([`domain::classification`]). It moves minutes between losses, never out of planned production.
//!
//! 8. Roll-ups are the timeline, summed. Whoever changes the past says so in the same transaction, and until the cells
//!    are made again readers go to the timeline: a figure never depends on how far they are.
//!
//! # The walk of one event
//!
//! A gateway posts `{"kind": "state", "state": "stopped", "fault": "F44"}`. `server::http::ingest` reads the batch,
//! `server::ingest::check` turns the item into a [`Fact`](domain::fact::Fact) or a reason for quarantine, and
//! `server::ingest::writer` puts it, with whatever else waits, into one transaction: the fact, the transition that
//! [`Head::apply`](domain::fold::Head::apply) made of it, the quarantine. After the commit the sender is answered and
//! `server::live::hub` learns which machine changed; `server::live::publisher` computes the line's tile and sends it
//! to every open stream; [`ui`] puts it into the tile's signal, and the header turns red.
//!
//! # Where we departed from the first design
//!
//! Ids of machines, lines and products are numbers given by the database, not UUIDs: the minute table holds millions
//! of them. Tiles travel whole instead of as patches, so resuming a stream needs no history of events.

pub mod api;
pub mod app;
pub mod domain;
#[cfg(feature = "ssr")]
pub mod server;
pub mod ui;

/// Takes over the server's HTML in the browser.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
