//! Server functions that change something, called from the browser. What the macro makes to call a function is code of its
//! own for each; this is the same for all of them.

use super::error::ApiError;
use super::json::JsonText;
use serde::{Serialize, de::DeserializeOwned};
use server_fn::error::{FromServerFnError, ServerFnErrorErr};
use server_fn::{Bytes, Decodes, ServerFn};

/// Calls the function with these arguments.
///
/// # Errors
/// The function's own, or the server's absence.
pub async fn post<F: ServerFn + Serialize, T: DeserializeOwned>(call: F) -> Result<T, ApiError> {
    let body = serde_json::to_string(&call).map_err(|e| unreadable(e.to_string()))?;
    let answer = exchange(F::PATH, body).await?;
    JsonText::decode(answer).map_err(unreadable)
}

fn unreadable(problem: String) -> ApiError {
    ApiError::from_server_fn_error(ServerFnErrorErr::Deserialization(problem))
}

/// What the server answers.
#[cfg(feature = "hydrate")]
async fn exchange(path: &str, body: String) -> Result<Bytes, ApiError> {
    use server_fn::ContentType;
    use server_fn::client::{Client, browser::BrowserClient};
    use server_fn::request::{ClientReq, browser::BrowserRequest};
    use server_fn::response::ClientRes;

    let json = JsonText::CONTENT_TYPE;
    let request: BrowserRequest = ClientReq::<ApiError>::try_new_post(path, json, json, body)?;
    let response = <BrowserClient as Client<ApiError>>::send(request).await?;
    let is_error = ClientRes::<ApiError>::status(&response) >= 400;
    let answer: Bytes = ClientRes::<ApiError>::try_into_bytes(response).await?;
    if is_error {
        Err(ApiError::de(answer))
    } else {
        Ok(answer)
    }
}

/// While the server draws a page nobody presses a button on it.
#[cfg(not(feature = "hydrate"))]
async fn exchange(_path: &str, _body: String) -> Result<Bytes, ApiError> {
    Err(ApiError::Offline)
}
