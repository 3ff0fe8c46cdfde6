//! How much a screen loads before it is alive. More than this is a failed test, not a warning.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::compress;
use crate::site;
use crate::step::{note, size};

/// The WASM, compressed with brotli.
const WASM: u64 = 350_000;
/// Script, WASM, style sheet and the page itself, compressed.
const FIRST_LOAD: u64 = 450_000;
/// Kept free for the page: twenty tiles as HTML are well below.
const PAGE: u64 = 30_000;

pub fn check(site: &Path) -> Result<()> {
    let [js, wasm, css] = site::parts(site)?;
    let wasm = compressed(site, &wasm)?;
    let all = compressed(site, &js)? + compressed(site, &css)? + wasm + PAGE;
    let verdicts = [("wasm", wasm, WASM), ("first load", all, FIRST_LOAD)];
    for (what, bytes, budget) in verdicts {
        note(&format!("{what}: {} of {}", size(bytes), size(budget)));
    }
    for (what, bytes, budget) in verdicts {
        if bytes > budget {
            bail!(
                "{what} is {} compressed, the budget is {}",
                size(bytes),
                size(budget)
            );
        }
    }
    Ok(())
}

fn compressed(site: &Path, path: &str) -> Result<u64> {
    let file = site::in_site(site, path);
    let small = compress::with_ending(&file, "br");
    // A file that brotli cannot make smaller travels as it is.
    let travels = if small.is_file() { small } else { file };
    Ok(fs::metadata(&travels)
        .with_context(|| format!("reading {}", travels.display()))?
        .len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(wasm: u64) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("pkg")).expect("a folder");
        let manifest =
            r#"{"build": "0", "js": "/pkg/a.js", "wasm": "/pkg/a.wasm", "css": "/pkg/a.css"}"#;
        fs::write(folder.path().join("manifest.json"), manifest).expect("a manifest");
        for name in ["a.js", "a.wasm", "a.css"] {
            fs::write(folder.path().join("pkg").join(name), "x").expect("a file");
        }
        let small = fs::File::create(folder.path().join("pkg/a.wasm.br")).expect("a file");
        small.set_len(wasm).expect("a size");
        folder
    }

    #[test]
    fn the_budget_itself_is_allowed_and_one_byte_more_is_not() {
        check(site(WASM).path()).expect("within");
        let error = check(site(WASM + 1).path()).expect_err("above");
        assert!(error.to_string().starts_with("wasm is 351 kB"), "{error}");
    }
}
