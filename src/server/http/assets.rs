//! The compiled browser side: from a folder while developing, from inside the program in a release.

use super::Shared;
use super::problem::{Problem, not_found};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::borrow::Cow;
use std::path::PathBuf;

/// The names of the compiled files, which change with their content.
#[derive(Clone, Debug, Deserialize)]
pub struct Manifest {
    /// Changes whenever any file does.
    pub build: String,
    /// Address of the script.
    pub js: String,
    /// Address of the WASM module.
    pub wasm: String,
    /// Address of the style sheet.
    pub css: String,
}

/// Why there is no browser side to serve.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The folder has no manifest.
    #[error("site: {0} cannot be read ({1}); build the browser side with 'cargo xtask run'")]
    Missing(String, std::io::Error),
    /// The manifest is not what it should be.
    #[error("site: {0} is not a manifest: {1}")]
    Manifest(String, serde_json::Error),
    /// The program has no site inside and was given no folder.
    #[error("site: this program has no browser side inside; give its folder with --site")]
    None,
}

/// Where the files are.
#[derive(Clone, Debug)]
enum Files {
    Folder(PathBuf),
    #[cfg(feature = "embed")]
    Inside,
}

/// The compiled browser side.
#[derive(Clone, Debug)]
pub struct Site {
    files: Files,
    /// The names of its files.
    pub manifest: Manifest,
}

#[cfg(feature = "embed")]
#[derive(rust_embed::RustEmbed)]
#[folder = "target/site"]
struct Embedded;

impl Site {
    /// Opens the folder, or what is inside the program when none is given.
    ///
    /// # Errors
    /// When there is no manifest.
    pub fn open(folder: Option<PathBuf>) -> Result<Self, SiteError> {
        let files = match folder {
            Some(folder) => Files::Folder(folder),
            #[cfg(feature = "embed")]
            None => Files::Inside,
            #[cfg(not(feature = "embed"))]
            None => return Err(SiteError::None),
        };
        let text = files
            .read("manifest.json")
            .map_err(|e| SiteError::Missing(files.name("manifest.json"), e))?;
        let manifest = serde_json::from_slice(&text)
            .map_err(|e| SiteError::Manifest(files.name("manifest.json"), e))?;
        Ok(Self { files, manifest })
    }
}

impl Files {
    fn name(&self, path: &str) -> String {
        match self {
            Self::Folder(folder) => folder.join(path).display().to_string(),
            #[cfg(feature = "embed")]
            Self::Inside => path.to_owned(),
        }
    }

    fn read(&self, path: &str) -> std::io::Result<Cow<'static, [u8]>> {
        // A path goes down from the root, name by name, and nowhere else.
        let plain = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains('\\');
        if !path.split('/').all(plain) {
            return Err(std::io::ErrorKind::NotFound.into());
        }
        match self {
            Self::Folder(folder) => std::fs::read(folder.join(path)).map(Cow::Owned),
            #[cfg(feature = "embed")]
            Self::Inside => Embedded::get(path)
                .map(|f| f.data)
                .ok_or_else(|| std::io::ErrorKind::NotFound.into()),
        }
    }
}

/// A file with its content in its name: it never changes.
pub async fn get_hashed(
    State(shared): State<Shared>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    serve(
        &shared.site,
        &format!("pkg/{file}"),
        &headers,
        "public, max-age=31536000, immutable",
    )
}

/// A file of the site's root, such as the icon; its name stays when it changes.
pub async fn get_plain(site: &Site, path: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    serve(site, path.trim_start_matches('/'), headers, "no-cache")
}

fn serve(
    site: &Site,
    path: &str,
    headers: &HeaderMap,
    cache: &'static str,
) -> Result<Response, Problem> {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|h| h.to_str().ok())
        .unwrap_or_default();
    let accepts = |coding: &str| {
        let names = accepted
            .split(',')
            .map(|part| part.split(';').next().unwrap_or_default().trim());
        names.into_iter().any(|name| name == coding)
    };
    let packed = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(coding, _)| accepts(coding));
    let packed = packed.filter_map(|(coding, ending)| {
        Some((coding, site.files.read(&format!("{path}.{ending}")).ok()?))
    });
    let (coding, bytes) = match packed.into_iter().next() {
        Some((coding, bytes)) => (Some(coding), bytes),
        None => (
            None,
            site.files
                .read(path)
                .map_err(|_| not_found(format!("file '{path}' does not exist")))?,
        ),
    };
    let mut response = Body::from(bytes.into_owned()).into_response();
    let out = response.headers_mut();
    out.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(content_type(path)),
    );
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    Ok(response)
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "json" | "webmanifest" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        "wav" => "audio/wav",
        "html" => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    }
}
