//! Parts of a line's page that the server draws: what stands still until it is asked for again travels as HTML, so that
//! no browser needs to load the code that makes it.

use super::error::ApiError;
use super::json::Json;
use crate::domain::time::TsMs;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;

/// What the server has drawn for an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// When it was computed.
    pub now: TsMs,
    /// The same in the site's clock: "as of 14:05".
    pub as_of: String,
    /// The line's name.
    pub name: String,
    /// HTML. Of the live page the accounts of OEE, availability, performance and quality; else the whole view.
    pub parts: Vec<String>,
}

/// What the server draws of a line; `query` is that of the page's address, without the question mark.
#[server(SheetOfLine, prefix = "/api", endpoint = "sheet", input = GetUrl, output = Json)]
pub async fn sheet(code: String, query: String) -> Result<Sheet, ApiError> {
    let ctx = crate::server::auth::guard::here::<SheetOfLine>()?;
    let found = crate::server::services::sheet::sheet(&ctx, &code, &query).await;
    found.map_err(ApiError::from)
}
