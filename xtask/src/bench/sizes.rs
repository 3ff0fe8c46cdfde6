//! What travels to a browser that has nothing yet, counted as it is sent.

use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::json;

use super::floor::{Server, bearer};
use super::http::{Connection, request};
use super::report::{Beside, Report, Row, Unit};
use super::start::History;
use crate::site;
use crate::step::step;
use crate::workspace::Workspace;

const WASM: f64 = 350_000.0;
const FIRST_LOAD: f64 = 450_000.0;
/// Enough for tiles with numbers in them.
const DAYS: u32 = 2;

pub fn run(workspace: &Workspace, server: &Path, report: &mut Report) -> Result<()> {
    let history = History::make(workspace, server, workspace.site.clone(), DAYS)?;
    let (first, wasm) = step("sizes", || {
        let server = Server::start(&history.program)?;
        let mut connection = Connection::open(server.port)?;
        let [js, wasm, css] = site::parts(&workspace.site)?;
        let bearer = bearer(&history.key);
        let mut travels = |path: &str| bytes(&mut connection, path, &bearer);
        let (html, css, js, wasm) = (
            travels("/")?,
            travels(&css)?,
            travels(&js)?,
            travels(&wasm)?,
        );
        let all = html + css + js + wasm;
        let parts = json!({"html": html, "css": css, "js": js, "wasm": wasm});
        let first = Row::new(
            "first load, compressed: page with numbers, style, script, WASM",
            Unit::Bytes,
            all as f64,
            Beside::Limit(FIRST_LOAD),
        );
        let wasm = Row::new(
            "WASM, brotli",
            Unit::Bytes,
            wasm as f64,
            Beside::Limit(WASM),
        );
        Ok((first.with(parts), wasm))
    })?;
    report.add(wasm);
    report.add(first);
    Ok(())
}

fn bytes(connection: &mut Connection, path: &str, bearer: &str) -> Result<usize> {
    let headers = [("Accept-Encoding", "br"), ("Authorization", bearer)];
    let answer = connection.ask(&request("GET", path, &headers, ""))?;
    ensure!(
        answer.status == 200,
        "{path} is answered with {}",
        answer.status
    );
    Ok(answer.body.len())
}
